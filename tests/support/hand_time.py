"""The time of an event loop, moved by hand: the network's own timers end when a test says so, on any machine."""

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

import pytest

T = TypeVar("T")
_TURNS = 100
_LOST_SECONDS = 60.0


class HandTime:
    """Stops the time of the running loop, whose timers then fire only when `pass_by` is called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Take over from now on, until the test ends."""
        loop = asyncio.get_running_loop()
        self._at = loop.time()
        monkeypatch.setattr(loop, "time", lambda: self._at)

    async def pass_by(self, seconds: float) -> None:
        """Move on; what this fires has had its turns when this returns."""
        self._at += seconds
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    @staticmethod
    async def without_a_timer(awaited: Awaitable[T]) -> T:
        """What comes although no time passes in the loop; after a minute of the wall clock it counts as lost."""
        task, ends = asyncio.ensure_future(awaited), time.monotonic() + _LOST_SECONDS
        while not task.done():
            assert time.monotonic() < ends, "this waits for a timer, or for ever"
            await asyncio.sleep(0)
        return await task
