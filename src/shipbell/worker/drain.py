"""Drain: keep many lanes going at once, one call a lane, settled in bulk."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from shipbell.domain.errors import DatabaseUnusable
from shipbell.domain.ids import Prefix, encode
from shipbell.ports.clock import Clock
from shipbell.ports.lanes import Batch, Handed, Lanes, Settlement
from shipbell.telemetry import log
from shipbell.telemetry.surprises import surprise
from shipbell.usecases.deliver import Deliver

# Calls older than this leave the counted places, so that stalled robots cannot use them up.
_YOUNG_SECONDS = 0.5
# The sweep beneath every wake-up: what another process did is found this soon.
_SWEEP_SECONDS = 0.5
_AFTER_TROUBLE_SECONDS = 1.0
_RENEW_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """How many calls may be young at once, and how many open in all."""

    young: int = 256
    open: int = 1_024


@dataclass(slots=True)
class Drain:
    """The loop of one worker; `wake` may be called from the loop's own thread at any time."""

    lanes: Lanes
    deliver: Deliver
    clock: Clock
    worker: str
    places: Places = field(default_factory=Places)
    observe: Callable[[Settlement], None] = lambda _settlement: None
    troubled: Callable[[DatabaseUnusable], None] = lambda _error: None
    _done: list[Settlement] = field(default_factory=list)
    _unmade: list[Batch] = field(default_factory=list)
    # When the call of each lane started, in seconds of the event loop.
    _calls: dict[int, float] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False

    def wake(self) -> None:
        """Look for due lanes now."""
        self._changed.set()

    def stop(self) -> None:
        """Start nothing more; `run` ends when what is in the air is settled."""
        self._stopping = True
        self._changed.set()

    @property
    def open_calls(self) -> int:
        """How many calls are in the air."""
        return len(self._calls)

    async def run(self) -> None:
        """Claim, call and settle until stopped."""
        renewing = asyncio.create_task(self._renew())
        try:
            while not self._stopping:
                self._changed.clear()
                await self._pause(await self._turn())
            await self._finish()
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    def room(self) -> int:
        """How many more calls may start."""
        edge = asyncio.get_running_loop().time() - _YOUNG_SECONDS
        young = sum(1 for started in self._calls.values() if started > edge)
        return max(0, min(self.places.young - young, self.places.open - len(self._calls)))

    async def _turn(self) -> Handed | None:
        """Settle what ended and start what may go; None when the database could not be used."""
        done, self._done = self._done, []
        unmade, self._unmade = self._unmade, []
        try:
            handed = await self.lanes.settle(self.worker, done, self.room(), unmade=unmade, calling=self._calling(done))
        except DatabaseUnusable as error:
            # What was called is not forgotten: it is settled as soon as the database can be written again.
            self._done, self._unmade = done + self._done, unmade + self._unmade
            log().error("lanes.stuck", sentence=error.sentence, unsettled=len(self._done))
            self.troubled(error)
            return None
        for batch in handed.batches:
            self._start(batch)
        return handed

    async def _pause(self, handed: Handed | None) -> None:
        """Wait until something ended, arrived or is due."""
        if handed is None:
            await asyncio.sleep(_AFTER_TROUBLE_SECONDS)
            return
        if (self._done or self._unmade) and self.room():
            return
        seconds = _SWEEP_SECONDS
        if handed.next_due_at is not None and self.room():
            seconds = min(seconds, max(0.0, (handed.next_due_at - self.clock.now()).total_seconds()))
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return

    def _start(self, batch: Batch) -> None:
        self._calls[batch.lane_id] = asyncio.get_running_loop().time()
        task = asyncio.create_task(self._call(batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _call(self, batch: Batch) -> None:
        """Make a call; what comes of it, or that it was not made, is settled in the next turn."""
        try:
            if self.clock.now() >= batch.lease_until:
                # Somebody else may own the lane by now.
                self._unmade.append(batch)
                return
            settlement = await self._delivered(batch)
            self._done.append(settlement)
            self.observe(settlement)
        except Exception as error:  # noqa: BLE001 - the call is settled; only its line in log and metrics is lost
            log().error("call.unobserved", **surprise(error))
        finally:
            del self._calls[batch.lane_id]
            self._changed.set()

    async def _delivered(self, batch: Batch) -> Settlement:
        try:
            return await self.deliver(batch)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one call, its lane must go on
            log().error("call.broken", robot=encode(Prefix.ROBOT, batch.lane_id), **surprise(error))
            return self.deliver.broken(batch, error)

    def _calling(self, unsettled: Sequence[Settlement] = ()) -> set[int]:
        """The lanes with a call in the air, or with one that ended and is not settled."""
        return {*self._calls, *(one.batch.lane_id for one in (*self._done, *unsettled))}

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            try:
                await self.lanes.renew(self.worker, self._calling())
            except DatabaseUnusable as error:
                log().error("leases.not_renewed", sentence=error.sentence)

    async def _finish(self) -> None:
        """Let calls end and settle them, claiming nothing new."""
        while self._tasks or self._done or self._unmade:
            if self._tasks:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            done, self._done = self._done, []
            unmade, self._unmade = self._unmade, []
            try:
                await self.lanes.settle(self.worker, done, 0, unmade=unmade, calling=self._calling(done))
            except DatabaseUnusable as error:
                log().error("lanes.unsettled", sentence=error.sentence, unsettled=len(done))
                return
