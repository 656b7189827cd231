"""Keep the events of many calls in one transaction."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, Integer, bindparam, insert, literal_column, select, update

from shipbell.domain.errors import ShipbellError
from shipbell.domain.events import Event, Ignored
from shipbell.ports.intake import Accepted, ConfigurationMoved, Received
from shipbell.storage.database.codec import to_ms, write_event
from shipbell.storage.database.dialect import among, id_list, insert_new_for
from shipbell.storage.database.prepared import Prepared, Values
from shipbell.storage.queue.lane_rows import wake
from shipbell.storage.tables.flow import counters, deliveries, event_keys, events, lanes

_KEY_LENGTH = 128

Ending = Accepted | ShipbellError | ConfigurationMoved

_KEY_COLUMNS = ("project_id", "source_id", "id_hash", "event_id")
_EVENT_COLUMNS = (
    "id", "project_id", "source_id", "tool_id", "type", "ignored", "happened_at", "name_key", "number_key",
    "commit_key", "url", "body",
)  # fmt: skip
_DELIVERY_COLUMNS = (
    "id", "place", "project_id", "event_id", "subscription_id", "lane_id", "state", "cause", "accepted_at",
    "expires_at", "settled_at",
)  # fmt: skip
_ZEROES = {
    name: literal_column("0", Integer)
    for name in ("maybe_delivered", "alone", "stepped_aside", "test", "failures", "uncertain")
}
_VERSION = Prepared(lambda _: select(counters.c.value).where(counters.c.name == "configuration"))
_TAKE_KEY = Prepared(
    lambda dialect: insert_new_for(dialect, event_keys).values({name: bindparam(name) for name in _KEY_COLUMNS}),
    _KEY_COLUMNS,
)
# A key that was taken before keeps its first event, so only the new ones are found under their own id.
_KEYS = Prepared(
    lambda dialect: select(event_keys.c.event_id).where(among(dialect, event_keys.c.event_id, "ids")), ("ids",)
)
_INSERT_EVENT = Prepared(
    lambda _: insert(events).values({name: bindparam(name) for name in _EVENT_COLUMNS}), _EVENT_COLUMNS
)
_INSERT_DELIVERY = Prepared(
    lambda _: insert(deliveries).values({**{name: bindparam(name) for name in _DELIVERY_COLUMNS}, **_ZEROES}),
    _DELIVERY_COLUMNS,
)
_SHUT = Prepared(
    lambda _: select(lanes.c.id, lanes.c.cause).where(lanes.c.state == literal_column("'closed'")).with_for_update()
)
_NEXT = Prepared(
    lambda _: (
        update(counters)
        .where(counters.c.name == "place")
        .values(value=counters.c.value + bindparam("count"))
        .returning(counters.c.value)
    ),
    ("count",),
)


@dataclass(frozen=True, slots=True)
class Submission:
    """The events of one call, matched against one version of the configuration."""

    received: tuple[Received, ...]
    version: int


@dataclass(frozen=True, slots=True)
class _ShutLane:
    """A lane whose deliveries are dead on arrival."""

    cause: str | None


def keep(connection: Connection, submissions: Sequence[Submission], expiry: timedelta) -> list[Ending]:
    """Keep every submission that was matched against the present configuration; one ending each, in order."""
    [(version,)] = _VERSION.rows(connection)
    current = [one for one in submissions if one.version == version]
    fresh = _fresh(connection, [one for submission in current for one in submission.received])
    _insert(connection, [one for submission in current for one in submission.received if one.id in fresh], expiry)
    return [_ending(one, fresh) if one.version == version else ConfigurationMoved() for one in submissions]


def _ending(submission: Submission, fresh: set[int]) -> Accepted:
    kept = [one for one in submission.received if one.id in fresh]
    accepted = tuple(one.id for one in kept if isinstance(one.event, Event))
    return Accepted(
        event_ids=accepted,
        duplicates=len(submission.received) - len(kept),
        ignored=len(kept) - len(accepted),
    )


def id_hash(tool_id: str) -> bytes:
    """Stand for a tool's id, however long it is."""
    return hashlib.blake2b(tool_id.encode(), digest_size=16).digest()


def _fresh(connection: Connection, received: Sequence[Received]) -> set[int]:
    """Take the keys of these events; the ids of those whose key was free."""
    if not received:
        return set()
    rows = [(one.project_id, one.source_id, id_hash(one.event.id), one.id) for one in received]
    _TAKE_KEY.many(connection, rows)
    taken = _KEYS.rows(connection, id_list(connection, [one.id for one in received]))
    return {event_id for (event_id,) in taken}


def _insert(connection: Connection, received: Sequence[Received], expiry: timedelta) -> None:
    if not received:
        return
    _INSERT_EVENT.many(connection, [_event_row(one) for one in received])
    wanted = sum(len(one.deliveries) for one in received)
    if not wanted:
        return
    lane_ids = {delivery.lane_id for one in received for delivery in one.deliveries}
    shut = {lane_id: _ShutLane(cause) for lane_id, cause in _SHUT.rows(connection)}
    place = next_places(connection, wanted)
    _INSERT_DELIVERY.many(connection, _delivery_rows(received, place, shut, int(expiry.total_seconds() * 1000)))
    wake(connection, lane_ids - shut.keys())


def next_places(connection: Connection, count: int) -> int:
    """Take `count` numbers of the acceptance sequence; the first of them."""
    [(last,)] = _NEXT.rows(connection, count)
    first: int = last - count + 1
    return first


def search_key(text: str | None) -> str | None:
    """What free text is compared with, by its beginning."""
    return text.lower()[:_KEY_LENGTH] if text else None


def _event_row(one: Received) -> Values:
    event = one.event
    reason = commit = None
    match event:
        case Event(trigger=trigger):
            commit = trigger.commit if trigger else None
        case Ignored():
            reason = event.reason
    return (
        one.id,
        one.project_id,
        one.source_id,
        event.id,
        event.type,
        reason,
        to_ms(event.time),
        search_key(event.subject.name) or "",
        search_key(event.run.number),
        search_key(commit),
        event.run.url or event.subject.url,
        write_event(event),
    )


def _delivery_rows(
    received: Sequence[Received], place: int, shut: Mapping[int, _ShutLane], expiry_ms: int
) -> Iterable[Values]:
    for one in received:
        at = to_ms(one.received_at)
        for delivery in one.deliveries:
            closed = shut.get(delivery.lane_id)
            yield (
                delivery.id,
                place,
                one.project_id,
                one.id,
                delivery.subscription_id,
                delivery.lane_id,
                "dead" if closed else "waiting",
                closed.cause if closed else None,
                at,
                at + expiry_ms,
                at if closed else None,
            )
            place += 1
