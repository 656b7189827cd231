"""Tidy: expire what waited too long, cancel what may not be sent, forget what is old."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from shipbell.domain.ids import first_at
from shipbell.storage.database.codec import to_ms
from shipbell.storage.queue.requeue import cancel_of_region
from shipbell.storage.tables.flow import (
    WAITS,
    attempt_deliveries,
    attempts,
    deliveries,
    door_calls,
    event_keys,
    events,
    lanes,
)
from shipbell.storage.tables.settings import projects, refused_sign_ins, sessions

# Rows of each table in one transaction: it holds the write lock for some hundredths of a second.
_CHUNK = 250


def expire(connection: Connection, now: datetime) -> int:
    """Let what waited too long expire; how many."""
    at = to_ms(now)
    statement = (
        update(deliveries)
        .where(WAITS, deliveries.c.expires_at <= at)
        .values(state="expired", cause="expired", settled_at=at)
    )
    return connection.execute(statement).rowcount


def withdraw(connection: Connection, now: datetime, offered: Callable[[str, str], bool]) -> None:
    """Cancel what waits for a channel that is not offered in its project's region any more."""
    channels = list(connection.execute(select(lanes.c.channel).distinct()).scalars())
    for region in connection.execute(select(projects.c.region).distinct()).scalars().all():
        shut = [one for one in channels if not offered(one, region)]
        if shut:
            cancel_of_region(connection, region, shut, cause="channel-unavailable-in-region", now=to_ms(now))


def forget(connection: Connection, before: datetime) -> int:
    """Forget a chunk of what is older than `before`, but for what waits; how many rows went."""
    edge = first_at(before)
    gone = 0
    old = select(attempts.c.id).where(attempts.c.id < edge, ~_of_waiting()).order_by(attempts.c.id).limit(_CHUNK)
    ids = list(connection.execute(old).scalars())
    if ids:
        gone += len(ids)
        connection.execute(delete(attempt_deliveries).where(attempt_deliveries.c.attempt_id.in_(ids)))
        connection.execute(delete(attempts).where(attempts.c.id.in_(ids)))
    # A clock that was behind gave old ids to what has just ended.
    ended = (deliveries.c.state != "waiting", deliveries.c.settled_at < to_ms(before))
    old = select(deliveries.c.id).where(deliveries.c.id < edge, *ended).limit(_CHUNK)
    ids = list(connection.execute(old).scalars())
    if ids:
        gone += len(ids)
        connection.execute(delete(attempt_deliveries).where(attempt_deliveries.c.delivery_id.in_(ids)))
        connection.execute(delete(deliveries).where(deliveries.c.id.in_(ids)))
    old = select(door_calls.c.id).where(door_calls.c.id < edge).limit(_CHUNK)
    gone += connection.execute(delete(door_calls).where(door_calls.c.id.in_(old))).rowcount
    old = select(refused_sign_ins.c.id).where(refused_sign_ins.c.id < edge).limit(_CHUNK)
    gone += connection.execute(delete(refused_sign_ins).where(refused_sign_ins.c.id.in_(old))).rowcount
    return gone + _forget_events(connection, edge)


def _of_waiting() -> ColumnElement[bool]:
    """Whether an attempt carried a delivery that waits again: a replay keeps its attempts."""
    carried = attempt_deliveries.join(deliveries, deliveries.c.id == attempt_deliveries.c.delivery_id)
    return (
        select(deliveries.c.id)
        .select_from(carried)
        .where(attempt_deliveries.c.attempt_id == attempts.c.id, WAITS)
        .correlate(attempts)
        .exists()
    )


def _forget_events(connection: Connection, edge: int) -> int:
    """Events that no delivery speaks of any more, with their keys."""
    spoken_of = select(deliveries.c.id).where(deliveries.c.event_id == events.c.id).correlate(events).exists()
    old = select(events.c.id, events.c.project_id, events.c.source_id, events.c.tool_id)
    rows = connection.execute(old.where(events.c.id < edge, ~spoken_of).order_by(events.c.id).limit(_CHUNK)).all()
    if not rows:
        return 0
    ids = [row.id for row in rows]
    connection.execute(delete(event_keys).where(event_keys.c.event_id.in_(ids)))
    connection.execute(delete(events).where(events.c.id.in_(ids)))
    return len(rows)


def end_sessions(connection: Connection, now: datetime) -> None:
    """Forget sessions that have run out."""
    connection.execute(delete(sessions).where(sessions.c.expires_at <= to_ms(now)))


def state_of_lanes(connection: Connection) -> tuple[int, int | None]:
    """How many deliveries wait, and since when the oldest does (milliseconds)."""
    row = connection.execute(
        select(func.count().label("waiting"), func.min(deliveries.c.accepted_at).label("oldest")).where(WAITS)
    ).one()
    return row.waiting, row.oldest
