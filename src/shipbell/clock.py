"""The real clock."""

import random
import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's time and chance (see `ports.clock.Clock`)."""

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.now(UTC)

    def steady(self) -> float:
        """Seconds since some moment, which pass steadily however the time is set."""
        return time.monotonic()

    def chance(self) -> float:
        """A number from 0 up to, not including, 1; it spreads retries and decides nothing secret."""
        return random.random()  # noqa: S311 - spreads retries, nothing secret
