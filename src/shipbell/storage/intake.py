"""Intake: many requests, one transaction (group commit); a bad one fails alone."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from shipbell.domain.errors import Busy, DatabaseUnusable, ShipbellError
from shipbell.ports.clock import Ids
from shipbell.ports.intake import Accepted, ConfigurationMoved, DoorCall, Received
from shipbell.storage.door import DoorLog
from shipbell.storage.engine import Database
from shipbell.storage.keeping import Ending, Submission, keep

_AT_ONCE = 1_024
_QUEUE = 20_000
_DOOR_SECONDS = 1.0


@dataclass(slots=True, eq=False)
class _Waiting:
    """A submission whose sender waits for the commit."""

    submission: Submission
    done: asyncio.Future[Accepted] = field(repr=False)


class GroupIntake:
    """The durable way in on one database; `woken` is called after each commit that made deliveries."""

    def __init__(self, database: Database, ids: Ids, *, expiry: timedelta, woken: Callable[[], None]) -> None:
        """Start with an empty queue; `run` must be going for anything to be kept."""
        self._database = database
        self._expiry = expiry
        self._woken = woken
        self._queue: deque[_Waiting] = deque()
        self._events = 0
        self._arrived = asyncio.Event()
        self._door = DoorLog(ids)

    async def accept(self, received: Sequence[Received], *, version: int) -> Accepted:
        """Keep events and their deliveries together (see `ports.intake.Intake.accept`)."""
        if not received:
            return Accepted(event_ids=(), duplicates=0, ignored=0)
        if self._events + len(received) > _QUEUE:
            raise Busy("More events wait to be kept than there is room for: send them again in a second.")
        waiting = _Waiting(Submission(tuple(received), version), asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._events += len(received)
        self._arrived.set()
        return await waiting.done

    def note(self, call: DoorCall) -> None:
        """Keep a call for the source's page, soon and bounded."""
        self._door.note(call)

    async def run(self) -> None:
        """Keep what arrives until cancelled."""
        while True:
            try:
                await asyncio.wait_for(self._arrived.wait(), _DOOR_SECONDS)
            except TimeoutError:
                await self._write_door()
                continue
            self._arrived.clear()
            while self._queue:
                await self._keep(self._take())

    async def drain(self) -> None:
        """Keep what is still queued, with the door's calls, before the end."""
        while self._queue:
            await self._keep(self._take())
        await self._write_door()

    def _take(self) -> list[_Waiting]:
        """The next submissions, as many as one transaction should hold; always at least one."""
        taken = [self._queue.popleft()]
        size = len(taken[0].submission.received)
        while self._queue and size + len(self._queue[0].submission.received) <= _AT_ONCE:
            taken.append(self._queue.popleft())
            size += len(taken[-1].submission.received)
        self._events -= size
        return taken

    async def _keep(self, taken: list[_Waiting]) -> None:
        submissions = [one.submission for one in taken]
        try:
            endings = await self._database.write(lambda connection: keep(connection, submissions, self._expiry))
        except DatabaseUnusable as error:
            endings = [error] * len(taken)
        except SQLAlchemyError:
            endings = [await self._keep_alone(one) for one in submissions]
        woken = False
        for one, ending in zip(taken, endings, strict=True):
            woken = woken or isinstance(ending, Accepted)
            _answer(one.done, ending)
        if woken:
            self._woken()

    async def _keep_alone(self, submission: Submission) -> Ending:
        try:
            [ending] = await self._database.write(lambda connection: keep(connection, [submission], self._expiry))
        except ShipbellError as error:
            return error
        except SQLAlchemyError as error:
            return DatabaseUnusable(f"This call cannot be kept ({type(error).__name__}); others are.")
        return ending

    async def _write_door(self) -> None:
        if calls := self._door.take():
            try:
                await self._database.write(lambda connection: self._door.write(connection, calls))
            except (DatabaseUnusable, SQLAlchemyError):
                # Calls at the door may be lost; what was accepted may not.
                return


def _answer(done: asyncio.Future[Accepted], ending: Ending) -> None:
    if done.done():
        return
    match ending:
        case Accepted():
            done.set_result(ending)
        case ShipbellError() | ConfigurationMoved():
            done.set_exception(ending)
