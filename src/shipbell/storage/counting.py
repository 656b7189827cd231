"""Find and count deliveries of one project, with a bounded cost however many there are.

The states that need a person, and what waits, have indexes of their own. Everything else reads the newest rows,
a bounded number of them, and says where it stopped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, case, func, literal_column, or_, select

from shipbell.domain.ids import made_at
from shipbell.ports.history import DeliveryLine, Find
from shipbell.ports.insight import COUNTED, Count, Found, Tries
from shipbell.storage import finding
from shipbell.storage.finding import BAD_STATES, ENDED_BADLY
from shipbell.storage.schema import attempt_deliveries, attempts, deliveries, events, lanes
from shipbell.storage.schema_people import subscriptions
from shipbell.storage.search_events import LOOK, Conditions, begins, between, few_named, of_event

WAITS = deliveries.c.state == literal_column("'waiting'")
STATES = ("delivered", "waiting", "retrying", *BAD_STATES)
_SHOWN = case((WAITS & (deliveries.c.failures > 0), "retrying"), else_=deliveries.c.state).label("shown")

_S = TypeVar("_S", bound=Select[Any])


@dataclass(frozen=True, slots=True)
class _Asked:
    """The conditions of a question, and the row at which a bounded look ends."""

    conditions: Conditions
    floor: int | None
    joined: bool


def deliveries_found(connection: Connection, find: Find) -> Found[DeliveryLine]:
    """Deliveries, the newest first."""
    asked = _asked(connection, find)
    statement = _restricted(select(deliveries.c.id), asked).order_by(deliveries.c.id.desc()).limit(find.limit + 1)
    ids = list(connection.execute(statement).scalars())
    items = tuple(finding.deliveries_by_id(connection, ids[: find.limit]))
    if len(ids) > find.limit:
        return Found(items=items, next=items[-1].id)
    return Found(
        items=items,
        next=None if asked.floor is None else asked.floor + 1,
        looked_until=None if asked.floor is None else made_at(asked.floor),
    )


def counts(connection: Connection, find: Find) -> Mapping[str, Count]:
    """How many there are in each state, and `all` of them."""
    every = replace(find, state=None)
    asked = _asked(connection, every)
    grouped = _restricted(select(_SHOWN, func.count()).select_from(deliveries), asked).group_by(_SHOWN)
    found = {state: Count(0) for state in STATES}
    for row in connection.execute(grouped):
        found[row[0]] = _capped(row[1], more=asked.floor is not None)
    if not asked.joined:
        # What a bounded look may have missed has an index of its own.
        for state in (*BAD_STATES, "waiting", "retrying"):
            found[state] = _exactly(connection, replace(find, state=state))
    total = sum(one.number for one in found.values())
    more = asked.floor is not None or any(one.more for one in found.values())
    return {"all": _capped(total, more=more), **found}


def dead(connection: Connection, project_id: int) -> Count:
    """How many dead letters a project has, read from their own index alone."""
    return _exactly(connection, Find(project_id=project_id, state="dead"))


def _exactly(connection: Connection, find: Find) -> Count:
    inner = _restricted(select(deliveries.c.id), _asked(connection, find)).limit(COUNTED + 1).subquery()
    return _capped(connection.execute(select(func.count()).select_from(inner)).scalar_one(), more=False)


def newer(connection: Connection, find: Find, than: int) -> Count:
    """How many came after a delivery."""
    asked = _asked(connection, replace(find, before=None))
    inner = _restricted(select(deliveries.c.id), asked).where(deliveries.c.id > than).limit(COUNTED + 1).subquery()
    return _capped(connection.execute(select(func.count()).select_from(inner)).scalar_one(), more=False)


def tries(connection: Connection, delivery_ids: Sequence[int]) -> Mapping[int, Tries]:
    """How often each of these was sent; companion texts do not count."""
    of = attempt_deliveries.c.delivery_id
    statement = (
        select(of, func.count().label("attempts"), func.max(attempts.c.carried).label("carried"))
        .join(attempts, attempts.c.id == attempt_deliveries.c.attempt_id)
        .where(of.in_(delivery_ids), attempts.c.companion.is_(False))
        .group_by(of)
    )
    return {row.delivery_id: Tries(row.attempts, row.carried) for row in connection.execute(statement)}


def _capped(number: int, *, more: bool) -> Count:
    return Count(min(number, COUNTED), more or number > COUNTED)


def _restricted(statement: _S, asked: _Asked) -> _S:
    """A statement over deliveries with the conditions of a question."""
    if asked.joined:
        statement = statement.join(events, events.c.id == deliveries.c.event_id)
    return statement.where(*asked.conditions)


def _asked(connection: Connection, find: Find) -> _Asked:
    of_events = of_event(find)
    named = few_named(connection, find.project_id, find.text) if find.text else None
    joined, indexed = bool(of_events) or bool(find.text and named is None), named is not None
    conditions = [*_of_whom(find, by_project=not indexed), *between(deliveries.c.id, find), *of_events]
    if find.text:
        conditions.append(begins(find.text) if named is None else deliveries.c.event_id.in_(named))
    if find.state in {"waiting", "retrying"} and not joined and not indexed:
        waiting = _few_waiting(connection, find)
        if waiting is not None:
            conditions.append(deliveries.c.id.in_(waiting))
            indexed = True
    indexed = indexed or (find.state in BAD_STATES and not joined)
    conditions += _in_state(find.state)
    floor = None if indexed else _floor(connection, find)
    if floor is not None:
        conditions.append(deliveries.c.id > floor)
    return _Asked(conditions, floor, joined)


def _floor(connection: Connection, find: Find) -> int | None:
    statement = select(deliveries.c.id).where(*_of_whom(find), *between(deliveries.c.id, find))
    return connection.execute(statement.order_by(deliveries.c.id.desc()).offset(LOOK).limit(1)).scalar()


def _of_whom(find: Find, *, by_project: bool = True) -> Conditions:
    """Whose they are; not `by_project` keeps the database from walking through all of the project's."""
    project_id = deliveries.c.project_id
    wanted: Conditions = [(project_id if by_project else project_id + 0) == find.project_id]
    if find.subscription_id is not None:
        wanted.append(deliveries.c.subscription_id == find.subscription_id)
    if find.lane_id is not None:
        wanted.append(deliveries.c.lane_id == find.lane_id)
    return wanted


def _in_state(state: str | None) -> Conditions:
    if state is None:
        return []
    if state == "retrying":
        return [WAITS, deliveries.c.failures > 0]
    if state == "waiting":
        return [WAITS, deliveries.c.failures == 0]
    if state in BAD_STATES:
        return [ENDED_BADLY, deliveries.c.state == state]
    return [deliveries.c.state == state]


def _few_waiting(connection: Connection, find: Find) -> list[int] | None:
    """What waits for a project, by the lanes of its subscriptions and of nobody; None when it is much."""
    mine = select(subscriptions.c.lane_id).where(subscriptions.c.project_id == find.project_id)
    anybody = select(subscriptions.c.id).where(subscriptions.c.lane_id == lanes.c.id).exists()
    named = list(connection.execute(select(lanes.c.id).where(or_(lanes.c.id.in_(mine), ~anybody))).scalars())
    statement = (
        select(deliveries.c.id, deliveries.c.project_id).where(deliveries.c.lane_id.in_(named), WAITS).limit(LOOK + 1)
    )
    rows = connection.execute(statement).all()
    if len(rows) > LOOK:
        return None
    ids = [row.id for row in rows if row.project_id == find.project_id]
    return ids if len(ids) <= COUNTED else None
