"""Holdup: a delivery that waits says what keeps it, and until when."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import cast

import pytest

from happenings import AT
from shipbell.domain.deliveries import LaneState
from shipbell.domain.explanations import CAUSES
from shipbell.ports.history import DeliveryLine, History, RobotLine
from shipbell.usecases.waiting_reason import holdup, holdups

LATER = AT + timedelta(seconds=40)
ROBOT = RobotLine(
    id=7, channel="wecom", mask="…", state=LaneState.OPEN, cause=None, cause_detail=None, state_since=None,
    ready_at=AT, starts=(), waiting=3, oldest_waiting_at=AT, tried=True,
)  # fmt: skip
DELIVERY = DeliveryLine(
    id=1, project_id=1, project_key="payments", event_id=1, event_type="pipeline.run.failed", subject="build",
    number=None, subscription_id=1, subscription="group", lane_id=7, channel="wecom", robot="…", state="waiting",
    cause=None,
    maybe_delivered=False, accepted_at=AT, settled_at=None, expires_at=LATER, failures=0, test=False,
)  # fmt: skip


@pytest.mark.parametrize(
    ("state", "ready_at", "code", "until", "needs_somebody"),
    [
        (LaneState.OPEN, AT, "next-in-line", None, False),
        (LaneState.OPEN, LATER, "robot-paced", LATER, False),
        (LaneState.PAUSED, LATER, "robot-paused", LATER, False),
        (LaneState.PAUSED, AT, "next-in-line", None, False),
        (LaneState.FAILING, LATER, "robot-failing", None, True),
        (LaneState.CLOSED, LATER, "robot-closed", None, True),
    ],
)
def test_what_keeps_a_delivery_follows_from_its_robot(
    state: LaneState, ready_at: object, code: str, until: object, needs_somebody: object
) -> None:
    told = holdup(replace(ROBOT, state=state, ready_at=ready_at), AT)  # type: ignore[arg-type]
    assert (told.code, told.until, told.waiting, told.needs_somebody) == (code, until, 3, needs_somebody)
    assert code in CAUSES


@dataclass
class TwoProjects:
    """A past in which two projects share a robot; each sees its own part of what waits."""

    asked: list[tuple[int | None, set[int]]] = field(default_factory=list)

    async def robots(
        self, *, project_id: int | None = None, lane_ids: Collection[int] | None = None
    ) -> Sequence[RobotLine]:
        self.asked.append((project_id, set(lane_ids or ())))
        return [replace(ROBOT, waiting=10 * (project_id or 0))]


async def test_each_project_is_told_of_its_own_part_of_what_waits() -> None:
    past = TwoProjects()
    lines = [DELIVERY, replace(DELIVERY, id=2, state="retrying"), replace(DELIVERY, id=3, project_id=2)]
    found = await holdups(cast("History", past), lines, AT)
    assert {number: one.waiting for number, one in found.items()} == {1: 10, 2: 10, 3: 20}
    assert past.asked == [(1, {7}), (2, {7})]


async def test_for_what_has_ended_nothing_is_read() -> None:
    past = TwoProjects()
    ended = [replace(DELIVERY, state=one) for one in ("delivered", "dead", "expired", "cancelled")]
    assert await holdups(cast("History", past), ended, AT) == {}
    assert past.asked == []
