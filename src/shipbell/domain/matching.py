"""Matching: which subscriptions want an event, and why the others do not."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from shipbell.domain.events import Event, Gate
from shipbell.domain.subscriptions import GateFilter, Subscription

_CHECK = "check.task.completed"
_GATES = {GateFilter.PASSED: Gate.PASSED, GateFilter.FAILED: Gate.FAILED}


class Rule(StrEnum):
    """The rules of matching, in the order in which they are asked."""

    OFFERED = "channel-offered"
    ENABLED = "subscription-enabled"
    TYPE = "event-type-ticked"
    GATE = "gate-filter"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says of an event."""

    rule: Rule
    holds: bool


def rules(event: Event, subscription: Subscription, *, offered: bool) -> tuple[Verdict, ...]:
    """Every rule with its answer; all must hold. `offered`: the channel is offered in the project's region."""
    return (
        Verdict(Rule.OFFERED, offered),
        Verdict(Rule.ENABLED, subscription.enabled),
        Verdict(Rule.TYPE, event.type in subscription.events),
        Verdict(Rule.GATE, gate_wanted(event, subscription)),
    )


def gate_wanted(event: Event, subscription: Subscription) -> bool:
    """Whether the gate filter lets an event through; it narrows completed checks alone."""
    if event.type != _CHECK or subscription.gate is GateFilter.ALL:
        return True
    return event.gate is _GATES[subscription.gate]


def matching(event: Event, subscriptions: Iterable[Subscription]) -> tuple[Subscription, ...]:
    """The subscriptions that want this event, of those whose channel is offered."""
    return tuple(one for one in subscriptions if one.enabled and event.type in one.events and gate_wanted(event, one))
