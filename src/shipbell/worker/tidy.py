"""The tidy loop: expiry every few seconds, retention now and then."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shipbell.domain.errors import DatabaseUnusable
from shipbell.ports.clock import Clock
from shipbell.ports.upkeep import Upkeep
from shipbell.telemetry import log

_EXPIRE_SECONDS = 2.0
_FORGET_EVERY = timedelta(minutes=10)
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

    async def run(self) -> None:
        """Tidy until cancelled."""
        forgot_at = None
        while True:
            try:
                expired = await self.upkeep.expire()
                if expired:
                    log().info("deliveries.expired", count=expired)
                waiting, oldest_at = await self.upkeep.waiting()
                age = (self.clock.now() - oldest_at).total_seconds() if oldest_at else 0.0
                for tell in self.told:
                    tell(waiting, age)
                await self._tally()
                if forgot_at is None or self.clock.now() - forgot_at > _FORGET_EVERY:
                    forgot_at = self.clock.now()
                    await self._forget()
            except DatabaseUnusable as error:
                log().error("tidy.stuck", sentence=error.sentence)
                self.troubled(error)
            await asyncio.sleep(_EXPIRE_SECONDS)

    async def _tally(self) -> None:
        """A few chunks a turn: an old database has a month to count."""
        for _ in range(_TALLIES):
            if not await self.upkeep.tally():
                return
            await asyncio.sleep(_BETWEEN_CHUNKS_SECONDS)

    async def _forget(self) -> None:
        """Chunk by chunk, so that events are never held up."""
        before = self.clock.now() - self.retention
        while gone := await self.upkeep.forget(before):
            log().info("history.forgotten", rows=gone)
            await asyncio.sleep(_BETWEEN_FORGOTTEN_SECONDS)
