"""The end of a lane: what waits on it becomes dead letters with its cause."""

from msgspec.structs import replace
from sqlalchemy import Connection, update

from shipbell.domain.deliveries import LaneState
from shipbell.storage.queue.lane_rows import LaneRow
from shipbell.storage.tables.flow import WAITS, deliveries


def bury_waiting(connection: Connection, lane_id: int, *, cause: str, now: int) -> None:
    """Everything that waits on a lane becomes a dead letter with this cause."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.lane_id == lane_id, WAITS)
        .values(state="dead", cause=cause, settled_at=now)
    )


def closed(connection: Connection, lane: LaneRow, *, cause: str, detail: str = "", now: int) -> LaneRow:
    """The lane closed with this cause, and what waits on it buried; a lane that was closed keeps its date."""
    bury_waiting(connection, lane.id, cause=cause, now=now)
    return replace(
        lane,
        state=LaneState.CLOSED,
        state_since=lane.state_since if lane.state is LaneState.CLOSED else now,
        due_at=None,
        owner=None,
        lease_until=None,
        flight=None,
        companions=(),
        cause=cause,
        cause_detail=detail,
    )
