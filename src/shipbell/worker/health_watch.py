"""The watch: looks at the robots and the database every few seconds and tells who wants to know."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shipbell.domain.errors import DatabaseUnusable
from shipbell.ports.upkeep import READY, Robots, Upkeep

_EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Keeps the metrics and the operator's alarms informed."""

    upkeep: Upkeep
    told: Sequence[Callable[[Robots], None]]
    troubled: Callable[[DatabaseUnusable], None] = lambda _error: None

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await self.turn()
            await asyncio.sleep(_EVERY_SECONDS)

    async def turn(self) -> None:
        """Look once."""
        try:
            robots = await self.upkeep.robots()
            # The loops that write do so only when there is something to write; a full disk is told before.
            for said in (await self.upkeep.ready()).values():
                if said != READY:
                    self.troubled(DatabaseUnusable(said))
        except DatabaseUnusable as error:
            self.troubled(error)
            return
        for tell in self.told:
            tell(robots)
