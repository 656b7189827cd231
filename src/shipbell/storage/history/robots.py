"""Robots as people see them, and opening one again."""

from collections.abc import Collection, Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, ScalarSelect, bindparam, func, select, union_all

from shipbell.domain.deliveries import LaneState
from shipbell.ports.history import RobotLine
from shipbell.ports.insight import Standing
from shipbell.storage.database.codec import from_ms, from_ms_or_none
from shipbell.storage.database.prepared import Prepared
from shipbell.storage.history.pending import lanes_of_nobody, own_lanes, tested_lanes
from shipbell.storage.queue import lane_rows
from shipbell.storage.tables.flow import WAITS, deliveries, lanes
from shipbell.storage.tables.settings import subscriptions


def lines(
    connection: Connection,
    project_id: int | None,
    lane_ids: Collection[int] | None = None,
    *,
    after: int = 0,
    most: int | None = None,
) -> Sequence[RobotLine]:
    """Robots in order of id; what waits is counted for one project, or for all (None)."""
    waiting = _waiting(project_id, func.count())
    oldest = _waiting(project_id, func.min(deliveries.c.accepted_at))
    mask = _mask(project_id).label("own_mask")
    statement = select(lanes, mask, waiting.label("waits"), oldest.label("oldest")).where(lanes.c.id > after)
    if project_id is not None:
        statement = statement.where(_of_project(project_id))
    if lane_ids is not None:
        statement = statement.where(lanes.c.id.in_(lane_ids))
    rows = connection.execute(statement.order_by(lanes.c.id).limit(most)).mappings().all()
    loaded = lane_rows.load(connection, [row["id"] for row in rows])
    return [
        RobotLine(
            id=row["id"],
            channel=row["channel"],
            mask=row["own_mask"],
            state=LaneState(row["state"]),
            cause=row["cause"],
            cause_detail=row["cause_detail"],
            state_since=from_ms_or_none(row["state_since"]),
            ready_at=from_ms(max(row["ready_at"], row["due_at"] or 0)),
            starts=loaded[row["id"]].pace.starts,
            waiting=row["waits"],
            oldest_waiting_at=from_ms_or_none(row["oldest"]),
            # It counts the claims of the lane.
            tried=row["epoch"] > 0,
        )
        for row in rows
    ]


def _mask(project_id: int | ColumnElement[int] | None) -> ColumnElement[str]:
    """A robot as the project's own subscription writes it: another project's spelling is not its affair."""
    if project_id is None:
        return lanes.c.mask
    own = (
        select(func.min(subscriptions.c.url_mask))
        .where(subscriptions.c.lane_id == lanes.c.id, subscriptions.c.project_id == project_id)
        .correlate(lanes)
        .scalar_subquery()
    )
    return func.coalesce(own, lanes.c.mask)


def standing(connection: Connection, project_id: int) -> Sequence[Standing]:
    """The robots of a project with their state alone, in order of id."""
    return [Standing(lane_id, mask, _STATES[state]) for lane_id, mask, state in _STANDING.rows(connection, project_id)]


def _of_project(project_id: int | ColumnElement[int]) -> ColumnElement[bool]:
    """Named by its subscriptions, or holding something of it that waits: a test, or what a change left there."""
    mine = deliveries.c.project_id + 0 == project_id
    waits = select(deliveries.c.id).where(deliveries.c.lane_id == lanes.c.id, WAITS, mine).correlate(lanes).exists()
    return lanes.c.id.in_(own_lanes(project_id)) | (
        lanes.c.id.in_(union_all(lanes_of_nobody(), tested_lanes(project_id))) & waits
    )


_STATES = {one.value: one for one in LaneState}
# A thousand rows a page: built once, and read as tuples.
_STANDING = Prepared(
    lambda _: (
        select(lanes.c.id, _mask(bindparam("project")), lanes.c.state)
        .where(_of_project(bindparam("project")))
        .order_by(lanes.c.id)
    ),
    ("project",),
)


def _waiting(project_id: int | None, what: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Something of what waits on a lane, of one project or of all."""
    statement = select(what).where(deliveries.c.lane_id == lanes.c.id, WAITS).correlate(lanes)
    if project_id is not None:
        # The plus keeps the database on the index of what waits: that is little, a project's past is much.
        statement = statement.where(deliveries.c.project_id + 0 == project_id)
    return statement.scalar_subquery()


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
