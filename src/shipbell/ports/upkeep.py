"""Upkeep: what keeps the database small and its states true."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shipbell.domain.deliveries import LaneState

READY = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutRobot:
    """A robot that waits for a person: closed or failing; `projects`, one at least, have subscriptions that name it."""

    id: int
    channel: str
    mask: str
    state: LaneState
    cause: str
    since: datetime | None
    projects: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """How many robots are in each state, and those that wait for a person (a bounded number)."""

    count: Mapping[LaneState, int]
    shut: tuple[ShutRobot, ...]


class Upkeep(Protocol):
    """The tidy side of the store."""

    async def expire(self) -> int:
        """Let what waited too long expire, and cancel what may not be sent; how many expired."""
        ...

    async def forget(self, before: datetime) -> int:
        """Forget a chunk of what is older, but for what waits; 0 when nothing is left, and for a day after a jump."""
        ...

    async def clock_jumped(self) -> None:
        """Give all that waits its whole time again, and let no robot rest until a time that was wrong."""
        ...

    async def tally(self) -> bool:
        """Count what came in the quarters of an hour that are over, some at a time; False when all are counted."""
        ...

    async def waiting(self) -> tuple[int, datetime | None]:
        """How many deliveries wait, and since when the oldest does."""
        ...

    async def robots(self) -> Robots:
        """How the robots stand."""
        ...

    async def ready(self) -> dict[str, str]:
        """Checks of the store by name: `ok`, or a sentence."""
        ...
