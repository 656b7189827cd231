"""Deliver: make one call, and decide what its result means."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shipbell.domain.results import Result, Transient
from shipbell.domain.retry import Policy, decide
from shipbell.ports.channel import Channel
from shipbell.ports.clock import Clock
from shipbell.ports.lanes import Attempt, Batch, Settlement
from shipbell.ports.wire import Call, Reply, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """Carries batches to their robots."""

    channels: Mapping[str, Channel]
    transport: Transport
    clock: Clock
    policy: Policy = field(default_factory=Policy)

    async def __call__(self, batch: Batch) -> Settlement:
        """Make the call of a batch and say how to settle it."""
        reply = await self.transport.send(Call(url=batch.url, body=batch.body))
        status = reply.status if isinstance(reply, Reply) else None
        return self._settlement(batch, self.channels[batch.channel].classify(reply), status)

    def broken(self, batch: Batch, error: Exception) -> Settlement:
        """How to settle a call that an error of ours ended: the robot may have heard it."""
        return self._settlement(batch, Transient(code="cut-off", detail=type(error).__name__, uncertain=True), None)

    def _settlement(self, batch: Batch, result: Result, status: int | None) -> Settlement:
        """Say what a result means for the deliveries of a batch and for its lane."""
        ended_at = self.clock.now()
        decision = decide(
            result,
            carried=batch.handout.carried if batch.handout else (),
            past=batch.past,
            policy=self.policy,
            now=ended_at,
            chance=self.clock.chance(),
        )
        return Settlement(
            batch=batch, attempt=Attempt(ended_at=ended_at, result=result, status=status), decision=decision
        )
