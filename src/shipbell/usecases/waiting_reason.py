"""Holdup: what a waiting delivery waits for, and until when."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from shipbell.domain.deliveries import LaneState
from shipbell.ports.history import DeliveryLine, History, RobotLine

_WAITS = frozenset({"waiting", "retrying"})
_CLOSED, _FAILING = "robot-closed", "robot-failing"
_NEEDS_SOMEBODY = frozenset({_CLOSED, _FAILING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdup:
    """A code of `domain.explanations`, and when the robot is called next at the earliest (None = at once, or unknown).

    `waiting` is how many deliveries of the project wait on the robot.
    """

    code: str
    until: datetime | None
    waiting: int

    @property
    def needs_somebody(self) -> bool:
        """Whether nothing goes on until a person acts."""
        return self.code in _NEEDS_SOMEBODY


async def holdups(history: History, deliveries: Iterable[DeliveryLine], now: datetime) -> Mapping[int, Holdup]:
    """What keeps those of the deliveries that wait, by their ids; none of them waits, and nothing is read."""
    lanes = defaultdict[int, set[int]](set)
    waits = [one for one in deliveries if one.state in _WAITS]
    for one in waits:
        lanes[one.project_id].add(one.lane_id)
    robots = {
        (project_id, robot.id): holdup(robot, now)
        for project_id, lane_ids in lanes.items()
        for robot in await history.robots(project_id=project_id, lane_ids=lane_ids)
    }
    known = ((one.id, robots.get((one.project_id, one.lane_id))) for one in waits)
    return {number: found for number, found in known if found}


def holdup(robot: RobotLine, now: datetime) -> Holdup:
    """What keeps a delivery that waits on this robot."""
    until = robot.ready_at if robot.ready_at > now else None
    match robot.state:
        case LaneState.CLOSED:
            code, until = _CLOSED, None
        case LaneState.FAILING:
            code, until = _FAILING, None
        case LaneState.PAUSED if until:
            code = "robot-paused"
        case LaneState.OPEN if until:
            code = "robot-paced"
        case LaneState.OPEN | LaneState.PAUSED:
            code = "next-in-line"
        case _:
            assert_never(robot.state)
    return Holdup(code=code, until=until, waiting=robot.waiting)
