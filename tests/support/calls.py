"""Calls at a hook, for the tests of sources."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from shipbell.domain.events import Event, Ignored
from shipbell.ports.source import InboundRequest
from shipbell.sources import by_kind

ARRIVED = datetime(2026, 11, 24, 3, 5, tzinfo=UTC)
SOURCES = by_kind()


def call(
    body: object = b"",
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> InboundRequest:
    """A call with this body: bytes as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return InboundRequest(headers=headers or {}, query=query or {}, body=raw, received_at=ARRIVED)


def read(kind: str, body: object, headers: Mapping[str, str] | None = None) -> Sequence[Event | Ignored]:
    """What a source of this kind reads from a body."""
    return SOURCES[kind].parse(call(body, headers=headers))


def event_in(kind: str, body: object, headers: Mapping[str, str] | None = None) -> Event:
    """The one event that a body holds."""
    [found] = read(kind, body, headers)
    assert isinstance(found, Event)
    return found


def ignored_in(kind: str, body: object, headers: Mapping[str, str] | None = None) -> Ignored:
    """The one ignored happening that a body holds."""
    [found] = read(kind, body, headers)
    assert isinstance(found, Ignored)
    return found
