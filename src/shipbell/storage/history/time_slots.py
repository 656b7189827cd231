"""How much there was in each slot of a span: from tallies where they are, counted over indexes elsewhere."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, literal_column, select

from shipbell.domain.ids import TIME_SHIFT, first_at, milliseconds
from shipbell.ports.insight import Span
from shipbell.storage.database.prepared import Prepared
from shipbell.storage.history.pending import own_lanes
from shipbell.storage.history.search_deliveries import BAD_STATES, ENDED_BADLY, NEEDS_CARE
from shipbell.storage.tables.flow import WAITS, deliveries, events
from shipbell.storage.tables.tallies import tallies
from shipbell.storage.upkeep.tallies import QUARTER_MS, Tallied, first_of, tallied

_MOST_WAITING = 20_000
_TIMES = 50
_NAMES = ("project", "low", "high")
_EVENTS = (
    events.c.project_id == bindparam("project"),
    events.c.id >= bindparam("low"),
    events.c.id < bindparam("high"),
)
_DELIVERIES = (
    deliveries.c.project_id == bindparam("project"),
    deliveries.c.id >= bindparam("low"),
    deliveries.c.id < bindparam("high"),
    ~deliveries.c.test,
)


def _numbers(*counts: Select[int]) -> Prepared:
    """Several counts of the same rows, each over its own index, in one statement."""
    return Prepared(lambda _: select(*(one.scalar_subquery() for one in counts)), _NAMES)


def _events(*more: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(events).where(*_EVENTS, *more)


def _ended(state: str) -> Select[int]:
    ended = deliveries.c.state == literal_column(f"'{state}'")
    return select(func.count()).select_from(deliveries).where(*_DELIVERIES, ENDED_BADLY, ended)


_COUNTED = _numbers(
    _events(),
    _events(events.c.ignored.is_not(None)),
    _events(events.c.source_id.is_(None)),
    select(func.count()).select_from(deliveries).where(*_DELIVERIES),
)
_BAD = _numbers(*(_ended(one) for one in BAD_STATES))
_CARE = _numbers(
    select(func.count())
    .select_from(deliveries)
    .where(*_DELIVERIES, NEEDS_CARE, deliveries.c.state == literal_column("'dead'"))
)
_TALLIED = Prepared(
    lambda _: select(
        *(func.coalesce(func.sum(tallies.c[one]), literal_column("0"))
          for one in ("events", "ignored", "tests", "deliveries"))
    ).where(
        tallies.c.project_id == bindparam("project"),
        tallies.c.quarter >= bindparam("low"),
        tallies.c.quarter < bindparam("high"),
    ),
    _NAMES,
)  # fmt: skip
_WAITING = Prepared(
    lambda _: (
        select(deliveries.c.id, deliveries.c.project_id)
        .where(deliveries.c.lane_id.in_(own_lanes(bindparam("project"))), WAITS, ~deliveries.c.test)
        .limit(literal_column(str(_MOST_WAITING)))
    ),
    ("project",),
)
_TOOK = Prepared(
    lambda _: (
        select(deliveries.c.settled_at - deliveries.c.accepted_at)
        .where(*_DELIVERIES, deliveries.c.state == literal_column("'delivered'"))
        .order_by(deliveries.c.id.desc())
        .limit(literal_column(str(_TIMES)))
    ),
    _NAMES,
)


@dataclass(frozen=True, slots=True)
class Totals:
    """What came in a slot; of the deliveries tests are left out."""

    events: int
    ignored: int
    tests: int
    deliveries: int


def starts(span: Span) -> list[datetime]:
    """When each slot begins, on the clock of the span's zone."""
    step = (span.until - span.since) / span.slots
    return [span.since + step * index for index in range(span.slots)]


def edges_of(span: Span) -> list[tuple[int, int]]:
    """The first id of each slot and of what follows it; ids carry their time."""
    firsts = [first_at(one) for one in (*starts(span), span.until)]
    # What was made in this very millisecond belongs to the last slot.
    firsts[-1] += 1 << TIME_SHIFT
    return list(pairwise(firsts))


def totals(connection: Connection, span: Span) -> list[Totals]:
    """How much came in each slot."""
    known = tallied(connection)
    return [
        _total(connection, span.project_id, edges, _quarters(begin, end, known))
        for edges, (begin, end) in zip(edges_of(span), pairwise((*starts(span), span.until)), strict=True)
    ]


def _quarters(begin: datetime, end: datetime, known: Tallied | None) -> tuple[int, int] | None:
    """The quarters of an hour that are whole in a slot and tallied; None where there are none."""
    if known is None:
        return None
    first = max(known.since, -(-milliseconds(begin) // QUARTER_MS))
    last = min(known.until, milliseconds(end) // QUARTER_MS)
    return (first, last) if first < last else None


def _total(connection: Connection, project_id: int, edges: tuple[int, int], quarters: tuple[int, int] | None) -> Totals:
    """What tallies say of the quarters, and what is counted before and behind them."""
    low, high = edges
    if quarters is None:
        return Totals(*_COUNTED.rows(connection, project_id, low, high)[0])
    first, last = quarters
    parts = [_TALLIED.rows(connection, project_id, first, last)[0]]
    parts += [
        _COUNTED.rows(connection, project_id, since, until)[0]
        for since, until in ((low, first_of(first)), (first_of(last), high))
        if since < until
    ]
    return Totals(*map(sum, zip(*parts, strict=True)))


def ended_badly(connection: Connection, span: Span) -> list[dict[str, int]]:
    """How many deliveries of each slot are dead, expired and cancelled."""
    return [
        dict(zip(BAD_STATES, _BAD.rows(connection, span.project_id, low, high)[0], strict=True))
        for low, high in edges_of(span)
    ]


def needing_care(connection: Connection, span: Span) -> int:
    """How many dead letters of a span need care."""
    edges = edges_of(span)
    number: int = _CARE.rows(connection, span.project_id, edges[0][0], edges[-1][1])[0][0]
    return number


def waiting(connection: Connection, span: Span) -> list[int]:
    """How many deliveries of each slot wait."""
    edges = edges_of(span)
    lows, found = [low for low, _ in edges], [0] * len(edges)
    for number, project_id in _WAITING.rows(connection, span.project_id):
        if project_id == span.project_id and lows[0] <= number < edges[-1][1]:
            found[bisect_right(lows, number) - 1] += 1
    return found


def took(connection: Connection, span: Span) -> list[Sequence[float]]:
    """Some seconds from accepted to delivered of each slot."""
    return [
        [max(0, one[0]) / 1000 for one in _TOOK.rows(connection, span.project_id, low, high) if one[0] is not None]
        for low, high in edges_of(span)
    ]
