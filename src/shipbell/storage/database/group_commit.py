"""Group: the short writes of one turn of the event loop, in one transaction (ADR 0010, 0011)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeVar

from sqlalchemy import Connection

from shipbell.domain.errors import DatabaseUnusable

T = TypeVar("T")
Work = Callable[[Connection], T]

# How long a transaction may hold up the loop before threads serve, and for how long they then do.
_SLOW_SECONDS = 0.05
_SLOW_FOR_SECONDS = 2.0


class LockedOut(Exception):
    """Another process holds the write lock."""


@dataclass(slots=True)
class Rhythm:
    """Whether short writes may run in the event loop's thread: writes are quick, and the writer's thread rests."""

    flights: set[Future[Any]] = field(default_factory=set)
    slow_until: float = 0.0

    def quick(self) -> bool:
        """Whether a short write may run at once."""
        return not self.flights and perf_counter() >= self.slow_until

    def took(self, seconds: float) -> None:
        """A write that held up the loop sends the next ones to the thread for a while."""
        if seconds > _SLOW_SECONDS:
            self.slow_until = perf_counter() + _SLOW_FOR_SECONDS


@dataclass(slots=True, eq=False)
class _Joined:
    """One short write and whoever waits for its end."""

    work: Work[Any]
    done: asyncio.Future[Any] = field(repr=False)


@dataclass(slots=True)
class Group:
    """Short writes that share a transaction, and so a commit; one that breaks it fails alone.

    `here` runs work in this thread and raises LockedOut, with nothing done, when another process writes; `there`
    runs it in the writer's thread. What joins while that thread is busy goes together when it is done.
    """

    here: Callable[[Work[Any]], Any]
    there: Callable[[Work[Any]], Awaitable[Any]]
    rhythm: Rhythm
    _waiting: list[_Joined] = field(default_factory=list)
    _flight: asyncio.Task[None] | None = None

    async def join(self, work: Work[T]) -> T:
        """Run `work` with the others of this turn of the loop; it is committed when this returns."""
        loop = asyncio.get_running_loop()
        joined = _Joined(work, loop.create_future())
        self._waiting.append(joined)
        if len(self._waiting) == 1 and self._flight is None:
            loop.call_soon(self._go)
        result: T = await joined.done
        return result

    def _go(self) -> None:
        taken, self._waiting = [one for one in self._waiting if not one.done.done()], []
        if taken and not (self.rhythm.quick() and self._settled_here(taken)):
            self._flight = asyncio.create_task(self._fly(taken))

    def _settled_here(self, taken: Sequence[_Joined]) -> bool:
        """Whether everybody has an answer; if not, nothing was done."""
        began = perf_counter()
        try:
            results = self.here(_together(taken))
        except LockedOut:
            # Waiting for another process is the thread's job.
            return False
        except DatabaseUnusable as error:
            _refuse(taken, error)
        except Exception as error:  # noqa: BLE001 - whichever of them broke it is found out one by one
            if len(taken) > 1:
                return False
            _refuse(taken, error)
        else:
            _answer(taken, results)
        finally:
            self.rhythm.took(perf_counter() - began)
        return True

    async def _fly(self, taken: Sequence[_Joined]) -> None:
        try:
            try:
                _answer(taken, await self.there(_together(taken)))
            except DatabaseUnusable as error:
                _refuse(taken, error)
            except Exception:  # noqa: BLE001 - whichever of them broke it is found out here
                for one in taken:
                    await self._alone(one)
        finally:
            self._flight = None
            if self._waiting:
                self._go()

    async def _alone(self, one: _Joined) -> None:
        try:
            _answer([one], [await self.there(one.work)])
        except Exception as error:  # noqa: BLE001 - whoever waits for it is told, and nobody else
            _refuse([one], error)


def _together(taken: Sequence[_Joined]) -> Work[list[Any]]:
    return lambda connection: [one.work(connection) for one in taken]


def _answer(taken: Sequence[_Joined], results: Sequence[Any]) -> None:
    for one, result in zip(taken, results, strict=True):
        if not one.done.done():
            one.done.set_result(result)


def _refuse(taken: Sequence[_Joined], error: Exception) -> None:
    for one in taken:
        if not one.done.done():
            one.done.set_exception(error)
