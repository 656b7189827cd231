"""Throttle: how often something may be tried, for each name (in memory, bounded, per process)."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address
from math import ceil

from shipbell.domain.errors import TooOften

_NAMES = 10_000
_BUSY_SECONDS = 2


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


@dataclass(frozen=True, slots=True)
class Buckets:
    """The buckets that one try is taken from, all or none."""

    of: Sequence[tuple[Throttle, str]]

    def take(self, now: datetime) -> None:
        """Count one try in each; raises TooOften when none is left in one of them."""
        for number, (throttle, name) in enumerate(self.of):
            try:
                throttle.take(name, now)
            except TooOften:
                Buckets(self.of[:number]).give_back(now)
                raise

    def give_back(self, now: datetime, *, count: int = 1) -> None:
        """Let tries count as none."""
        for throttle, name in self.of:
            throttle.give_back(name, now, count=count)


class NetworkThrottle:
    """Tries by network: neighbours count as one caller, and as a crowd with the wider network around them."""

    def __init__(self) -> None:
        """Start with full buckets."""
        self._near = Throttle(tries=60, every=timedelta(seconds=2))
        self._wide = Throttle(tries=600, every=timedelta(milliseconds=200))

    def of(self, address: str) -> Buckets:
        """The buckets of an address."""
        near, wide = networks(address)
        return Buckets([(self._near, near), (self._wide, wide)])


def networks(address: str) -> tuple[str, str]:
    """Who counts as one caller, and the network around: an IPv4 address and its /24, an IPv6 /64 and its /48."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address, address
    found = ip if isinstance(ip, IPv4Address) else ip.ipv4_mapped
    if found is not None:
        return str(found), str(IPv4Network((int(found), 24), strict=False))
    near, wide = (IPv6Network((int(ip), bits), strict=False) for bits in (64, 48))
    return str(near), str(wide)


class Line:
    """A room where few work at once; behind them only so many wait."""

    def __init__(self, *, at_once: int) -> None:
        """Start empty."""
        self._room = asyncio.Semaphore(at_once)
        self._inside = 0

    @asynccontextmanager
    async def place(self, *, most: int) -> AsyncIterator[None]:
        """Wait for a place and work there; raises TooOften at once where `most` work and wait already."""
        if self._inside >= most:
            raise TooOften(f"Too many sign-ins at once: try again in {_BUSY_SECONDS} s.", _BUSY_SECONDS)
        self._inside += 1
        try:
            async with self._room:
                yield
        finally:
            self._inside -= 1
