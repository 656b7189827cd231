"""Figures for charts: totals from tallies and indexes, times and names from a bounded sample."""

from collections.abc import Sequence
from math import ceil

from sqlalchemy import BigInteger as Number
from sqlalchemy import Connection, func, select

from shipbell.domain.ids import first_at
from shipbell.ports.insight import Busy, Figures, Noise, Slot, Span
from shipbell.storage.database.codec import read_event, read_ignored
from shipbell.storage.history import time_slots
from shipbell.storage.tables.flow import attempt_deliveries, attempts, deliveries, events
from shipbell.storage.tables.settings import subscriptions

_SAMPLE = 1_000
_SHOWN = 5


def figures(connection: Connection, span: Span) -> Figures:
    """The figures of a span."""
    totals, waiting = time_slots.totals(connection, span), time_slots.waiting(connection, span)
    bad, times = time_slots.ended_badly(connection, span), time_slots.took(connection, span)
    every = [one for slot in times for one in slot]
    busiest, noise = _busiest(connection, span), _noise(connection, span)
    whole = max(sum(one.events for one in totals), sum(one.deliveries for one in totals)) <= _SAMPLE
    return Figures(
        slots=tuple(
            Slot(
                since=since,
                events=total.events - total.tests,
                ignored=total.ignored,
                delivered=max(0, total.deliveries - waits - sum(ended.values())),
                waiting=waits,
                ended_badly=sum(ended.values()),
                p50=percentile(seconds, 0.5),
                p99=percentile(seconds, 0.99),
            )
            for since, total, waits, ended, seconds in zip(
                time_slots.starts(span), totals, waiting, bad, times, strict=True
            )
        ),
        p50=percentile(every, 0.5),
        p99=percentile(every, 0.99),
        dead=time_slots.needing_care(connection, span),
        busiest=busiest,
        noise=noise,
        sampled=None if whole else _SAMPLE,
    )


def percentile(numbers: Sequence[float], part: float) -> float | None:
    """The number that `part` of the sorted numbers do not exceed; None for none."""
    ordered = sorted(numbers)
    return ordered[max(0, ceil(part * len(ordered)) - 1)] if ordered else None


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
    for event_id, name, kind in connection.execute(statement).all():
        last.setdefault(name, event_id)
        number[name] = number.get(name, 0) + 1
        bad[name] = bad.get(name, 0) + (kind in span.bad_types)
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
        .where(~deliveries.c.test)
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
