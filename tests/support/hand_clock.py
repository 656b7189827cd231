"""A clock that stands still until the test moves it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

AT = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)


@dataclass
class HandClock:
    """The time, and the seconds that passed: `move` lets both go on, `jump` sets the time anew."""

    time: datetime = AT
    passed: float = 0.0

    def now(self) -> datetime:
        """The time."""
        return self.time

    def steady(self) -> float:
        """The seconds that passed."""
        return self.passed

    def chance(self) -> float:
        """The middle."""
        return 0.5

    def move(self, seconds: float = 0, **span: float) -> None:
        """Let time pass."""
        gone = timedelta(seconds=seconds, **span)
        self.passed += gone.total_seconds()
        self.time += gone

    def jump(self, seconds: float) -> None:
        """Set the time anew, while none passes."""
        self.time += timedelta(seconds=seconds)
