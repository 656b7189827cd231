"""Clock: time and chance, so that neither hides in the code."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time, and a number that nobody can foresee."""

    def now(self) -> datetime:
        """The time in UTC, with its zone."""
        ...

    def steady(self) -> float:
        """Seconds since some moment, which pass steadily however the time is set."""
        ...

    def chance(self) -> float:
        """A number from 0 up to, not including, 1."""
        ...


class Ids(Protocol):
    """Row numbers that sort by time and do not repeat."""

    def next(self) -> int:
        """A positive 63-bit number, larger than the one before from this process."""
        ...
