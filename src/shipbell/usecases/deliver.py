"""Deliver: make one call, and decide what its result means."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shipbell.domain.results import Result
from shipbell.domain.retry import Policy, decide
from shipbell.ports.channel import Channel
from shipbell.ports.clock import Clock
from shipbell.ports.lanes import Attempt, Batch, Settlement
from shipbell.ports.wire import Call, NoReply, Reply, Transport


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
        return self.settlement(batch, reply)

    def settlement(self, batch: Batch, reply: Reply | NoReply) -> Settlement:
        """Say what a reply means for the deliveries of a batch and for its lane."""
        result: Result = self.channels[batch.channel].classify(reply)
        ended_at = self.clock.now()
        decision = decide(
            result,
            carried=batch.handout.carried if batch.handout else (),
            past=batch.past,
            policy=self.policy,
            now=ended_at,
            chance=self.clock.chance(),
        )
        status = reply.status if isinstance(reply, Reply) else None
        return Settlement(
            batch=batch, attempt=Attempt(ended_at=ended_at, result=result, status=status), decision=decision
        )
