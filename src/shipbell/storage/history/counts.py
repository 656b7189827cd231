"""Count deliveries of one project: exact to a bound, and at a bounded cost however many there are."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, func, select

from shipbell.ports.history import Find
from shipbell.ports.insight import COUNTED, Count, Tries
from shipbell.storage.history.by_id import SHOWN_STATE
from shipbell.storage.history.pending import PENDING, pending_counts
from shipbell.storage.history.search_deliveries import BAD_STATES, NEEDS_CARE, asked
from shipbell.storage.tables.flow import attempt_deliveries, attempts, deliveries

STATES = ("delivered", *PENDING, *BAD_STATES)


def counts(connection: Connection, find: Find) -> Mapping[str, Count]:
    """How many there are in each state, and `all` of them, without tests."""
    every = replace(find, state=None, before=None)
    looked = asked(connection, every, whole=True)
    grouped = looked.restrict(select(SHOWN_STATE, func.count().label("number")).select_from(deliveries))
    grouped = grouped.where(~deliveries.c.test)
    found = {state: Count(0) for state in STATES}
    for row in connection.execute(grouped.group_by(SHOWN_STATE)):
        found[row.shown_state] = Count.of(row.number, more=looked.floor is not None)
    if looked.floor is not None and not looked.joined:
        # What a bounded look may have missed has an index of its own.
        found |= {state: _exactly(connection, replace(every, state=state)) for state in BAD_STATES}
        found |= pending_counts(connection, every)
    total = sum(one.number for one in found.values())
    more = looked.floor is not None or any(one.more for one in found.values())
    return {"all": Count.of(total, more=more), **found}


def dead(connection: Connection, project_id: int) -> Count:
    """How many dead letters of a project need care, read from their own index alone."""
    mine = (deliveries.c.project_id == project_id, NEEDS_CARE, deliveries.c.state == "dead")
    some = select(deliveries.c.id).where(*mine).limit(COUNTED + 1).subquery()
    return Count.of(connection.execute(select(func.count()).select_from(some)).scalar_one())


def newer(connection: Connection, find: Find, than: int) -> Count:
    """How many came after a delivery."""
    return _exactly(connection, replace(find, before=None), than)


def _exactly(connection: Connection, find: Find, than: int = 0) -> Count:
    looked = asked(connection, find)
    counted = looked.restrict(select(deliveries.c.id)).where(deliveries.c.id > than, ~deliveries.c.test)
    some = counted.limit(COUNTED + 1).subquery()
    number = connection.execute(select(func.count()).select_from(some)).scalar_one()
    return Count.of(number, more=looked.floor is not None and looked.floor > than)


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
