"""What waits for a project, over the index of what waits: by its own lanes, those of nobody and those it tests."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, and_, case, func, literal_column, select, union_all

from shipbell.ports.history import Find
from shipbell.ports.insight import COUNTED, Backlog, Count
from shipbell.storage.database.codec import from_ms_or_none
from shipbell.storage.history.search_events import above_of, below
from shipbell.storage.tables.flow import WAITS, deliveries, lanes
from shipbell.storage.tables.settings import subscriptions

PENDING = ("waiting", "retrying")
# How much of what waits one question reads at most; lanes are shared, so some of it may be another project's.
_LOOK = 5_000


def own_lanes(project_id: int | ColumnElement[int]) -> Select[tuple[int]]:
    """The lanes of a project's subscriptions."""
    return select(subscriptions.c.lane_id).where(subscriptions.c.project_id == project_id)


def lanes_of_nobody() -> Select[tuple[int]]:
    """The lanes that no subscription names: tests of unsaved ones, and what a change of URL left in the air."""
    named = select(subscriptions.c.id).where(subscriptions.c.lane_id == lanes.c.id).exists()
    return select(lanes.c.id).where(~named)


def tested_lanes(project_id: int | ColumnElement[int]) -> Select[tuple[int]]:
    """The lanes on which a test of an unsaved subscription waits."""
    unsaved = deliveries.c.subscription_id.is_(None)
    # The plus keeps the database on the index of subscriptions: unsaved ones are few.
    return select(deliveries.c.lane_id).where(unsaved, WAITS, deliveries.c.project_id + 0 == project_id)


def pending_ids(connection: Connection, find: Find) -> list[int] | None:
    """The deliveries that wait, of those that a question asks for; None when too much waits to tell them apart."""
    rows = connection.execute(_some(find)).all()
    if len(rows) > _LOOK:
        return None
    ids = [
        row.id
        for row in rows
        if row.mine
        and row.failing == (find.state == "retrying")
        and find.subscription_id in {None, row.subscription_id}
    ]
    return ids if len(ids) <= COUNTED else None


def pending_counts(connection: Connection, find: Find) -> dict[str, Count]:
    """How many wait, and how many of those after a failure, of those that a question asks for."""
    some = _some(find).subquery()
    wanted = [some.c.mine == 1, ~some.c.test, some.c.id > above_of(find.since), *below(some.c.id, find)]
    if find.subscription_id is not None:
        wanted.append(some.c.subscription_id == find.subscription_id)
    meant = case((and_(*wanted), 1), else_=0).label("meant")
    grouped = select(some.c.failing, meant, func.count().label("number")).group_by(some.c.failing, meant)
    rows = connection.execute(grouped).all()
    found = {bool(row.failing): row.number for row in rows if row.meant}
    much = sum(row.number for row in rows) > _LOOK
    return {state: Count.of(found.get(state == "retrying", 0), more=much) for state in PENDING}


def backlog(connection: Connection, project_id: int) -> Backlog:
    """How much waits for a project, without tests."""
    some = _some(Find(project_id=project_id)).subquery()
    mine = and_(some.c.mine == 1, ~some.c.test)
    number, oldest = func.sum(case((mine, 1), else_=0)), func.min(case((mine, some.c.accepted_at)))
    row = connection.execute(select(func.count(), number, oldest).select_from(some)).one()
    return Backlog(Count.of(row[1] or 0, more=row[0] > _LOOK), from_ms_or_none(row[2]))


def _some(find: Find) -> Select[Any]:
    """Rows of what waits on the lanes in question, one more than may be read."""
    mine: ColumnElement[int] = literal_column("1", Integer)
    whose: list[ColumnElement[bool]] = []
    if find.project_id is not None:
        mine = case((deliveries.c.project_id == find.project_id, 1), else_=0)
        whose = [deliveries.c.lane_id.in_(union_all(*_lanes(find.project_id)))]
    if find.lane_id is not None:
        whose = [deliveries.c.lane_id == find.lane_id]
    return (
        select(
            deliveries.c.id,
            deliveries.c.subscription_id,
            deliveries.c.accepted_at,
            deliveries.c.test,
            mine.label("mine"),
            case((deliveries.c.failures > 0, 1), else_=0).label("failing"),
        )
        .where(*whose, WAITS)
        .limit(_LOOK + 1)
    )


def _lanes(project_id: int) -> tuple[Select[tuple[int]], ...]:
    return own_lanes(project_id), lanes_of_nobody(), tested_lanes(project_id)
