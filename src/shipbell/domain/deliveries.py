"""Delivery: one event for one subscription, and what a lane's owner must know of it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from shipbell.domain.events import Event
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import Content, Format, Locale


class DeliveryState(StrEnum):
    """Where a delivery stands; `retrying` is waiting after a failed attempt."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class LaneState(StrEnum):
    """Robot states: open; paused (for a while); failing and closed wait for a person."""

    OPEN = "open"
    PAUSED = "paused"
    FAILING = "failing"
    CLOSED = "closed"


class Rendering(Struct, frozen=True, kw_only=True):
    """What two deliveries must share to stand in one message."""

    format: Format
    locale: Locale
    zone: str


class Waiting(Struct, frozen=True, kw_only=True):
    """One waiting delivery, with all that composing, calling and deciding need; `url` is what is called for it."""

    id: int
    place: int
    event_id: int
    event: Event
    project_id: int
    project_name: str
    subscription_id: int | None
    url: Secret
    rendering: Rendering
    content: Content
    user_ids: tuple[str, ...]
    alone: bool = False
    test: bool = False
    failures: int = 0
    uncertain: int = 0
    failing_since: datetime | None = None
    uncertain_since: datetime | None = None
    stepped_aside: bool = False


class Head(Struct, frozen=True, kw_only=True):
    """The front of a lane: `room` is how many calls may start now (None = unpaced), `backlog` all that waits.

    `waiting` is a bounded look-ahead in order of place; `backlog` may be larger.
    """

    channel: str
    room: int | None
    per_minute: int
    waiting: tuple[Waiting, ...]
    backlog: int


class Companion(Struct, frozen=True, kw_only=True):
    """Mentions that a message's format cannot carry; they follow in a text of their own."""

    headline: str
    locale: Locale
    user_ids: tuple[str, ...]


class Handout(Struct, frozen=True, kw_only=True):
    """What one call carries: its deliveries (never none), its body, and each one's own line in a digest."""

    carried: tuple[Waiting, ...]
    msgtype: str
    body: bytes
    lines: Mapping[int, str]
    companion: Companion | None = None
