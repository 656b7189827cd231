"""Lanes: the ordered, paced, leased queues of the robots."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from shipbell.domain.deliveries import Handout
from shipbell.domain.results import Result
from shipbell.domain.retry import Decision, Past
from shipbell.domain.secret import Secret


class Batch(Struct, frozen=True, kw_only=True):
    """One call to start now: its lane is leased to `owner` under `epoch`, its start is counted.

    `handout` is None for a companion text. `epoch` is the fence: a batch of an older epoch cannot settle.
    """

    lane_id: int
    channel: str
    url: Secret
    owner: str
    epoch: int
    attempt_id: int
    started_at: datetime
    lease_until: datetime
    past: Past
    msgtype: str
    body: bytes
    delivery_ids: tuple[int, ...]
    handout: Handout | None


class Attempt(Struct, frozen=True, kw_only=True):
    """How one call ended."""

    ended_at: datetime
    result: Result
    status: int | None


class Settlement(Struct, frozen=True, kw_only=True):
    """A batch, how its call ended and what was decided."""

    batch: Batch
    attempt: Attempt
    decision: Decision


class Handed(Struct, frozen=True, kw_only=True):
    """The calls to start now, and when the next lane wants to be claimed (None when nothing waits)."""

    batches: tuple[Batch, ...]
    next_due_at: datetime | None


class Lanes(Protocol):
    """The store of lanes; every call takes many rows in one transaction."""

    async def claim(self, worker: str, limit: int) -> Handed:
        """Lease due lanes, count their starts and hand out one call each, `limit` at most."""
        ...

    async def settle(
        self,
        worker: str,
        settlements: Sequence[Settlement],
        limit: int,
        *,
        unmade: Sequence[Batch] = (),
        calling: Collection[int] = (),
    ) -> Handed:
        """Write down what came of many calls, and hand out the next calls as `claim` does.

        `unmade` are calls that were handed out and not made: their deliveries wait again, unmarked. Leases that ran
        out are ended, but for those of this worker on the lanes that it is `calling`. Settling twice, or after the
        lease was lost, changes nothing.
        """
        ...

    async def renew(self, worker: str, calling: Collection[int]) -> None:
        """Prolong the leases of this worker on the lanes that it is calling, and those alone."""
        ...

    async def release(self, worker: str | None = None) -> int:
        """End every lease of this worker (None: of every worker); says how many calls were cut off.

        Their deliveries wait again, marked as maybe delivered.
        """
        ...
