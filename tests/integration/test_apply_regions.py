"""A region without the channel: what is there is kept, shown and not sent; nothing new comes, and all may go."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from apply_files import FULL, dumped, file_of, group, lines, payments
from lane_house import BAD, EXPIRY, House, furnished, house
from settings_store import ALICE, KEY_B, ROBOT, Store, offered, opened_store, project, subscription
from shipbell.domain.errors import ChannelUnavailable
from shipbell.domain.matching import Rule
from shipbell.storage.history.history import SqlHistory
from shipbell.usecases.why import Why

ELSEWHERE = "eu-west-101"
CI = {"name": "ci", "kind": "generic", "secret": "s3cret-of-ci"}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened_store(tmp_path / "data") as made:
        yield made


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path / "data") as one:
        await furnished(one)
        yield one


def elsewhere(*subscriptions: dict[str, object], **values: object) -> dict[str, object]:
    """The project in a region without WeCom."""
    return payments(region=ELSEWHERE, subscriptions=list(subscriptions), **values)


async def moved(store: Store, tmp_path: Path, *subscriptions: dict[str, object]) -> None:
    """A project that moved away with its subscriptions."""
    await lines(store, dumped(tmp_path, payments(subscriptions=list(subscriptions))))
    await lines(store, dumped(tmp_path, elsewhere(*subscriptions)))


async def refused(store: Store, path: Path) -> str:
    """What a file is refused with; nothing of it is carried out."""
    before = await store.export(with_secrets=True)
    with pytest.raises(ChannelUnavailable) as told:
        await store.apply(path, ALICE)
    assert await store.export(with_secrets=True) == before
    assert told.value.code == "channel-unavailable-in-region"
    return told.value.sentence


@pytest.mark.parametrize("enabled", [True, False])
async def test_nothing_new_is_made_there_be_it_switched_on_or_off(
    store: Store, tmp_path: Path, *, enabled: bool
) -> None:
    await moved(store, tmp_path, group())
    new = group("new", url=ROBOT + KEY_B, enabled=enabled)
    assert "subscriptions[1]" in await refused(store, dumped(tmp_path, elsewhere(group(), new)))


@pytest.mark.parametrize(
    "change",
    [{"events": ["build.task.failed"]}, {"content": {"pipeline": []}}, {"locale": "zh-CN"}, {"format": "text"},
     {"user_ids": "a", "enabled": False}, {"url": ROBOT + KEY_B, "enabled": False}],
)  # fmt: skip
async def test_none_is_changed_there_not_even_while_it_is_switched_off(
    store: Store, tmp_path: Path, change: dict[str, Any]
) -> None:
    await moved(store, tmp_path, group())
    await refused(store, dumped(tmp_path, elsewhere(group(**change))))
    await lines(store, dumped(tmp_path, elsewhere(group(enabled=False))))
    await refused(store, dumped(tmp_path, elsewhere(group(**change | {"enabled": False}))))


async def test_moving_and_changing_in_one_file_is_changing(store: Store, tmp_path: Path) -> None:
    await lines(store, dumped(tmp_path, payments(subscriptions=[group()])))
    await refused(store, dumped(tmp_path, elsewhere(group(user_ids="a"))))


async def test_every_project_at_fault_is_told_and_the_others_stay_out(store: Store, tmp_path: Path) -> None:
    other = {**elsewhere(group()), "key": "search"}
    told = await refused(store, dumped(tmp_path, elsewhere(group()), {"key": "fine"}, other))
    assert "projects[0].subscriptions[0].channel" in told
    assert "projects[2].subscriptions[0].channel" in told
    assert "SHIPBELL_CHANNEL_REGIONS" in told


async def test_everything_else_of_such_a_project_can_be_changed(store: Store, tmp_path: Path) -> None:
    await moved(store, tmp_path, group())
    path = dumped(tmp_path, elsewhere(group(), name="Other", members={"bob": "viewer"}, sources=[CI]))
    assert len(await lines(store, path)) == 3
    assert await lines(store, path, prune=True) == []


async def test_an_export_from_there_passes_and_so_does_switching_off_in_it(store: Store, tmp_path: Path) -> None:
    await lines(store, file_of(tmp_path, FULL))
    await lines(store, file_of(tmp_path, FULL.replace("ap-southeast-3", ELSEWHERE)))
    exported = await store.export()
    assert await lines(store, file_of(tmp_path, exported), prune=True) == []
    off = exported.replace("enabled: true", "enabled: false")
    assert await lines(store, file_of(tmp_path, off)) == ["~ subscription payments/release group: enabled true → false"]


async def test_a_channel_that_is_offered_everywhere_knows_no_such_region(store: Store, tmp_path: Path) -> None:
    opened = replace(store.apply, drafts=replace(store.apply.drafts, offered=lambda _channel, _region: True))
    plan = await opened(dumped(tmp_path, elsewhere(group())), ALICE)
    assert plan.lines == ("+ project payments", "+ subscription payments/release group")


# --- kept, shown, not sent ---------------------------------------------------------------------------------------


async def test_what_is_there_is_kept_and_shown_as_it_was(store: Store, tmp_path: Path) -> None:
    await lines(store, dumped(tmp_path, payments(subscriptions=[group(), group("off", enabled=False)])))
    before = (await store.whole()).subscriptions
    await lines(store, dumped(tmp_path, elsewhere()))
    assert (await store.whole()).subscriptions == before
    picture = (await store.directory.refresh()).projects["payments"]
    assert [(one.name, one.enabled) for one in picture.subscriptions] == [("release group", True), ("off", False)]


async def test_what_waits_is_not_sent_and_why_says_so(made: House) -> None:
    [waiting] = await made.accept("before")
    await made.change(project(region=ELSEWHERE))
    assert await made.drain(seconds=60, step=5) == []
    await made.accept("after", groups=())
    why = Why(directory=made.store.directory, history=made.history, offered=offered)
    whole = await made.history.delivery(waiting)
    assert whole is not None
    [path] = await why(whole.event.tool_id)
    [branch] = path.branches
    assert branch.delivery is not None
    assert (branch.delivery.delivery.state, branch.delivery.delivery.cause) == (
        "cancelled", "channel-unavailable-in-region",
    )  # fmt: skip
    [later] = await why("after-2")
    [branch] = later.branches
    assert branch.delivery is None
    assert [one.rule for one in branch.rules if not one.holds] == [Rule.OFFERED]


async def test_what_ended_before_is_not_replayed_there_and_goes_again_after_the_return(made: House) -> None:
    [dead] = await made.accept("before")
    await made.settle(await made.one(), BAD)
    await made.change(project(region=ELSEWHERE))
    history = SqlHistory(made.store.database, made.clock, expiry=EXPIRY, offered=offered)
    assert (await history.replay([dead], by=ALICE)).refused == {dead: "channel-unavailable-in-region"}
    assert await made.states([dead]) == ["dead"]
    await made.change(project())
    assert (await history.replay([dead], by=ALICE)).replayed == 1
    await made.drain(seconds=10)
    assert await made.states([dead]) == ["delivered"]


async def test_coming_home_sends_what_comes_from_then_on_and_nothing_of_before(made: House) -> None:
    [before] = await made.accept("before")
    await made.change(project(region=ELSEWHERE))
    await made.change(project())
    [after] = await made.accept("after")
    await made.drain(seconds=10)
    assert await made.states([before, after]) == ["cancelled", "delivered"]


async def test_a_subscription_is_switched_off_there_and_its_robot_keeps_its_lane(made: House) -> None:
    lane = (await made.lane())["id"]
    await made.change(project(region=ELSEWHERE), subscription(enabled=False))
    assert (await made.lane())["id"] == lane
