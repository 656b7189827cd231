"""Keep the events of many calls in one transaction."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, insert, select, update

from shipbell.domain.errors import ShipbellError
from shipbell.domain.events import Event, Ignored
from shipbell.ports.intake import Accepted, ConfigurationMoved, Received
from shipbell.storage.codec import to_ms, write_event
from shipbell.storage.dialect import insert_new
from shipbell.storage.lane_rows import wake
from shipbell.storage.schema import counters, deliveries, event_keys, events, lanes

_KEY_LENGTH = 128

Ending = Accepted | ShipbellError | ConfigurationMoved
Row = dict[str, object]


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
    version = connection.execute(select(counters.c.value).where(counters.c.name == "configuration")).scalar_one()
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
    rows: dict[tuple[int, int, bytes], Row] = {}
    for one in received:
        key = (one.project_id, one.source_id, id_hash(one.event.id))
        rows.setdefault(
            key, {"project_id": key[0], "source_id": key[1], "id_hash": key[2], "event_id": one.id}
        )
    if not rows:
        return set()
    statement = insert_new(connection, event_keys).returning(event_keys.c.event_id)
    return set(connection.execute(statement, list(rows.values())).scalars())


def _insert(connection: Connection, received: Sequence[Received], expiry: timedelta) -> None:
    if not received:
        return
    connection.execute(insert(events), [_event_row(one) for one in received])
    wanted = sum(len(one.deliveries) for one in received)
    if not wanted:
        return
    lane_ids = {delivery.lane_id for one in received for delivery in one.deliveries}
    shut = _shut(connection, lane_ids)
    place = next_places(connection, wanted)
    connection.execute(insert(deliveries), list(_delivery_rows(received, place, shut, int(expiry.total_seconds()) * 1000)))
    wake(connection, lane_ids - shut.keys())


def next_places(connection: Connection, count: int) -> int:
    """Take `count` numbers of the acceptance sequence; the first of them."""
    statement = (
        update(counters)
        .where(counters.c.name == "place")
        .values(value=counters.c.value + count)
        .returning(counters.c.value)
    )
    last: int = connection.execute(statement).scalar_one()
    return last - count + 1


def _shut(connection: Connection, lane_ids: Iterable[int]) -> Mapping[int, _ShutLane]:
    """The closed ones among these lanes; each lane's row is locked until the commit, so that order holds."""
    rows = connection.execute(
        select(lanes.c.id, lanes.c.state, lanes.c.cause).where(lanes.c.id.in_(sorted(lane_ids))).with_for_update()
    )
    return {row.id: _ShutLane(row.cause) for row in rows if row.state == "closed"}


def search_key(text: str | None) -> str | None:
    """What free text is compared with, by its beginning."""
    return text.lower()[:_KEY_LENGTH] if text else None


def _event_row(one: Received) -> Row:
    event = one.event
    trigger = event.trigger if isinstance(event, Event) else None
    return {
        "id": one.id,
        "project_id": one.project_id,
        "source_id": one.source_id,
        "tool_id": event.id,
        "type": event.type,
        "ignored": event.reason if isinstance(event, Ignored) else None,
        "happened_at": to_ms(event.time),
        "name_key": search_key(event.subject.name) or "",
        "number_key": search_key(event.run.number),
        "commit_key": search_key(trigger.commit) if trigger else None,
        "url": event.run.url or event.subject.url,
        "body": write_event(event),
    }


def _delivery_rows(
    received: Sequence[Received], place: int, shut: Mapping[int, _ShutLane], expiry_ms: int
) -> Iterable[Row]:
    for one in received:
        at = to_ms(one.received_at)
        for delivery in one.deliveries:
            closed = shut.get(delivery.lane_id)
            yield {
                "id": delivery.id,
                "place": place,
                "project_id": one.project_id,
                "event_id": one.id,
                "subscription_id": delivery.subscription_id,
                "lane_id": delivery.lane_id,
                "state": "dead" if closed else "waiting",
                "cause": closed.cause if closed else None,
                "accepted_at": at,
                "expires_at": at + expiry_ms,
                "settled_at": at if closed else None,
            }
            place += 1
