"""History: what happened, for people who look (read models and cursor pages)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from shipbell.domain.deliveries import LaneState
from shipbell.domain.events import Event, Ignored
from shipbell.ports.directory import By

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """Which deliveries; None = any. `before` is a cursor: the id of the last one seen.

    `state` is a delivery state or `retrying`; `text` compares names, run numbers and commits by their beginning.
    """

    project_id: int | None = None
    state: str | None = None
    lane_id: int | None = None
    subscription_id: int | None = None
    source_id: int | None = None
    type: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLine:
    """One delivery in a list; `state` says retrying where it waits after a failure."""

    id: int
    project_id: int
    project_key: str
    event_id: int
    event_type: str
    subject: str
    number: str | None
    subscription_id: int | None
    subscription: str | None
    lane_id: int
    channel: str
    robot: str
    state: str
    cause: str | None
    maybe_delivered: bool
    accepted_at: datetime
    settled_at: datetime | None
    expires_at: datetime
    failures: int
    test: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLine:
    """One attempt; `body` is what was sent, and of a digest that spoke for others too, only one's own line."""

    id: int
    started_at: datetime
    ended_at: datetime | None
    result: str
    code: str
    detail: str
    status: int | None
    maybe_delivered: bool
    companion: bool
    carried: int
    body: bytes | None
    line: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """One event in a list; `ignored` is the reason why nobody can subscribe to it."""

    id: int
    project_id: int
    project_key: str
    source_id: int | None
    source: str | None
    tool_id: str
    type: str
    ignored: str | None
    happened_at: datetime
    received_at: datetime
    event: Event | Ignored


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryWhole:
    """One delivery with its event and every attempt, the oldest first."""

    delivery: DeliveryLine
    event: EventLine
    attempts: tuple[AttemptLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A delivery of an event in short: for whom it is, and how it stands."""

    id: int
    subscription_id: int | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotLine:
    """A robot as a project sees it: `waiting` and `oldest_waiting_at` are of that project alone.

    `tried` is false for one that was never called.
    """

    id: int
    channel: str
    mask: str
    state: LaneState
    cause: str | None
    cause_detail: str | None
    state_since: datetime | None
    ready_at: datetime
    starts: tuple[datetime, ...]
    waiting: int
    oldest_waiting_at: datetime | None
    tried: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some items, and the cursor of what follows."""

    items: tuple[T, ...]
    next: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a replay did."""

    replayed: int = 0
    refused: dict[int, str] = field(default_factory=dict)


class History(Protocol):
    """The read side, and the one thing that people do to the past: replay it."""

    async def deliveries(self, find: Find) -> "Page[DeliveryLine]":
        """Deliveries, the newest first; a page may be short, even empty, and have a following one."""
        ...

    async def delivery(self, delivery_id: int) -> DeliveryWhole | None:
        """One delivery whole; None when there is none."""
        ...

    async def events(self, find: Find) -> "Page[EventLine]":
        """Events, the newest first; a page may be short, even empty, and have a following one."""
        ...

    async def events_named(self, identifier: str, *, project_id: int | None = None) -> Sequence[EventLine]:
        """The events of an id (ours, a delivery's or the tool's), the newest first, a few at most."""
        ...

    async def told(self, event_id: int) -> Sequence[Told]:
        """Every delivery of an event in short, the oldest first."""
        ...

    async def wholes(self, delivery_ids: Sequence[int]) -> Sequence[DeliveryWhole]:
        """These deliveries whole, the oldest first; those that are gone are left out."""
        ...

    async def deliveries_of(self, event_id: int, *, most: int | None = None) -> Sequence[DeliveryWhole]:
        """Every delivery of an event, or the first of them, the oldest first."""
        ...

    async def robots(
        self,
        *,
        project_id: int | None = None,
        lane_ids: Collection[int] | None = None,
        after: int = 0,
        most: int | None = None,
    ) -> Sequence[RobotLine]:
        """The robots that a project's subscriptions name, and those that its deliveries wait on, in order of id.

        `lane_ids` leaves those alone, `after` and `most` a page of them.
        """
        ...

    async def found(self, find: Find, *, most: int, after: int = 0) -> Sequence[int]:
        """The ids of deliveries after this one, the oldest first, without test messages."""
        ...

    async def replay(
        self, delivery_ids: Sequence[int], *, project_id: int | None = None, by: By | None = None
    ) -> Replayed:
        """Send deliveries again, to their subscriptions' current robots, at the tail.

        `by` puts it into the audit log.
        """
        ...

    async def reopen(self, lane_id: int, *, project: str | None = None, by: By | None = None) -> bool:
        """Open a robot that is failing or closed; False when there is none. `by` puts it into the audit log."""
        ...
