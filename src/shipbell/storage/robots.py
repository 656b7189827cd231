"""Robots as people see them, and opening one again."""

from collections.abc import Sequence

from msgspec.structs import replace
from sqlalchemy import Connection, func, literal_column, or_, select

from shipbell.domain.deliveries import LaneState
from shipbell.ports.history import RobotLine
from shipbell.storage import lane_rows
from shipbell.storage.codec import from_ms, from_ms_or_none
from shipbell.storage.schema import deliveries, lanes
from shipbell.storage.schema_people import subscriptions

_WAITS = deliveries.c.state == literal_column("'waiting'")


def lines(connection: Connection, project_id: int | None) -> Sequence[RobotLine]:
    """Robots in order of id; what waits is counted for one project, or for all (None)."""
    waiting = select(
        deliveries.c.lane_id, func.count().label("waits"), func.min(deliveries.c.accepted_at).label("oldest")
    ).where(_WAITS)
    if project_id is not None:
        # The plus keeps the database on the index of what waits: that is little, a project's past is much.
        waiting = waiting.where(deliveries.c.project_id + 0 == project_id)
    counts = {row.lane_id: row for row in connection.execute(waiting.group_by(deliveries.c.lane_id))}
    statement = select(lanes).order_by(lanes.c.id)
    if project_id is not None:
        named = select(subscriptions.c.lane_id).where(subscriptions.c.project_id == project_id)
        statement = statement.where(or_(lanes.c.id.in_(named), lanes.c.id.in_(list(counts))))
    rows = connection.execute(statement).mappings().all()
    loaded = lane_rows.load(connection, [row["id"] for row in rows])
    return [
        RobotLine(
            id=row["id"],
            channel=row["channel"],
            mask=row["mask"],
            state=LaneState(row["state"]),
            cause=row["cause"],
            cause_detail=row["cause_detail"],
            state_since=from_ms_or_none(row["state_since"]),
            ready_at=from_ms(row["ready_at"]),
            starts=loaded[row["id"]].pace.starts,
            waiting=counts[row["id"]].waits if row["id"] in counts else 0,
            oldest_waiting_at=from_ms(counts[row["id"]].oldest) if row["id"] in counts else None,
        )
        for row in rows
    ]


def reopen(connection: Connection, lane_id: int, now: int) -> bool:
    """Open a robot again; what waits goes on at its pace, dead letters stay until they are replayed."""
    loaded = lane_rows.load(connection, {lane_id})
    if lane_id not in loaded:
        return False
    lane = loaded[lane_id]
    if not lane.open:
        reopened = replace(
            lane, state=LaneState.OPEN, cause=None, cause_detail=None, state_since=now, failures=0, rejected=()
        )
        lane_rows.store(connection, [reopened])
    lane_rows.wake(connection, {lane_id})
    return True


def state_of(connection: Connection, lane_id: int) -> str | None:
    """A robot's state; None when there is none."""
    state: str | None = connection.execute(select(lanes.c.state).where(lanes.c.id == lane_id)).scalar()
    return state
