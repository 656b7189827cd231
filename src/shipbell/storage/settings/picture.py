"""Picture: the settings in memory, renewed by one read for all who ask at once."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection, select

from shipbell.ports.clock import Clock
from shipbell.ports.directory import Snapshot
from shipbell.storage.database.engine import Database
from shipbell.storage.tables.flow import counters

# A change by another process is seen this soon.
_FRESH = timedelta(seconds=0.5)


class Picture:
    """The present settings, as the hot path reads them.

    At most one read runs and at most one waits behind it, however many callers there are: each of a thousand would
    read the same rows. A caller joins only a read that begins late enough for what the caller must see.
    """

    def __init__(self, database: Database, clock: Clock, read: Callable[[Connection], Snapshot]) -> None:
        """Nothing is known yet; `read` looks at everything."""
        self._database = database
        self._clock = clock
        self._read = read
        self._known: Snapshot | None = None
        self._checked_at = clock.now()
        self._checking = False
        # The read that runs, unless a change was made here since it began; and the one that has not begun.
        self._running: asyncio.Task[Snapshot] | None = None
        self._current: asyncio.Task[Snapshot] | None = None
        self._next: asyncio.Task[Snapshot] | None = None

    async def present(self) -> Snapshot:
        """The picture, at most half a second old, and the while that a look at the database takes."""
        now, known = self._clock.now(), self._known
        if known is None:
            return await (self.renewed() if self._current is None else asyncio.shield(self._current))
        if self._checking or timedelta() <= now - self._checked_at < _FRESH:
            return known
        # One caller looks; the others do not queue up behind it with looks of their own.
        self._checking = True
        try:
            version = await self._database.read(version_of)
        finally:
            self._checking = False
        if version != known.version:
            return await self.renewed()
        self._checked_at = now
        return known

    async def renewed(self) -> Snapshot:
        """The picture as a read finds it that begins after this call."""
        if self._next is None:
            self._next = asyncio.create_task(self._renew(self._running))
        # A caller that goes away leaves the read to the others.
        return await asyncio.shield(self._next)

    def outdate(self) -> None:
        """Forget what was read before a change that was made here, also by a read that still runs."""
        self._known = self._current = None

    async def _renew(self, before: asyncio.Task[Snapshot] | None) -> Snapshot:
        if before is not None:
            await asyncio.wait([before])
        me = self._running = self._current = self._next
        self._next = None
        began = self._clock.now()
        try:
            found = await self._database.read(self._read)
            if self._current is me:
                self._known, self._checked_at = found, began
            return found
        finally:
            self._running = None
            if self._current is me:
                self._current = None


def version_of(connection: Connection) -> int:
    """How often the settings were changed."""
    statement = select(counters.c.value).where(counters.c.name == "configuration")
    version: int = connection.execute(statement).scalar_one()
    return version
