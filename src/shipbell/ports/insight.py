"""Insight: lists that stay quick however much is kept, counts with a bound, and figures for charts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, Self, TypeVar

from shipbell.domain.deliveries import LaneState
from shipbell.ports.history import DeliveryLine, EventLine, Find

T = TypeVar("T")
COUNTED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[T]):
    """Some items and the cursor of what follows.

    `looked_until` is set where a bounded look ended before the page was full: older ones may follow.
    """

    items: tuple[T, ...]
    next: int | None = None
    looked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """A number that is exact unless `more`."""

    number: int
    more: bool = False

    @classmethod
    def of(cls, number: int, *, more: bool = False) -> Self:
        """So many, told exactly up to `COUNTED`; `more` = there are others that were not counted."""
        return cls(min(number, COUNTED), more or number > COUNTED)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits, and since when the oldest does."""

    count: Count
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A robot with its state alone."""

    id: int
    mask: str
    state: LaneState


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """A project at a glance: its robots by state, what waits and what is dead, its last day of events by the hour.

    `closed`, `failing` and `paused` count the robots of subscriptions that are switched on; of those that pause, only
    where something waits.
    """

    closed: int = 0
    failing: int = 0
    paused: int = 0
    waiting: Count
    dead: Count
    last_event_at: datetime | None
    hours: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Tries:
    """How often a delivery was sent, and how many deliveries the largest of those messages carried."""

    attempts: int = 0
    carried: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One stretch of time in a chart; the seconds are None where nothing was delivered."""

    since: datetime
    events: int = 0
    ignored: int = 0
    delivered: int = 0
    waiting: int = 0
    ended_badly: int = 0
    p50: float | None = None
    p99: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """A pipeline, application or task with its events and those of a bad result."""

    name: str
    events: int
    bad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What the group of a subscription heard: deliveries, messages they came in, and how many were gathered."""

    subscription: str
    deliveries: int
    messages: int
    gathered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the overview shows of a span of time.

    `sampled` is set where `busiest` and `noise` speak of the newest `sampled` rows, not of all.
    """

    slots: tuple[Slot, ...]
    p50: float | None = None
    p99: float | None = None
    dead: int = 0
    busiest: Sequence[Busy] = ()
    noise: Sequence[Noise] = ()
    sampled: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span of time of a project, cut into equal slots."""

    project_id: int
    since: datetime
    until: datetime
    slots: int
    bad_types: frozenset[str] = field(default_factory=frozenset)


class Insight(Protocol):
    """What pages ask of the past; every question has a bounded cost."""

    async def deliveries(self, find: Find) -> Found[DeliveryLine]:
        """Deliveries of a project, the newest first."""
        ...

    async def events(self, find: Find, *, ignored: bool | None = None) -> Found[EventLine]:
        """Events of a project, the newest first."""
        ...

    async def counts(self, find: Find) -> Mapping[str, Count]:
        """How many deliveries of each state there are, and `all`; `find.state` is left aside."""
        ...

    async def dead(self, project_id: int) -> Count:
        """How many dead letters a project has: every page asks it."""
        ...

    async def backlog(self, project_id: int) -> Backlog:
        """How much waits for a project."""
        ...

    async def standing(self, project_id: int) -> Sequence[Standing]:
        """The robots that a project's subscriptions name, and those that its deliveries wait on, in order of id."""
        ...

    async def glances(self, project_ids: Sequence[int], now: datetime) -> Mapping[int, Glance]:
        """These projects at a glance."""
        ...

    async def lines(self, delivery_ids: Sequence[int]) -> Sequence[DeliveryLine]:
        """These deliveries as they stand, the newest first; unknown ones are left out."""
        ...

    async def tries(self, delivery_ids: Sequence[int]) -> Mapping[int, Tries]:
        """How often each of these was sent; those that never were are left out."""
        ...

    async def newer(self, find: Find, than: int) -> Count:
        """How many deliveries came after this one."""
        ...

    async def follow(self, project_id: int, text: str) -> Sequence[EventLine]:
        """The events meant by a run number, a name, a commit or a link, the newest first, a few at most."""
        ...

    async def figures(self, span: Span) -> Figures:
        """The figures of the overview."""
        ...
