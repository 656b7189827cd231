"""Upkeep on a database."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from shipbell.domain.errors import DatabaseUnusable
from shipbell.ports.clock import Clock
from shipbell.ports.upkeep import READY, Robots
from shipbell.storage.database.codec import from_ms_or_none, to_ms
from shipbell.storage.database.engine import Database
from shipbell.storage.database.file_identity import Place
from shipbell.storage.upkeep import clock_jumps, health_checks, retention, robot_health, tallies

_READY_SECONDS = 5.0
_SLOW = (
    f"No write came through within {_READY_SECONDS:.0f} seconds: another process holds the database, or its disk hangs."
)


class SqlUpkeep:
    """The tidy side of the store (see `ports.upkeep.Upkeep`)."""

    def __init__(
        self, database: Database, clock: Clock, *, offered: Callable[[str, str], bool], expiry: timedelta
    ) -> None:
        """Tidy this database; what waits does so for `expiry` at most."""
        self._expiry = expiry
        self._database = database
        self._clock = clock
        self._offered = offered
        self.place = Place.of(database.path)

    async def expire(self) -> int:
        """Let what waited too long expire, and cancel what may not be sent; how many expired."""
        now = self._clock.now()

        def work(connection: Connection) -> int:
            retention.withdraw(connection, now, self._offered)
            retention.end_sessions(connection, now)
            return retention.expire(connection, now)

        return await self._database.write(work)

    async def forget(self, before: datetime) -> int:
        """Forget a chunk of what is older, but for what waits; 0 when nothing is left."""
        now = to_ms(self._clock.now())

        def work(connection: Connection) -> int:
            if clock_jumps.holds(connection, now):
                return 0
            tallies.drop_before(connection, before)
            return retention.forget(connection, before)

        return await self._database.write(work)

    async def clock_jumped(self) -> None:
        """Give all that waits its whole time again, and let no robot rest until a time that was wrong."""
        now = self._clock.now()
        await self._database.write(lambda connection: clock_jumps.note(connection, to_ms(now)))
        until = to_ms(now + self._expiry)
        while await self._database.write(lambda connection: clock_jumps.renew_terms(connection, until)):
            continue
        await self._database.write(clock_jumps.wake_all)

    async def tally(self) -> bool:
        """Count what came in the quarters of an hour that are over, some at a time; False when all are counted."""
        now = self._clock.now()
        counted = await self._database.read(lambda connection: tallies.sums(connection, now))
        if counted is None:
            return False
        for part in tallies.parts(counted):
            await self._database.write(partial(tallies.keep, counted=part))
        return True

    async def waiting(self) -> tuple[int, datetime | None]:
        """How many deliveries wait, and since when the oldest does."""
        count, oldest = await self._database.read(retention.state_of_lanes)
        return count, from_ms_or_none(oldest)

    async def robots(self) -> Robots:
        """How the robots stand."""
        return await self._database.read(robot_health.robots)

    async def ready(self) -> dict[str, str]:
        """Whether the database can be written, and soon, and lies where it is looked for."""
        if (moved := self.place.moved()) is not None:
            return {"database": moved.sentence}
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await self._database.write(health_checks.touch)
        except DatabaseUnusable as error:
            return {"database": error.sentence}
        except TimeoutError:
            return {"database": _SLOW}
        return {"database": READY}
