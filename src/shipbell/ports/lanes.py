"""Lanes: the ordered, paced, leased queues of the robots."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shipbell.domain.deliveries import Companion, Handout
from shipbell.domain.results import Result
from shipbell.domain.retry import Decision
from shipbell.domain.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneFacts:
    """What deciding must know of a lane's past."""

    failures: int
    answered_at: datetime | None
    rejected: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One call to start now: its lane is leased to this worker under `epoch`, its start is counted.

    `handout` is None for a companion text. `epoch` is the fence: a batch of an older epoch cannot settle.
    """

    lane_id: int
    channel: str
    url: Secret
    epoch: int
    attempt_id: int
    started_at: datetime
    lease_until: datetime
    facts: LaneFacts
    msgtype: str
    body: bytes
    handout: Handout | None
    companion: Companion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How one call ended."""

    ended_at: datetime
    result: Result
    status: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A batch, how its call ended and what was decided."""

    batch: Batch
    attempt: Attempt
    decision: Decision


class Lanes(Protocol):
    """The store of lanes; every call takes many rows in one transaction."""

    async def claim(self, worker: str, limit: int) -> Sequence[Batch]:
        """Lease due lanes, count their starts and hand out one call each, `limit` at most."""
        ...

    async def settle(self, worker: str, settlements: Sequence[Settlement], limit: int) -> Sequence[Batch]:
        """Write down what came of many calls, and hand out the next calls as `claim` does.

        Settling twice, or after the lease was lost, changes nothing.
        """
        ...

    async def renew(self, worker: str) -> datetime:
        """Prolong every lease of this worker; returns until when they hold."""
        ...

    async def release(self, worker: str) -> None:
        """Give back every lease of this worker; calls that were cut off count as maybe delivered."""
        ...

    async def next_due_at(self) -> datetime | None:
        """When the next lane wants to be claimed; None when nothing waits."""
        ...
