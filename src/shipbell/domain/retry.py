"""Decide what a result means for the deliveries it carried and for their lane (one pure function)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from msgspec import Struct

from shipbell.domain.deliveries import Waiting
from shipbell.domain.results import Delivered, Gone, Refused, Rejected, Result, Throttled, Transient

STEP_ASIDE_AFTER = timedelta(minutes=1)
UNCERTAIN_REPEATS = 2
ANSWERS_LOST = "answers-lost"
REJECTED_IN_A_ROW = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How patient a lane is: pauses start at `first_pause`, double up to `longest_pause`, within ± `spread`."""

    first_pause: timedelta = timedelta(seconds=5)
    longest_pause: timedelta = timedelta(minutes=5)
    spread: float = 0.2


class Shown(Struct, frozen=True, kw_only=True):
    """The group saw it."""


class Buried(Struct, frozen=True, kw_only=True):
    """It is a dead letter; `maybe` when the group may have seen it all the same; `cause` if not the result's code."""

    maybe: bool = False
    cause: str | None = None


class Again(Struct, frozen=True, kw_only=True):
    """It waits on. `counted` adds a failure, `alone` forbids digests, `aside` sends it to the tail."""

    counted: bool
    uncertain: bool = False
    alone: bool = False
    aside: bool = False


Fate = Shown | Buried | Again


class GoOn(Struct, frozen=True, kw_only=True):
    """The lane goes on; `answered` when the robot took or refused the call itself."""

    rejected: tuple[int, ...] = ()


class Pause(Struct, frozen=True, kw_only=True):
    """The lane rests until `until`; `drained` empties its bucket, `failed` counts towards longer pauses.

    `others_at`: from then on it may go for deliveries that have not stepped aside; None = nobody goes before `until`.
    """

    until: datetime
    drained: bool
    failed: bool
    others_at: datetime | None = None


class Stop(Struct, frozen=True, kw_only=True):
    """The lane stops as failing; what waits stays and waits for a person."""

    rejected: tuple[int, ...]


class Close(Struct, frozen=True, kw_only=True):
    """The lane closes; what waits, and what comes, is dead with this cause."""


Onward = GoOn | Pause | Stop | Close


class Decision(Struct, frozen=True, kw_only=True):
    """One fate per delivery id, and how the lane goes on."""

    fates: dict[int, Fate]
    onward: Onward


class Past(Struct, frozen=True, kw_only=True):
    """What happened on the lane before: failures in a row, its last answer, messages rejected in a row.

    `others`: deliveries wait behind this call that have not stepped aside.
    """

    failures: int = 0
    answered_at: datetime | None = None
    rejected: tuple[int, ...] = ()
    others: bool = False


def pause_for(failures: int, policy: Policy, chance: float) -> timedelta:
    """How long a lane rests after `failures` failures in a row (1 or more)."""
    doubled: timedelta = policy.first_pause * (2 ** min(failures - 1, 16))
    swing = 1 + policy.spread * (2 * chance - 1)
    return min(doubled, policy.longest_pause) * swing


@dataclass(frozen=True, slots=True)
class _Pauses:
    """How long a lane rests from `now` on."""

    policy: Policy
    now: datetime
    chance: float

    def until(self, failures: int) -> datetime:
        """The end of the pause after so many failures in a row."""
        return self.now + pause_for(failures, self.policy, self.chance)


def _answered_since(waiting: Waiting, past: Past) -> bool:
    """Whether the robot answered another call after this delivery's answer got lost the last time."""
    if past.answered_at is None or waiting.uncertain_since is None:
        return False
    return past.answered_at > waiting.uncertain_since


def _again(waiting: Waiting, result: Transient, past: Past, now: datetime) -> Fate:
    """A delivery whose call failed waits on; one whose answers get lost is not repeated for ever.

    It ends when the robot answered another call since the last loss, and lost this one again: what was lost while the
    robot was silent proves nothing.
    """
    if result.uncertain and waiting.uncertain >= UNCERTAIN_REPEATS and _answered_since(waiting, past):
        return Buried(maybe=True, cause=ANSWERS_LOST)
    aside = _steps_aside(waiting, result, past, now)
    return Again(counted=True, uncertain=result.uncertain, alone=waiting.alone, aside=aside)


def _steps_aside(waiting: Waiting, result: Transient, past: Past, now: datetime) -> bool:
    """Whether others go first: it fails for long, or it was lost twice and others can show whether the robot answers.

    After the first time it does so only for those that never did.
    """
    failing = now - (waiting.failing_since or now) > STEP_ASIDE_AFTER
    lost = result.uncertain and waiting.uncertain > 0
    return past.others if lost else failing and (past.others or not waiting.stepped_aside)


def _transient(carried: tuple[Waiting, ...], result: Transient, past: Past, pauses: _Pauses) -> Decision:
    """The lane rests longer each time, but not for what waits behind a message that stepped aside."""
    fates = {one.id: _again(one, result, past, pauses.now) for one in carried}
    aside = any(isinstance(fate, Again) and fate.aside for fate in fates.values())
    until = pauses.until(1 if aside else past.failures + 1)
    alone = bool(carried) and not aside and all(one.stepped_aside for one in carried)
    others_at = pauses.now + pauses.policy.first_pause if alone else None
    return Decision(fates=fates, onward=Pause(until=until, drained=False, failed=True, others_at=others_at))


def _tested(carried: tuple[Waiting, ...], result: Result, past: Past, pauses: _Pauses) -> Decision:
    """A test is one call: whatever comes of it is its end, and says nothing of other messages."""
    maybe = (isinstance(result, Transient) and result.uncertain) or (isinstance(result, Rejected) and result.maybe)
    fates: dict[int, Fate] = {one.id: Buried(maybe=maybe) for one in carried}
    match result:
        case Throttled(pause=pause, drained=drained):
            return Decision(fates=fates, onward=Pause(until=pauses.now + pause, drained=drained, failed=False))
        case Rejected():
            return Decision(fates=fates, onward=GoOn(rejected=past.rejected))
        case Transient() | Gone() | Refused():
            until = pauses.now + pauses.policy.first_pause
            return Decision(fates=fates, onward=Pause(until=until, drained=False, failed=False))
        case Delivered():
            return Decision(fates={one.id: Shown() for one in carried}, onward=GoOn())
        case _:
            assert_never(result)


def _rejected(carried: tuple[Waiting, ...], result: Rejected, past: Past) -> Decision:
    """A digest is taken apart; a message alone is buried, the fifth in a row stops the lane instead."""
    if result.maybe or not carried:
        return Decision(fates={one.id: Buried(maybe=True) for one in carried}, onward=GoOn())
    first = carried[0].id
    row = past.rejected if first in past.rejected else (*past.rejected, first)
    if len(row) >= REJECTED_IN_A_ROW:
        fates: dict[int, Fate] = {one.id: Again(counted=True, alone=True) for one in carried}
        return Decision(fates=fates, onward=Stop(rejected=row))
    if len({one.event_id for one in carried}) > 1:
        fates = {one.id: Again(counted=True, alone=True) for one in carried}
        return Decision(fates=fates, onward=GoOn(rejected=row))
    return Decision(fates={one.id: Buried() for one in carried}, onward=GoOn(rejected=row))


def decide(  # noqa: PLR0913 - the facts that a decision rests on, each by its name
    result: Result, *, carried: tuple[Waiting, ...], past: Past, policy: Policy, now: datetime, chance: float
) -> Decision:
    """Say what a result means; equal facts give equal decisions."""
    pauses = _Pauses(policy, now, chance)
    if carried and carried[0].test:
        return _tested(carried, result, past, pauses)
    match result:
        case Delivered():
            return Decision(fates={one.id: Shown() for one in carried}, onward=GoOn())
        case Throttled(pause=pause, drained=drained):
            same: dict[int, Fate] = {one.id: Again(counted=False, alone=one.alone) for one in carried}
            return Decision(fates=same, onward=Pause(until=now + pause, drained=drained, failed=False))
        case Transient():
            return _transient(carried, result, past, pauses)
        case Rejected():
            return _rejected(carried, result, past)
        case Gone() | Refused():
            return Decision(fates={one.id: Buried() for one in carried}, onward=Close())
        case _:
            assert_never(result)
