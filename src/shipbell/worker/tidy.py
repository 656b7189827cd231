"""The tidy loop: expiry every few seconds, retention now and then."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shipbell.domain.errors import DatabaseUnusable
from shipbell.ports.clock import Clock
from shipbell.ports.upkeep import Upkeep
from shipbell.telemetry import log
from shipbell.worker.clock_watch import Reading

_EXPIRE_SECONDS = 2.0
_FORGET_EVERY_SECONDS = 600.0
_BETWEEN_CHUNKS_SECONDS = 0.2
# Shorter, since the chunks are small: forgetting keeps up with what a busy instance takes in.
_BETWEEN_FORGOTTEN_SECONDS = 0.05
_TALLIES = 5


@dataclass(slots=True, kw_only=True)
class Tidy:
    """Keeps the database small and its states true."""

    upkeep: Upkeep
    clock: Clock
    retention: timedelta
    told: Sequence[Callable[[int, float], None]] = ()
    troubled: Callable[[DatabaseUnusable], None] = lambda _error: None
    jumped: Callable[[timedelta], None] = lambda _jump: None
    _last: Reading | None = None
    _unsettled: bool = False
    _forget_at: float | None = None

    async def run(self) -> None:
        """Tidy until cancelled."""
        while True:
            await self.turn()
            await asyncio.sleep(_EXPIRE_SECONDS)

    async def turn(self) -> None:
        """Tidy once; from the moment that a jump of the clock is noticed nothing expires and nothing is forgotten."""
        try:
            for step in (self._expire, self._tell, self._tally, self._forget_now_and_then):
                if self._jumped():
                    await self.upkeep.clock_jumped()
                    self._unsettled = False
                    return
                await step()
        except DatabaseUnusable as error:
            log().error("tidy.stuck", sentence=error.sentence)
            self.troubled(error)

    def _jumped(self) -> bool:
        """Whether the clock jumped and that is not taken care of."""
        reading = Reading(self.clock.now(), self.clock.steady())
        jump = None if self._last is None else reading.jump_since(self._last)
        self._last = reading
        if jump is not None:
            log().warning("clock.jumped", seconds=round(jump.total_seconds()))
            self.jumped(jump)
            self._unsettled = True
        return self._unsettled

    async def _expire(self) -> None:
        expired = await self.upkeep.expire()
        if expired:
            log().info("deliveries.expired", count=expired)

    async def _tell(self) -> None:
        waiting, oldest_at = await self.upkeep.waiting()
        age = max(0.0, (self.clock.now() - oldest_at).total_seconds()) if oldest_at else 0.0
        for tell in self.told:
            tell(waiting, age)

    async def _tally(self) -> None:
        """A few chunks a turn: an old database has a month to count."""
        for _ in range(_TALLIES):
            if not await self.upkeep.tally():
                return
            await asyncio.sleep(_BETWEEN_CHUNKS_SECONDS)

    async def _forget_now_and_then(self) -> None:
        """Chunk by chunk, so that events are never held up."""
        now = self.clock.steady()
        if self._forget_at is not None and now < self._forget_at:
            return
        self._forget_at = now + _FORGET_EVERY_SECONDS
        before = self.clock.now() - self.retention
        while gone := await self.upkeep.forget(before):
            log().info("history.forgotten", rows=gone)
            await asyncio.sleep(_BETWEEN_FORGOTTEN_SECONDS)
