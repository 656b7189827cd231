"""The supervisor: notices when a part of the server ends that should never end by itself."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Protocol

from shipbell.domain.errors import InternalError
from shipbell.telemetry import log
from shipbell.telemetry.surprises import surprise

Task = asyncio.Task[None]


class Part(Protocol):
    """What runs for as long as the server does."""

    async def run(self) -> None:
        """Run until cancelled or stopped."""
        ...


def started(**parts: Part) -> dict[str, Task]:
    """The tasks of these parts, by name."""
    return {name: asyncio.create_task(part.run(), name=name) for name, part in parts.items()}


async def until_stopped(stop: asyncio.Event, vital: Mapping[str, Task], others: Mapping[str, Task]) -> str | None:
    """Wait until `stop` is set; the name of the vital part that ended before, or None.

    A server without a vital part looks alive and keeps no promise: it is better ended, and started anew. The
    end of any other part is logged, and the server goes on.
    """
    stopping = asyncio.create_task(stop.wait())
    for name, task in {**vital, **others}.items():
        task.add_done_callback(partial(_tell, stop, name))
    await asyncio.wait([stopping, *vital.values()], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    dead = None if stop.is_set() else next(name for name, task in vital.items() if task.done())
    stop.set()
    return dead


def _tell(stop: asyncio.Event, name: str, task: Task) -> None:
    if stop.is_set():
        return
    error = None if task.cancelled() else task.exception()
    log().error("part.ended", part=name, **surprise(error))


def ended(part: str) -> InternalError:
    """What is said at the end of a server whose part ended."""
    return InternalError(f"The part {part} ended by itself, so the server ends too: start it again; the log says why.")
