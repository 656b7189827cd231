"""Find events by an id: ours, that of a delivery, the tool's, or the tool's own part of one."""

from collections.abc import Sequence

from sqlalchemy import Connection, and_, func, or_, select

from shipbell.domain.ids import Prefix, decode
from shipbell.ports.history import EventLine
from shipbell.storage.history import by_id
from shipbell.storage.queue.insert_events import id_hash
from shipbell.storage.tables.flow import deliveries, event_keys, events

_MOST = 20
# Among how many of the newest events a part of an id is looked for.
_LOOK = 5_000
_LONGEST_PART = 4_096
# An id that is longer is not looked at for what it ends with; the whole of it, and what it begins with, still find it.
_LONGEST_ID = 16_384


def named(connection: Connection, identifier: str, project_id: int | None) -> Sequence[EventLine]:
    """The events of an id, the newest first, a few at most."""
    own = decode(Prefix.EVENT, identifier) or _of_delivery(connection, identifier)
    if own is not None:
        return [one for one in by_id.events_by_id(connection, [own]) if project_id in {None, one.project_id}]
    statement = select(event_keys.c.event_id).where(event_keys.c.id_hash == id_hash(identifier))
    if project_id is not None:
        statement = statement.where(event_keys.c.project_id == project_id)
    ids = list(connection.execute(statement.order_by(event_keys.c.event_id.desc()).limit(_MOST)).scalars())
    return by_id.events_by_id(connection, ids or _in_part(connection, identifier, project_id))


def _of_delivery(connection: Connection, identifier: str) -> int | None:
    """The event of a delivery, by the delivery's id."""
    number = decode(Prefix.DELIVERY, identifier)
    if number is None:
        return None
    found: int | None = connection.execute(select(deliveries.c.event_id).where(deliveries.c.id == number)).scalar()
    return found


def _in_part(connection: Connection, identifier: str, project_id: int | None) -> Sequence[int]:
    """Recent events whose id is made of the tool's own and more: a CloudEvent's source before it, a status after it."""
    if len(identifier) > _LONGEST_PART or identifier == "…":
        return ()
    # One that ends in the sign of a cut was copied from where it is shown: what stands before it begins the id.
    cut = identifier.removesuffix("…")
    before, after = f" {identifier}", f"{identifier}:" if cut == identifier else cut
    newest = events.c.id.desc()
    floor = connection.execute(select(events.c.id).order_by(newest).offset(_LOOK).limit(1)).scalar() or 0
    # Parts of exact length, not LIKE: that tries its pattern at every place of an id, and differs in minding the case.
    long = func.length(events.c.tool_id)
    statement = select(events.c.id).where(
        events.c.id > floor,
        or_(
            and_(long <= _LONGEST_ID, func.substr(events.c.tool_id, long - len(before) + 1) == before),
            func.substr(events.c.tool_id, 1, len(after)) == after,
        ),
    )
    if project_id is not None:
        statement = statement.where(events.c.project_id == project_id)
    return connection.execute(statement.order_by(newest).limit(_MOST)).scalars().all()
