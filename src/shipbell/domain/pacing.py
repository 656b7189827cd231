"""Pacing: when a robot may get its next call (pure arithmetic over past starts)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

# A robot that got exactly 20 calls in 60 s was seen refusing, so the window is a little longer than a minute.
WINDOW = timedelta(seconds=60.5)
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceRule:
    """How many starts a minute (0 = unpaced), and how many of them at once."""

    per_minute: int
    burst: int

    @property
    def gap(self) -> timedelta:
        """The time one start takes to grow back, rounded up to 10 ms."""
        return timedelta(milliseconds=ceil(_MINUTE_MS / self.per_minute / 10) * 10)


@dataclass(frozen=True, slots=True)
class Pace:
    """What a lane remembers: its starts of the last window, oldest first, and when its bucket is full again."""

    starts: tuple[datetime, ...] = ()
    full_at: datetime | None = None


def _known(pace: Pace, now: datetime) -> tuple[datetime, ...]:
    """The starts that still count; one that seems to lie ahead (the clock went back) counts as now."""
    return tuple(min(start, now) for start in pace.starts if min(start, now) > now - WINDOW)


def _full_at(pace: Pace, rule: PaceRule, now: datetime) -> datetime:
    """When the bucket is full again, bounded by what an empty bucket takes.

    While the window is what holds a lane up the bucket stays empty: a lane that is behind gets no second burst.
    """
    full_at = pace.full_at or now
    if len(pace.starts) >= rule.per_minute:
        opens_at = min(pace.starts[-rule.per_minute], now) + WINDOW
        full_at = max(full_at, opens_at + rule.gap * (rule.burst - 1))
    return min(full_at, now + rule.gap * rule.burst) if full_at > now else now


def room(pace: Pace, rule: PaceRule, now: datetime) -> int | None:
    """How many calls may start at `now`; None when unpaced."""
    if rule.per_minute == 0:
        return None
    missing = ceil((_full_at(pace, rule, now) - now) / rule.gap)
    return max(0, min(rule.burst - missing, rule.per_minute - len(_known(pace, now))))


def present(pace: Pace, rule: PaceRule, now: datetime) -> Pace:
    """The same pace with nothing in it that lies ahead of `now` further than it can: the clock was ahead once."""
    return Pace(_known(pace, now), _full_at(pace, rule, now)) if rule.per_minute else Pace()


def started(pace: Pace, rule: PaceRule, now: datetime) -> Pace:
    """Count one start at `now`."""
    if rule.per_minute == 0:
        return Pace()
    return Pace((*_known(pace, now), now)[-rule.per_minute :], _full_at(pace, rule, now) + rule.gap)


def ended(pace: Pace, at: datetime) -> Pace:
    """Count the last start as of the end of its call: the robot got it by then, and perhaps no sooner."""
    if not pace.starts or pace.starts[-1] >= at:
        return pace
    return Pace((*pace.starts[:-1], at), pace.full_at)


def ready_at(pace: Pace, rule: PaceRule, now: datetime) -> datetime:
    """The earliest time, `now` or later, at which one call may start."""
    if rule.per_minute == 0:
        return now
    earliest = max(now, _full_at(pace, rule, now) - rule.gap * (rule.burst - 1))
    known = _known(pace, now)
    if len(known) >= rule.per_minute:
        earliest = max(earliest, known[-rule.per_minute] + WINDOW)
    return earliest


def drained(pace: Pace, rule: PaceRule, until: datetime) -> Pace:
    """Empty the bucket as of `until`: the first start is then one gap away from a second."""
    if rule.per_minute == 0:
        return pace
    return replace(pace, full_at=until + rule.gap * (rule.burst - 1))
