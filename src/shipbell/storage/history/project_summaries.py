"""Projects at a glance, many of them in three questions."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    ScalarSelect,
    Select,
    case,
    column,
    distinct,
    func,
    select,
    true,
    values,
)

from shipbell.domain.deliveries import LaneState
from shipbell.domain.ids import first_at, made_at
from shipbell.ports.insight import COUNTED, Count, Glance
from shipbell.storage.history.search_deliveries import NEEDS_CARE
from shipbell.storage.tables.flow import WAITS, deliveries, events, lanes
from shipbell.storage.tables.settings import projects, subscriptions

_HOURS = 24
_HOUR = timedelta(hours=1)


def glances(connection: Connection, project_ids: Sequence[int], now: datetime) -> Mapping[int, Glance]:
    """These projects at a glance."""
    robots, hours = _robots(connection, project_ids), _hours(connection, project_ids, now)
    statement = select(
        projects.c.id, _last().label("last"), _counted(_waiting()).label("waiting"), _counted(_dead()).label("dead")
    ).where(projects.c.id.in_(project_ids))
    return {
        row.id: Glance(
            **robots.get(row.id, {}),
            waiting=Count.of(row.waiting),
            dead=Count.of(row.dead),
            last_event_at=None if row.last is None else made_at(row.last),
            hours=hours.get(row.id, ()),
        )
        for row in connection.execute(statement)
    }


def _counted(some: Select[Any]) -> ScalarSelect[int]:
    return select(func.count()).select_from(some.correlate(projects).limit(COUNTED + 1).subquery()).scalar_subquery()


def _last() -> ScalarSelect[int]:
    """The newest event of a project that is no test."""
    mine = select(events.c.id).where(events.c.project_id == projects.c.id, events.c.source_id.is_not(None))
    return mine.order_by(events.c.id.desc()).limit(1).correlate(projects).scalar_subquery()


def _waiting() -> Select[tuple[int]]:
    own = select(subscriptions.c.lane_id).where(subscriptions.c.project_id == projects.c.id).correlate(projects)
    # The plus keeps the database on the index of what waits: that is little, a project's past is much.
    return select(deliveries.c.id).where(
        deliveries.c.lane_id.in_(own), WAITS, ~deliveries.c.test, deliveries.c.project_id + 0 == projects.c.id
    )


def _dead() -> Select[tuple[int]]:
    mine = deliveries.c.project_id == projects.c.id
    return select(deliveries.c.id).where(mine, NEEDS_CARE, deliveries.c.state == "dead")


def _robots(connection: Connection, project_ids: Sequence[int]) -> Mapping[int, Mapping[str, int]]:
    """How many robots are closed, how many fail, and how many pause while something waits, of each project."""
    waits = select(deliveries.c.id).where(deliveries.c.lane_id == lanes.c.id, WAITS).correlate(lanes).exists()
    states = {"closed": lanes.c.state == LaneState.CLOSED.value, "failing": lanes.c.state == LaneState.FAILING.value}
    states["paused"] = (lanes.c.state == LaneState.PAUSED.value) & waits
    statement = (
        select(
            subscriptions.c.project_id,
            *(func.count(distinct(case((in_it, lanes.c.id)))).label(state) for state, in_it in states.items()),
        )
        .join(lanes, lanes.c.id == subscriptions.c.lane_id)
        .where(subscriptions.c.project_id.in_(project_ids), subscriptions.c.enabled)
        .group_by(subscriptions.c.project_id)
    )
    return {row.project_id: {state: getattr(row, state) for state in states} for row in connection.execute(statement)}


def _hours(connection: Connection, project_ids: Sequence[int], now: datetime) -> Mapping[int, list[int]]:
    """The events of each of the last hours, the oldest first, counted over indexes alone."""
    firsts = [first_at(now - _HOUR * back) for back in range(_HOURS, -1, -1)]
    slot = values(column("low", BigInteger), column("high", BigInteger), name="hours")
    slots = slot.data(list(pairwise(firsts))).cte("slot")
    mine = events.c.project_id == projects.c.id
    every = (
        select(func.count())
        .where(mine, events.c.id >= slots.c.low, events.c.id < slots.c.high)
        .correlate(projects, slots)
    )
    # Each over its own index.
    number = every.scalar_subquery() - every.where(events.c.source_id.is_(None)).scalar_subquery()
    statement = select(projects.c.id, number.label("events")).join(slots, true()).where(projects.c.id.in_(project_ids))
    found: dict[int, list[int]] = {}
    for row in connection.execute(statement.order_by(projects.c.id, slots.c.low)):
        found.setdefault(row.id, []).append(row.events)
    return found
