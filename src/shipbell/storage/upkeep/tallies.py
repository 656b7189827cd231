"""Tally: count what came in each quarter of an hour once it is over.

Counting reads, without the write lock; only the sums are written. Ids carry the time at which an event came, so a
quarter that is over gets no further rows, but for what waits for its commit: that is given some time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection, case, delete, func, select, update

from shipbell.domain.ids import TIME_SHIFT, milliseconds
from shipbell.storage.database.codec import from_ms
from shipbell.storage.database.dialect import insert_new
from shipbell.storage.tables.flow import counters, deliveries, events
from shipbell.storage.tables.tallies import tallies

QUARTER_MS = 15 * 60 * 1000
_WIDTH = QUARTER_MS << TIME_SHIFT
_QUARTER = itemgetter("quarter")
_FROM, _UNTIL = "tallied-from", "tallied-until"
# No chart looks further back; what is committed this long after it came is in no tally.
_REACH, _LATE = timedelta(days=31), timedelta(minutes=5)
_CHUNK = 48
# One write takes whole quarters, and no further one behind so many rows: thousands of projects share the write lock.
_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Tallied:
    """The quarters from `since` up to `until` are counted."""

    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of some quarters, to be kept."""

    span: Tallied
    rows: Sequence[dict[str, int]]


def quarter_of(time: datetime) -> int:
    """The quarter of an hour that a time is in."""
    return milliseconds(time) // QUARTER_MS


def first_of(quarter: int) -> int:
    """The first id of a quarter of an hour."""
    return quarter * _WIDTH


def tallied(connection: Connection) -> Tallied | None:
    """What is counted; None before the first time."""
    statement = select(counters.c.name, counters.c.value).where(counters.c.name.in_((_FROM, _UNTIL)))
    found = {row.name: row.value for row in connection.execute(statement)}
    return Tallied(found[_FROM], found[_UNTIL]) if len(found) == 2 else None  # noqa: PLR2004 - both of them


def sums(connection: Connection, now: datetime) -> Sums | None:
    """Count the next quarters that are over; None when there are none."""
    known = tallied(connection)
    start = quarter_of(now - _REACH) if known is None else max(known.until, quarter_of(now - _REACH))
    end = min(quarter_of(now - _LATE), start + _CHUNK)
    if start >= end:
        return None
    found: dict[tuple[int, int], dict[str, int]] = {}
    tests = func.sum(case((events.c.source_id.is_(None), 1), else_=0))
    of_events = select(
        events.c.project_id, (events.c.id // _WIDTH).label("quarter"), func.count().label("events"),
        func.count(events.c.ignored).label("ignored"), tests.label("tests"),
    ).where(events.c.id >= first_of(start), events.c.id < first_of(end))  # fmt: skip
    of_deliveries = select(
        deliveries.c.project_id, (deliveries.c.id // _WIDTH).label("quarter"), func.count().label("deliveries")
    ).where(deliveries.c.id >= first_of(start), deliveries.c.id < first_of(end), ~deliveries.c.test)
    for statement in (of_events, of_deliveries):
        for row in connection.execute(statement.group_by("project_id", "quarter")).mappings():
            none = {"events": 0, "ignored": 0, "tests": 0, "deliveries": 0}
            found.setdefault((row["project_id"], row["quarter"]), none).update(row)
    since = start if known is None or start > known.until else known.since
    return Sums(Tallied(since, end), list(found.values()))


def parts(counted: Sums) -> Iterator[Sums]:
    """The same sums, quarter after quarter, in parts that are quickly written."""
    rows: list[dict[str, int]] = []
    for quarter, more in groupby(sorted(counted.rows, key=_QUARTER), key=_QUARTER):
        if len(rows) >= _ROWS:
            yield Sums(Tallied(counted.span.since, quarter), rows)
            rows = []
        rows += more
    yield Sums(counted.span, rows)


def keep(connection: Connection, counted: Sums) -> None:
    """Write what was counted, unless somebody else did."""
    known = tallied(connection)
    if known is not None and known.until >= counted.span.until:
        return
    if counted.rows:
        connection.execute(insert_new(connection, tallies), counted.rows)
    _say(connection, counted.span)


def drop_before(connection: Connection, time: datetime) -> None:
    """Give up the tallies of what retention takes away: some of it may be gone, some stays because it waits."""
    known, first = tallied(connection), quarter_of(time) + 1
    if known is None or known.since >= first:
        return
    connection.execute(delete(tallies).where(tallies.c.quarter < first))
    _say(connection, Tallied(first, max(first, known.until)))


def recount_from(connection: Connection, now: int) -> None:
    """Count again what lies behind this time (milliseconds): it was counted while the clock was ahead."""
    known, first = tallied(connection), quarter_of(from_ms(now))
    if known is None or known.until <= first:
        return
    connection.execute(delete(tallies).where(tallies.c.quarter >= first))
    _say(connection, Tallied(min(known.since, first), first))


def _say(connection: Connection, span: Tallied) -> None:
    for name, value in ((_FROM, span.since), (_UNTIL, span.until)):
        connection.execute(insert_new(connection, counters).values(name=name, value=value))
        connection.execute(update(counters).where(counters.c.name == name).values(value=value))
