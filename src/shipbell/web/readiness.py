"""Readiness: asked of the database once a second at most, however many ask."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from shipbell.ports.clock import Clock

Check = Callable[[], Awaitable[dict[str, str]]]

_HOLDS = timedelta(seconds=1)


class Readiness:
    """The answer of a check, shared by all who ask while it is made and for a second after it began."""

    def __init__(self, check: Check, clock: Clock) -> None:
        """Nothing was asked yet."""
        self._check = check
        self._clock = clock
        self._asked: asyncio.Task[dict[str, str]] | None = None
        self._at = clock.now()

    async def checks(self) -> dict[str, str]:
        """What the check says, no older than a second."""
        asked, now = self._asked, self._clock.now()
        if asked is None or (asked.done() and not timedelta() <= now - self._at < _HOLDS):
            asked = self._asked = asyncio.ensure_future(self._ask())
            self._at = now
        # Who leaves takes the answer away from nobody else.
        return await asyncio.shield(asked)

    async def _ask(self) -> dict[str, str]:
        return await self._check()
