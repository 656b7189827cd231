"""Find deliveries: each question goes in by the index that leaves least, and reads a bounded number of rows there.

What an index cannot answer is looked for among the first `LOOK` rows of the way in; a look that ended there says
how far it came. A plus beside a column keeps the database from another way in than the one that was chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, func, literal_column, select

from shipbell.domain.ids import made_at
from shipbell.ports.history import DeliveryLine, Find
from shipbell.ports.insight import Found
from shipbell.storage.history import by_id
from shipbell.storage.history.pending import PENDING, pending_ids
from shipbell.storage.history.search_events import (
    LOOK,
    Conditions,
    above_of,
    begins,
    below,
    few_named,
    of_event,
    that_fit,
)
from shipbell.storage.tables.flow import deliveries, events

# Word for word the conditions of the partial indexes, so that the database sees that they serve.
DEAD: ColumnElement[bool] = literal_column("deliveries.state = 'dead'")
ENDED_BADLY: ColumnElement[bool] = literal_column("deliveries.state IN ('dead', 'expired', 'cancelled')")
NEEDS_CARE: ColumnElement[bool] = literal_column(
    "deliveries.state IN ('dead', 'expired') AND deliveries.acknowledged_at IS NULL AND NOT deliveries.test"
)
BAD_STATES = ("dead", "expired", "cancelled")

S = TypeVar("S", bound=Select[Any])


@dataclass(frozen=True, slots=True)
class Asked:
    """The conditions of a question; `floor` is the row at which a bounded look ends (None = it reads all)."""

    conditions: Conditions
    above: int
    floor: int | None = None
    joined: bool = False

    def restrict(self, statement: S) -> S:
        """A statement over deliveries with the conditions."""
        if self.joined:
            statement = statement.join(events, events.c.id == deliveries.c.event_id)
        # One lower bound alone: of two, the database may go in by the lower one.
        above = self.above if self.floor is None else self.floor
        return statement.where(*self.conditions, deliveries.c.id > above)


@dataclass(frozen=True, slots=True)
class _Way:
    """Conditions that one index serves in order of id, and those that are left to be looked at row by row."""

    indexed: Conditions
    left: Conditions
    few: bool = False


def deliveries_found(connection: Connection, find: Find) -> Found[DeliveryLine]:
    """Deliveries, the newest first."""
    looked = asked(connection, find)
    statement = looked.restrict(select(deliveries.c.id)).order_by(deliveries.c.id.desc()).limit(find.limit + 1)
    ids = list(connection.execute(statement).scalars())
    items = tuple(by_id.deliveries_by_id(connection, _that_fit(connection, ids[: find.limit])))
    if len(ids) > len(items):
        return Found(items=items, next=items[-1].id)
    if looked.floor is None:
        return Found(items=items)
    return Found(items=items, next=looked.floor + 1, looked_until=made_at(looked.floor))


def _that_fit(connection: Connection, delivery_ids: Sequence[int]) -> list[int]:
    """The first of these whose events are not too large together, those that share one counted once."""
    weighed = select(deliveries.c.id, deliveries.c.event_id, func.length(events.c.body).label("size"))
    statement = weighed.join(events, events.c.id == deliveries.c.event_id).where(deliveries.c.id.in_(delivery_ids))
    sizes, seen = list[tuple[int, int]](), set[int]()
    for row in connection.execute(statement.order_by(deliveries.c.id.desc())):
        sizes.append((row.id, 0 if row.event_id in seen else row.size))
        seen.add(row.event_id)
    return that_fit(sizes)


def ids_found(connection: Connection, find: Find, most: int, after: int = 0) -> list[int]:
    """The ids of deliveries after this one, the oldest first, without test messages."""
    way, of_events = _way(connection, find)
    above = max(after, above_of(find.since))
    looked = Asked([*way.indexed, *way.left, *of_events], above, joined=bool(of_events))
    statement = looked.restrict(select(deliveries.c.id)).where(~deliveries.c.test)
    return list(connection.execute(statement.order_by(deliveries.c.id).limit(most)).scalars())


def asked(connection: Connection, find: Find, *, whole: bool = False) -> Asked:
    """A question with its way in; `whole` ends the look also where nothing is left to be looked at."""
    way, of_events = _way(connection, find)
    above = above_of(find.since)
    floor = None
    if (whole or way.left or of_events) and not way.few:
        statement = select(deliveries.c.id).where(*way.indexed, deliveries.c.id > above)
        floor = connection.execute(statement.order_by(deliveries.c.id.desc()).offset(LOOK).limit(1)).scalar()
    return Asked([*way.indexed, *way.left, *of_events], above, floor, joined=bool(of_events))


def _way(connection: Connection, find: Find) -> tuple[_Way, Conditions]:
    """The way in, and what is asked of the event beside it: source, type, and a text that names too many."""
    wanted = of_event(find)
    named = few_named(connection, find.project_id, find.text)
    if named is not None:
        return _Way([deliveries.c.event_id.in_(named), *below(deliveries.c.id, find)], _left(find), few=True), wanted
    if find.text:
        wanted.append(begins(find.text))
    return _way_in(connection, find), wanted


def _way_in(connection: Connection, find: Find) -> _Way:
    """The way in that leaves least, by what is asked of the delivery."""
    time, project = below(deliveries.c.id, find), _in_project(find)
    pending = pending_ids(connection, find) if find.state in PENDING else None
    if pending is not None:
        return _Way([deliveries.c.id.in_(pending), *time], [], few=True)
    if find.state == "dead" and find.lane_id is not None:
        return _Way([deliveries.c.lane_id == find.lane_id, DEAD, *time], _left(find, "lane_id", "state"))
    if find.state in BAD_STATES:
        bad = [ENDED_BADLY, deliveries.c.state == find.state]
        return _Way([*project, *bad, *time], _left(find, "project_id", "state"))
    if find.subscription_id is not None:
        mine = deliveries.c.subscription_id == find.subscription_id
        return _Way([mine, *time], _left(find, "subscription_id"))
    return _Way([*project, *time], _left(find, "project_id"))


def _in_project(find: Find) -> Conditions:
    return [] if find.project_id is None else [deliveries.c.project_id == find.project_id]


def _left(find: Find, *served: str) -> Conditions:
    """What is asked of a delivery beside what the way in serves."""
    wanted: Conditions = [
        deliveries.c[name] + literal_column("0") == value
        for name in ("project_id", "lane_id", "subscription_id")
        if name not in served and (value := getattr(find, name)) is not None
    ]
    return wanted if "state" in served else [*wanted, *_in_state(find.state)]


def _in_state(state: str | None) -> Conditions:
    if state is None:
        return []
    # Empty text beside it: no partial index, however few its rows, is to be taken for a question that others narrow.
    shown = deliveries.c.state.concat(literal_column("''"))
    if state in PENDING:
        return [shown == "waiting", deliveries.c.failures > 0 if state == "retrying" else deliveries.c.failures == 0]
    return [shown == state]
