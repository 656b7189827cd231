"""Streams: the open event streams of this process, and the one look at the store that wakes them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from shipbell.domain.errors import Busy
from shipbell.ports.pulse import Mark, Pulse
from shipbell.telemetry import log

_MOST = 200
_MOST_EACH = 12
_LOOK_SECONDS = 1.0
_BEAT_SECONDS = 15.0
_ASKING_AT_ONCE = 2
# An answer takes some 2 ms: with 200 streams in a busy project 40 % of a core went into them.
_ASKS_A_LOOK = 10
_ASKS_AT_FIRST = 20
_TRY_AGAIN_SECONDS = 30


@dataclass(slots=True, eq=False)
class Stream:
    """What one open page waits for."""

    project_id: int
    user: str
    ended: bool = False
    _stirred: asyncio.Event = field(default_factory=asyncio.Event)

    def stir(self) -> None:
        """Let it look."""
        self._stirred.set()

    def end(self) -> None:
        """Let it end."""
        self.ended = True
        self._stirred.set()

    async def news(self, seconds: float) -> bool:
        """Wait for news; False when none came for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._stirred.wait()
        except TimeoutError:
            return False
        self._stirred.clear()
        return True


class Streams:
    """A bounded number of streams; while there is one, the store is asked once in a while what has changed.

    Turns keep streams from asking all at once, so that the pages of others find a reader free, and from asking more
    often together than the server has time for: where many listen, each hears of news some seconds later.
    """

    def __init__(
        self,
        pulse: Pulse,
        *,
        most: int = _MOST,
        most_each: int = _MOST_EACH,
        look_seconds: float = _LOOK_SECONDS,
        beat_seconds: float = _BEAT_SECONDS,
    ) -> None:
        """Start with none."""
        self.beat_seconds = beat_seconds
        self._turns = asyncio.Semaphore(_ASKING_AT_ONCE)
        self._gap_seconds = look_seconds / _ASKS_A_LOOK
        self._full_at = 0.0
        self._pulse = pulse
        self._most = most
        self._most_each = most_each
        self._look_seconds = look_seconds
        self._open: set[Stream] = set()
        self._marks: Mapping[int, Mark] = {}
        self._watching: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    @property
    def count(self) -> int:
        """How many are open."""
        return len(self._open)

    @property
    def closed(self) -> bool:
        """Whether the server stops."""
        return self._closing.is_set()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until this stream may ask; nobody waits any longer once the server stops."""
        now = asyncio.get_running_loop().time()
        self._full_at = max(self._full_at, now) + self._gap_seconds
        wait = self._full_at - now - _ASKS_AT_FIRST * self._gap_seconds
        try:
            if wait > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._closing.wait()
        except asyncio.CancelledError:
            # Its page was closed: the turn is left to those who wait behind.
            self._full_at -= self._gap_seconds
            raise
        async with self._turns:
            yield

    def open(self, project_id: int, user: str) -> Stream:
        """A new stream, to be given back with `leave`; raises Busy where there are too many."""
        of_user = sum(one.user == user for one in self._open)
        if self.closed or len(self._open) >= self._most or of_user >= self._most_each:
            raise Busy("Too many pages are open that wait for news: load this one again.", _TRY_AGAIN_SECONDS)
        stream = Stream(project_id=project_id, user=user)
        self._open.add(stream)
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch(), name="streams")
        return stream

    def leave(self, stream: Stream) -> None:
        """Give a stream back; with the last one the looking ends."""
        self._open.discard(stream)
        if not self._open and self._watching is not None:
            self._watching.cancel()
            self._watching = None
            self._marks = {}

    def close(self) -> None:
        """End all streams and let no new one in: the server stops."""
        self._closing.set()
        for stream in self._open:
            stream.end()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._look_seconds)
            await self._look()

    async def _look(self) -> None:
        """Stir the streams of the projects where something happened; a project that is new here counts as such."""
        watched = {one.project_id for one in self._open}
        try:
            marks = await self._pulse.marks(sorted(watched))
        except Exception as error:  # noqa: BLE001 - the beat of each stream looks again, and so does the next round
            log().warning("streams.blind", error=type(error).__name__)
            return
        before, self._marks = self._marks, marks
        for stream in self._open:
            if marks.get(stream.project_id) != before.get(stream.project_id):
                stream.stir()
