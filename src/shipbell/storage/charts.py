"""Figures for charts: totals from indexes, times and names from a bounded sample."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from math import ceil

from sqlalchemy import CTE, ColumnElement, Connection, Table, column, func, literal_column, select, values
from sqlalchemy import BigInteger as Number

from shipbell.domain.ids import TIME_SHIFT, first_at
from shipbell.ports.insight import Busy, Figures, Noise, Slot, Span
from shipbell.storage.codec import read_event, read_ignored
from shipbell.storage.pending import WAITS
from shipbell.storage.schema import attempt_deliveries, attempts, deliveries, events
from shipbell.storage.schema_people import subscriptions
from shipbell.storage.search_deliveries import BAD_STATES, ENDED_BADLY

_SAMPLE = 1_000
_TIMES_PER_SLOT = 50
_MOST_WAITING = 20_000
_SHOWN = 5
_DELIVERED = deliveries.c.state == literal_column("'delivered'")
_Edges = Sequence[tuple[int, int]]


def figures(connection: Connection, span: Span) -> Figures:
    """The figures of a span."""
    edges = _edges(span)
    totals = _per_slot(connection, edges, deliveries, span.project_id)
    arrived = _per_slot(connection, edges, events, span.project_id)
    tests = _per_slot(connection, edges, events, span.project_id, events.c.source_id.is_(None))
    ignored = _per_slot(connection, edges, events, span.project_id, events.c.ignored.is_not(None))
    waiting = _waiting(connection, edges, span)
    bad, dead = _ended_badly(connection, edges, span.project_id)
    times = _times(connection, edges, span.project_id)
    every = sorted(one for slot in times.values() for one in slot)
    busiest, noise = _busiest(connection, span), _noise(connection, span)
    whole = max(sum(arrived), sum(totals)) <= _SAMPLE
    return Figures(
        slots=tuple(
            Slot(
                since=since,
                events=arrived[index] - tests[index],
                ignored=ignored[index],
                delivered=max(0, totals[index] - waiting[index] - bad[index]),
                waiting=waiting[index],
                ended_badly=bad[index],
                p50=percentile(times.get(edges[index][0], ()), 0.5),
                p99=percentile(times.get(edges[index][0], ()), 0.99),
            )
            for index, since in enumerate(_starts(span))
        ),
        p50=percentile(every, 0.5),
        p99=percentile(every, 0.99),
        dead=dead,
        busiest=busiest,
        noise=noise,
        sampled=None if whole else _SAMPLE,
    )


def percentile(numbers: Sequence[float], part: float) -> float | None:
    """The number that `part` of the sorted numbers do not exceed; None for none."""
    ordered = sorted(numbers)
    return ordered[max(0, ceil(part * len(ordered)) - 1)] if ordered else None


def _starts(span: Span) -> list[datetime]:
    step = (span.until - span.since) / span.slots
    return [span.since + step * index for index in range(span.slots)]


def _edges(span: Span) -> _Edges:
    """The first id of each slot and of what follows it; ids carry their time."""
    firsts = [first_at(one) for one in (*_starts(span), span.until)]
    # What was made in this very millisecond belongs to the last slot.
    firsts[-1] += 1 << TIME_SHIFT
    return list(pairwise(firsts))


def _per_slot(
    connection: Connection, edges: _Edges, table: Table, project_id: int, *conditions: ColumnElement[bool]
) -> list[int]:
    """How many rows of a project fall into each slot, counted over an index alone."""
    slots = _slots(edges)
    count = (
        select(func.count())
        .where(table.c.project_id == project_id, table.c.id >= slots.c.low, table.c.id < slots.c.high, *conditions)
        .correlate(slots)
        .scalar_subquery()
    )
    rows = connection.execute(select(slots.c.low, count.label("number"))).all()
    found = {row.low: row.number for row in rows}
    return [found[low] for low, _ in edges]


def _slots(edges: _Edges) -> CTE:
    return values(column("low", Number), column("high", Number), name="slots").data(list(edges)).cte("slot")


def _place(edges: _Edges, number: int) -> int | None:
    return next((index for index, (low, high) in enumerate(edges) if low <= number < high), None)


def _waiting(connection: Connection, edges: _Edges, span: Span) -> list[int]:
    mine = select(subscriptions.c.lane_id).where(subscriptions.c.project_id == span.project_id)
    statement = select(deliveries.c.id, deliveries.c.project_id).where(deliveries.c.lane_id.in_(mine), WAITS)
    found = [0] * len(edges)
    for row in connection.execute(statement.limit(_MOST_WAITING)):
        place = _place(edges, row.id) if row.project_id == span.project_id else None
        if place is not None:
            found[place] += 1
    return found


def _ended_badly(connection: Connection, edges: _Edges, project_id: int) -> tuple[list[int], int]:
    found, dead = [0] * len(edges), 0
    for state in BAD_STATES:
        counted = _per_slot(connection, edges, deliveries, project_id, ENDED_BADLY, deliveries.c.state == state)
        dead += sum(counted) if state == "dead" else 0
        found = [one + other for one, other in zip(found, counted, strict=True)]
    return found, dead


def _times(connection: Connection, edges: _Edges, project_id: int) -> Mapping[int, list[float]]:
    """Some seconds from accepted to delivered of each slot."""
    slots = _slots(edges)
    some = (
        select(deliveries.c.id)
        .where(
            deliveries.c.project_id == project_id,
            deliveries.c.id >= slots.c.low,
            deliveries.c.id < slots.c.high,
            _DELIVERED,
        )
        .order_by(deliveries.c.id.desc())
        .limit(_TIMES_PER_SLOT)
        .correlate(slots)
        .scalar_subquery()
    )
    taken = (deliveries.c.settled_at - deliveries.c.accepted_at).label("taken")
    statement = select(slots.c.low, taken).select_from(slots.join(deliveries, deliveries.c.id.in_(some)))
    found: dict[int, list[float]] = {}
    for low, milliseconds in connection.execute(statement):
        if milliseconds is not None:
            found.setdefault(low, []).append(max(0, milliseconds) / 1000)
    return found


def _busiest(connection: Connection, span: Span) -> list[Busy]:
    """The names with most events of the newest ones, as their last event writes them."""
    statement = (
        select(events.c.id, events.c.name_key, events.c.type)
        .where(events.c.project_id == span.project_id, events.c.source_id.is_not(None))
        .where(events.c.id >= first_at(span.since))
        .order_by(events.c.id.desc())
        .limit(_SAMPLE)
    )
    last: dict[str, int] = {}
    number: dict[str, int] = {}
    bad: dict[str, int] = {}
    for row in connection.execute(statement):
        last.setdefault(row.name_key, row.id)
        number[row.name_key] = number.get(row.name_key, 0) + 1
        bad[row.name_key] = bad.get(row.name_key, 0) + (row.type in span.bad_types)
    most = sorted(number, key=lambda name: (-number[name], name))[:_SHOWN]
    bodies = select(events.c.id, events.c.body, events.c.ignored).where(events.c.id.in_([last[one] for one in most]))
    written = {
        row.id: (read_ignored(row.body) if row.ignored else read_event(row.body)).subject.name
        for row in connection.execute(bodies)
    }
    return [Busy(name=written[last[one]], events=number[one], bad=bad[one]) for one in most]


def _noise(connection: Connection, span: Span) -> list[Noise]:
    """What the groups heard of the newest deliveries; a message that several share counts once a group."""
    newest = (
        select(deliveries.c.id, deliveries.c.subscription_id)
        .where(deliveries.c.project_id == span.project_id, deliveries.c.id >= first_at(span.since))
        .order_by(deliveries.c.id.desc())
        .limit(_SAMPLE)
        .subquery()
    )
    joined = (
        newest.join(attempt_deliveries, attempt_deliveries.c.delivery_id == newest.c.id)
        .join(attempts, attempts.c.id == attempt_deliveries.c.attempt_id)
        .join(subscriptions, subscriptions.c.id == newest.c.subscription_id)
    )
    gathered = func.sum((attempts.c.carried > 1).cast(Number))
    statement = (
        select(
            subscriptions.c.name,
            func.count(newest.c.id.distinct()).label("deliveries"),
            func.count(attempts.c.id.distinct()).label("messages"),
            gathered.label("gathered"),
        )
        .select_from(joined)
        .where(attempts.c.result == "delivered", attempts.c.companion.is_(False))
        .group_by(subscriptions.c.id, subscriptions.c.name)
    )
    rows = [
        Noise(subscription=row.name, deliveries=row.deliveries, messages=row.messages, gathered=row.gathered or 0)
        for row in connection.execute(statement)
    ]
    return sorted(rows, key=lambda one: (-one.messages, one.subscription))[:_SHOWN]
