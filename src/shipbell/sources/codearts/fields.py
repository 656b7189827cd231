"""The fields of a CodeArts object, read with tolerance: numbers may be text, empty is unknown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shipbell.domain.errors import MalformedEvent
from shipbell.domain.text import clean
from shipbell.sources.reading import aware, countable

_NOTHING = frozenset({""})
_NO_TIME = frozenset({"", "0"})
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
        return self._found(names, _NOTHING)[1]

    def name(self, *names: str) -> str | None:
        """The first of these fields that has something to be seen."""
        return next((text for one in names if (text := self.text(one)) and clean(text)), None)

    def number(self, *names: str) -> int | None:
        """The first of these fields that has a value, as a count."""
        name, value = self._found(names, _NOTHING)
        if value is None:
            return None
        try:
            return countable(int(value), self.at(name))
        except ValueError as error:
            raise MalformedEvent(f"Expected a whole number (at {self.at(name)})") from error

    def moment(self, *names: str) -> str | None:
        """The first of these fields that has a time, as it came; 0 is unknown."""
        return self._found(names, _NO_TIME)[1]

    def time(self, *names: str) -> datetime | None:
        """The first of these fields that has a time: milliseconds since 1970, or RFC 3339."""
        name, value = self._found(names, _NO_TIME)
        if value is None:
            return None
        if value.isascii() and value.isdigit():
            milliseconds = int(value) if len(value) < len(str(_MOST_MS)) + 1 else _MOST_MS + 1
            if milliseconds > _MOST_MS:
                raise MalformedEvent(f"Expected milliseconds since 1970 (at {self.at(name)})")
            return _ZERO + timedelta(milliseconds=milliseconds)
        try:
            time = datetime.fromisoformat(value)
        except ValueError as error:
            raise MalformedEvent(f"Expected milliseconds since 1970 (at {self.at(name)})") from error
        # CodeArts writes some times without a zone; they are UTC.
        return aware(time if time.tzinfo else time.replace(tzinfo=UTC), self.at(name))

    def _found(self, names: Sequence[str], unknown: frozenset[str]) -> tuple[str, str | None]:
        for name in names:
            value = self.values.get(name)
            if value is None:
                continue
            if isinstance(value, bool):
                return name, "true" if value else "false"
            if not isinstance(value, str | int | float):
                raise MalformedEvent(f"Expected text or a number (at {self.at(name)})")
            text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
            if text not in unknown:
                return name, text
        return names[0], None

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
