"""Intake: many requests, one transaction (group commit); a bad one fails alone."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from shipbell.domain.errors import DatabaseUnusable
from shipbell.ports.clock import Ids
from shipbell.ports.intake import Accepted, DoorCall, Received
from shipbell.storage.database.engine import Database
from shipbell.storage.queue.insert_events import Submission, keep
from shipbell.storage.queue.refused_calls import DoorLog
from shipbell.storage.queue.turns import Turns, Waiting
from shipbell.telemetry import log
from shipbell.telemetry.surprises import surprise

_DOOR_SECONDS = 1.0

# What a sender is told: what was kept, or why it was not.
_Ending = Accepted | Exception


class GroupIntake:
    """The durable way in on one database; `woken` is called after each commit that made deliveries."""

    def __init__(
        self,
        database: Database,
        ids: Ids,
        *,
        expiry: timedelta,
        woken: Callable[[], None],
        door_seconds: float = _DOOR_SECONDS,
    ) -> None:
        """Start with an empty queue; `run` must be going for anything to be kept."""
        self._door_seconds = door_seconds
        self._database = database
        self._expiry = expiry
        self._woken = woken
        self._queue = Turns()
        self._arrived = asyncio.Event()
        self._door = DoorLog(ids)

    async def accept(self, received: Sequence[Received], *, version: int, size_bytes: int = 0) -> Accepted:
        """Keep events and their deliveries together (see `ports.intake.Intake.accept`)."""
        if not received:
            return Accepted(event_ids=(), duplicates=0, ignored=0)
        submission = Submission(tuple(received), version)
        waiting = Waiting(submission, size_bytes, asyncio.get_running_loop().create_future())
        self._queue.add(waiting)
        self._arrived.set()
        return await waiting.done

    def note(self, call: DoorCall) -> None:
        """Keep a call for the source's page, soon and bounded."""
        self._door.note(call)

    async def run(self) -> None:
        """Keep what arrives until cancelled, and the calls at the door now and then, however busy it is."""
        loop = asyncio.get_running_loop()
        door_at = loop.time() + self._door_seconds
        while True:
            if not self._queue:
                await self._arrival(door_at - loop.time())
            if self._queue:
                await self._keep(self._queue.take())
            if loop.time() >= door_at:
                await self._write_door()
                door_at = loop.time() + self._door_seconds

    async def _arrival(self, seconds: float) -> None:
        self._arrived.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._arrived.wait(), max(0.0, seconds))

    async def drain(self) -> None:
        """Keep what is still queued, with the door's calls, before the end."""
        while self._queue:
            await self._keep(self._queue.take())
        await self._write_door()

    async def _keep(self, taken: list[Waiting]) -> None:
        submissions = [one.submission for one in taken]
        endings: Sequence[_Ending]
        try:
            endings = await self._database.write(
                lambda connection: keep(connection, submissions, self._expiry), short=True
            )
        except DatabaseUnusable as error:
            endings = [error] * len(taken)
        except Exception:  # noqa: BLE001 - whichever of them broke it is found out one by one
            endings = [await self._keep_alone(one) for one in submissions]
        for one, ending in zip(taken, endings, strict=True):
            _answer(one.done, ending)
        if any(isinstance(one, Accepted) for one in endings):
            self._wake()

    def _wake(self) -> None:
        try:
            self._woken()
        except Exception as error:  # noqa: BLE001 - what is kept is kept; the worker's sweep finds it too
            log().error("intake.unheard", **surprise(error))

    async def _keep_alone(self, submission: Submission) -> _Ending:
        try:
            [ending] = await self._database.write(lambda connection: keep(connection, [submission], self._expiry))
        except SQLAlchemyError as error:
            return DatabaseUnusable(f"This call cannot be kept ({type(error).__name__}); others are.")
        except Exception as error:  # noqa: BLE001 - its own sender is told, and nobody else
            return error
        return ending

    async def _write_door(self) -> None:
        if calls := self._door.take():
            try:
                await self._database.write(lambda connection: self._door.write(connection, calls))
            except Exception as error:  # noqa: BLE001 - calls at the door may be lost; what was accepted may not
                log().warning("door.unwritten", count=len(calls), error=type(error).__name__)


def _answer(done: asyncio.Future[Accepted], ending: _Ending) -> None:
    if done.done():
        return
    if isinstance(ending, Accepted):
        done.set_result(ending)
    else:
        done.set_exception(ending)
