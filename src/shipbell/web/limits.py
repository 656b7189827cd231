"""How many calls a second a source may make (a bucket in memory, per process)."""

from collections.abc import Hashable
from datetime import datetime
from math import ceil

from shipbell.domain.errors import TooOften

_SOURCES = 10_000


class SourceLimit:
    """A bucket per source that holds two seconds' worth; 0 a second means no limit.

    A clock that is set back adds nothing, and takes nothing away.
    """

    def __init__(self, per_second: float) -> None:
        """Start with full buckets."""
        self._per_second = per_second
        self._burst = max(1.0, per_second * 2)
        self._buckets: dict[Hashable, tuple[float, datetime]] = {}

    def check(self, source: Hashable, now: datetime) -> None:
        """Count one call; raises TooOften when the bucket is empty."""
        if not self._per_second:
            return
        level, at = self._buckets.get(source, (self._burst, now))
        level = min(self._burst, level + max(0.0, (now - at).total_seconds()) * self._per_second)
        if level < 1:
            wait = ceil((1 - level) / self._per_second)
            raise TooOften(f"This source sends more than {self._per_second:g} calls a second.", wait)
        if source not in self._buckets and len(self._buckets) >= _SOURCES:
            self._buckets.clear()
        self._buckets[source] = (level - 1, now)
