"""Throttle: how often something may be tried, for each name (in memory, bounded, per process)."""

from collections import OrderedDict
from datetime import datetime, timedelta
from math import ceil

from shipbell.domain.errors import TooOften

_NAMES = 10_000


class Throttle:
    """A bucket of tries per name that refills one try each `every`."""

    def __init__(self, *, tries: int, every: timedelta, names: int = _NAMES) -> None:
        """Start with full buckets; the name that was tried longest ago is forgotten when there are too many."""
        self._tries = tries
        self._every = every
        self._names = names
        self._buckets: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def take(self, name: str, now: datetime) -> None:
        """Count one try before it is made; raises TooOften when none is left."""
        level = self._level(name, now)
        if level < 1:
            wait = ceil((1 - level) * self._every.total_seconds())
            raise TooOften(f"Too many failed sign-ins: try again in {wait} s.", max(1, wait))
        self._keep(name, level - 1, now)

    def give_back(self, name: str, now: datetime, *, count: int = 1) -> None:
        """Let a try that went well count as none."""
        self._keep(name, self._level(name, now) + count, now)

    def _level(self, name: str, now: datetime) -> float:
        level, at = self._buckets.get(name, (float(self._tries), now))
        return min(float(self._tries), level + max(timedelta(), now - at) / self._every)

    def _keep(self, name: str, level: float, now: datetime) -> None:
        if level >= self._tries:
            self._buckets.pop(name, None)
            return
        self._buckets[name] = (level, now)
        self._buckets.move_to_end(name)
        if len(self._buckets) > self._names:
            self._buckets.popitem(last=False)
