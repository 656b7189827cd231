"""How values are written into columns: times as milliseconds, events and lists as JSON."""

from datetime import UTC, datetime, timedelta

import msgspec

from shipbell.domain.events import Event, Ignored

_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_ENCODER = msgspec.json.Encoder()
_EVENTS = msgspec.json.Decoder(Event)
_IGNORED = msgspec.json.Decoder(Ignored)


def to_ms(time: datetime) -> int:
    """Write a time as whole milliseconds since 1970."""
    return (time - _ZERO) // _MILLISECOND


def to_ms_or_none(time: datetime | None) -> int | None:
    """Write a time that may be unknown."""
    return None if time is None else to_ms(time)


def from_ms(number: int) -> datetime:
    """Read a time, in UTC."""
    return _ZERO + number * _MILLISECOND


def from_ms_or_none(number: int | None) -> datetime | None:
    """Read a time that may be unknown."""
    return None if number is None else from_ms(number)


def write_json(value: object) -> str:
    """Write a list, mapping or dataclass as compact JSON."""
    return _ENCODER.encode(value).decode()


def write_event(event: Event | Ignored) -> bytes:
    """Write an event whole."""
    return _ENCODER.encode(event)


def read_event(body: bytes) -> Event:
    """Read an accepted event back."""
    return _EVENTS.decode(body)


def read_ignored(body: bytes) -> Ignored:
    """Read an ignored event back."""
    return _IGNORED.decode(body)
