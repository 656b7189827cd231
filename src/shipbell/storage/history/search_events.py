"""Find events of one project: each question over an index, or over a bounded number of the newest rows."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, literal_column, or_, select

from shipbell.domain.ids import first_at, made_at
from shipbell.ports.history import EventLine, Find
from shipbell.ports.insight import Found
from shipbell.storage.history import by_id
from shipbell.storage.queue.insert_events import search_key
from shipbell.storage.tables.flow import events

# How many rows one page reads at most where a filter has no index.
LOOK = 5_000
_FEW = 500
# What tools wrote is kept whole; a page of it ends early when that is much.
_PAGE_BYTES = 4 * 1024 * 1024
_LAST_LETTER = "\U0010ffff"
_KEYS = (events.c.name_key, events.c.number_key, events.c.commit_key)
Conditions = list[ColumnElement[bool]]


def below(column: ColumnElement[int], find: Find) -> Conditions:
    """What ends a list from above: a time and the cursor; ids carry their time."""
    wanted: Conditions = []
    if find.until is not None:
        wanted.append(column < first_at(find.until))
    if find.before is not None:
        wanted.append(column < find.before)
    return wanted


def above_of(since: datetime | None) -> int:
    """The id above which what came since a time stands."""
    return 0 if since is None else first_at(since) - 1


def of_event(find: Find) -> Conditions:
    """Source and type, where they are asked for."""
    wanted: Conditions = []
    if find.source_id is not None:
        wanted.append(events.c.source_id == find.source_id)
    if find.type:
        wanted.append(events.c.type == find.type)
    return wanted


def begins(text: str) -> ColumnElement[bool]:
    """Whether a name, run number or commit of an event begins with a text: for rows that another index finds."""
    key = _prefix(text)
    plain = [column.concat(literal_column("''")) for column in _KEYS]
    return or_(*(and_(column >= key, column < key + _LAST_LETTER) for column in plain))


def few_named(connection: Connection, project_id: int | None, text: str | None) -> list[int] | None:
    """The events that a text names by its beginning; None when they are many, or nothing is asked."""
    key, found = _prefix(text or ""), set[int]()
    if not key or project_id is None:
        return None
    for column in _KEYS:
        statement = (
            select(events.c.id)
            .where(events.c.project_id == project_id, column.is_not(None), column >= key, column < key + _LAST_LETTER)
            .limit(_FEW + 1)
        )
        found.update(connection.execute(statement).scalars())
        if len(found) > _FEW:
            return None
    return sorted(found)


def _prefix(text: str) -> str:
    return search_key(text.strip().removeprefix("#")) or ""


def events_found(connection: Connection, find: Find, *, ignored: bool | None = None) -> Found[EventLine]:
    """Events, the newest first; tests are left out."""
    way: Conditions = [] if find.project_id is None else [events.c.project_id == find.project_id]
    way += below(events.c.id, find)
    left = of_event(find)
    named = few_named(connection, find.project_id, find.text)
    if named is None and find.text:
        left.append(begins(find.text))
    if named is not None:
        way = [events.c.id.in_(named), *below(events.c.id, find)]
    if ignored:
        # Test messages, which have no source, are never ignored; asking would keep the database from the index.
        way.append(events.c.ignored.is_not(None))
    else:
        left.append(events.c.source_id.is_not(None))
    if ignored is False:
        left.append(events.c.ignored.is_(None))
    above = above_of(find.since)
    floor = _floor(connection, [*way, events.c.id > above]) if left and named is None else None
    statement = select(events.c.id).where(*way, *left, events.c.id > (above if floor is None else floor))
    # Bodies are weighed beside the search: asked for in it, they would keep the database from the index that covers it.
    some = statement.order_by(events.c.id.desc()).limit(find.limit + 1).subquery()
    weighed = select(events.c.id, func.length(events.c.body).label("size")).join(some, some.c.id == events.c.id)
    rows = connection.execute(weighed.order_by(events.c.id.desc())).all()
    ids = that_fit([(one.id, one.size) for one in rows[: find.limit]])
    items = tuple(by_id.events_by_id(connection, ids))
    if len(rows) > len(ids):
        return Found(items=items, next=items[-1].id)
    if floor is None:
        return Found(items=items)
    return Found(items=items, next=floor + 1, looked_until=made_at(floor))


def that_fit(rows: Sequence[tuple[int, int]]) -> list[int]:
    """The ids of the first rows whose bodies are not too large together; of one at least."""
    ids: list[int] = []
    room = _PAGE_BYTES
    for number, size in rows:
        room -= size
        if ids and room < 0:
            break
        ids.append(number)
    return ids


def _floor(connection: Connection, way: Conditions) -> int | None:
    """The event at which a bounded look ends; None when there are no more than it may read."""
    statement = select(events.c.id).where(*way).order_by(events.c.id.desc()).offset(LOOK).limit(1)
    return connection.execute(statement).scalar()


def followed(connection: Connection, project_id: int, text: str, most: int) -> Sequence[EventLine]:
    """The events meant by a link, or by the beginning of a name, run number or commit, the newest first."""
    if "://" not in text:
        asked = Find(project_id=project_id, text=text, limit=most)
        return events_found(connection, asked).items if _prefix(text) else ()
    floor = _floor(connection, [events.c.project_id == project_id]) or 0
    statement = select(events.c.id).where(events.c.project_id == project_id, events.c.id > floor, events.c.url == text)
    ids = list(connection.execute(statement.order_by(events.c.id.desc()).limit(most)).scalars())
    return by_id.events_by_id(connection, ids)
