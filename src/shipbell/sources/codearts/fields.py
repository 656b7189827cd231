"""The fields of a CodeArts object, read with tolerance: numbers may be text, empty is unknown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shipbell.domain.errors import MalformedEvent
from shipbell.sources.reading import aware

_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
# The end of the year 9000.
_MOST_MS = 221_876_927_999_000


@dataclass(frozen=True, slots=True)
class Fields:
    """One object, the place where it stands in the body, and when the call arrived."""

    values: Mapping[str, object]
    place: str
    received_at: datetime

    def text(self, *names: str) -> str | None:
        """The first of these fields that has a value, as text; raises MalformedEvent for an object or list."""
        for name in names:
            value = self.values.get(name)
            if value is None or value == "":
                continue
            if isinstance(value, bool):
                return "true" if value else "false"
            if isinstance(value, str | int | float):
                return str(value)
            raise MalformedEvent(f"Expected text or a number (at {self.at(name)})")
        return None

    def number(self, *names: str) -> int | None:
        """The first of these fields that has a value, as a whole number."""
        value = self.text(*names)
        if value is None:
            return None
        try:
            return int(value)
        except ValueError as error:
            raise MalformedEvent(f"Expected a whole number (at {self.at(names[0])})") from error

    def time(self, *names: str) -> datetime | None:
        """The first of these fields that has a value, as a time: milliseconds since 1970, or RFC 3339."""
        value = self.text(*names)
        if value is None or value == "0":
            return None
        if value.isascii() and value.isdigit():
            milliseconds = int(value) if len(value) < len(str(_MOST_MS)) + 1 else _MOST_MS + 1
            if milliseconds > _MOST_MS:
                raise MalformedEvent(f"Expected milliseconds since 1970 (at {self.at(names[0])})")
            return _ZERO + timedelta(milliseconds=milliseconds)
        try:
            time = datetime.fromisoformat(value)
        except ValueError as error:
            raise MalformedEvent(f"Expected milliseconds since 1970 (at {self.at(names[0])})") from error
        # CodeArts writes some times without a zone; they are UTC.
        return aware(time if time.tzinfo else time.replace(tzinfo=UTC), self.at(names[0]))

    def inner(self, name: str) -> "Fields":
        """An object within this one; empty when it is not there."""
        value = self.values.get(name)
        return Fields(value if isinstance(value, Mapping) else {}, self.at(name), self.received_at)

    def first(self, name: str) -> "Fields":
        """The first object of a list within this one; empty when there is none."""
        value = self.values.get(name)
        item = value[0] if isinstance(value, list) and value and isinstance(value[0], Mapping) else {}
        return Fields(item, f"{self.at(name)}[0]", self.received_at)

    def at(self, name: str) -> str:
        """Where a field stands."""
        return f"{self.place}.{name}" if self.place else name


def identity(*parts: str | None) -> str:
    """One id of several parts."""
    return ":".join(part for part in parts if part)
