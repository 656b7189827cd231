"""Why: of an event that many were told of, the attempts are read page by page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from happenings import AT, happening
from shipbell.domain.subscriptions import Subscription
from shipbell.ports.directory import Directory, KnownProject, Snapshot
from shipbell.ports.history import DeliveryLine, DeliveryWhole, EventLine, History, Told
from shipbell.usecases.why import Path, Why

FAILED, COMPLETED = "pipeline.run.failed", "pipeline.run.completed"
LINE = EventLine(
    id=1, project_id=1, project_key="payments", source_id=1, source="ci", tool_id="run-128", type=FAILED,
    ignored=None, happened_at=AT, received_at=AT, event=happening(),
)  # fmt: skip


def subscription(number: int) -> Subscription:
    """Those with an even number want failures."""
    kind = COMPLETED if number % 2 else FAILED
    return Subscription(
        id=number, project_id=1, lane_id=number, name=f"group {number:03d}", channel="wecom", events=frozenset({kind})
    )


class OneProject:
    """A directory of one project with a hundred subscriptions."""

    async def snapshot(self) -> Snapshot:
        project = KnownProject(
            id=1, key="payments", name="Payments", region="ap-southeast-3", time_zone="UTC", sources={},
            subscriptions=tuple(subscription(one) for one in range(100)),
        )  # fmt: skip
        return Snapshot(version=1, projects={"payments": project})


@dataclass
class ManyTold:
    """A past in which half of the subscriptions were told, and one that is gone by now; it notes what is read whole."""

    read: list[int] = field(default_factory=list)

    async def told(self, event_id: int) -> Sequence[Told]:
        assert event_id == LINE.id
        return [
            Told(id=1_000 + one, subscription_id=one, state="delivered" if one < 60 else "dead")
            for one in (*range(0, 100, 2), 777)
        ]

    async def wholes(self, delivery_ids: Sequence[int]) -> Sequence[DeliveryWhole]:
        self.read += delivery_ids
        return [whole(one) for one in delivery_ids]


def whole(number: int) -> DeliveryWhole:
    line = DeliveryLine(
        id=number, project_id=1, project_key="payments", event_id=1, event_type=FAILED, subject="build", number=None,
        subscription_id=number - 1_000, subscription=None, lane_id=1, channel="wecom", robot="…",
        state="delivered", cause=None,
        maybe_delivered=False, accepted_at=AT, settled_at=None, expires_at=AT, failures=0, test=False,
    )  # fmt: skip
    return DeliveryWhole(delivery=line, event=LINE, attempts=())


async def path(past: ManyTold, start: int = 0, most: int | None = None) -> Path:
    asked = Why(
        directory=cast("Directory", OneProject()), history=cast("History", past), offered=lambda _channel, _region: True
    )
    return await asked.path(LINE, start=start, most=most)


async def test_only_the_branches_of_a_page_are_read_whole() -> None:
    past = ManyTold()
    page = await path(past, start=10, most=5)
    assert past.read == [1_020, 1_022, 1_024, 1_026, 1_028]
    assert [one.subscription for one in page.branches] == [f"group {one:03d}" for one in range(20, 30, 2)]
    assert (page.all, page.wanted, page.delivered, page.start, page.next) == (101, 51, 30, 10, 15)


async def test_pages_follow_each_other_to_the_last_branch() -> None:
    past, seen, page = ManyTold(), list[str](), None
    everything = await path(past)
    assert everything.next is None
    for _ in range(6):
        page = await path(past, start=(page.next or 0) if page else 0, most=20)
        seen += [one.subscription for one in page.branches]
    assert page
    assert page.next is None
    assert seen == [one.subscription for one in everything.branches]
    assert len(seen) == 101


async def test_who_was_told_comes_first_also_where_the_subscription_is_gone() -> None:
    branches = (await path(ManyTold())).branches
    assert [one.delivery is not None for one in branches] == [True] * 51 + [False] * 50
    assert (branches[50].subscription, branches[50].rules) == ("", ())


async def test_a_start_behind_the_end_means_the_first_page() -> None:
    page = await path(ManyTold(), start=101, most=1)
    assert (page.start, page.branches[0].subscription) == (0, "group 000")
