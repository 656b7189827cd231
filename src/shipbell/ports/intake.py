"""Intake: where events become durable."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from shipbell.domain.events import Event, Ignored


class NewDelivery(Struct, frozen=True, kw_only=True):
    """A delivery to be made, on the lane of its subscription."""

    id: int
    subscription_id: int
    lane_id: int


class Received(Struct, frozen=True, kw_only=True):
    """One event of a call, with the deliveries it asks for."""

    id: int
    project_id: int
    source_id: int
    event: Event | Ignored
    received_at: datetime
    deliveries: tuple[NewDelivery, ...] = ()


class Accepted(Struct, frozen=True, kw_only=True):
    """What became of the events of one call; `event_ids` are the accepted ones."""

    event_ids: tuple[int, ...]
    duplicates: int
    ignored: int


class ConfigurationMoved(Exception):
    """The configuration changed since the events were matched: match again and repeat."""


class DoorCall(Struct, frozen=True, kw_only=True):
    """One call at a source's door: what was answered, never the body; `event` is the tool's id of a refused event."""

    source_id: int
    at: datetime
    status: int
    code: str
    address: str
    accepted: int = 0
    duplicates: int = 0
    ignored: int = 0
    detail: str = ""
    event: str | None = None


class Intake(Protocol):
    """The durable way in."""

    async def accept(self, received: Sequence[Received], *, version: int, size_bytes: int = 0) -> Accepted:
        """Keep events and their deliveries together; known `(project, source, id)` count as duplicates.

        `size_bytes` is how long the call was. Returns after the commit. Raises ConfigurationMoved when `version`
        is not the configuration's any more, Busy when the queue is full for this project, DatabaseUnusable when
        nothing can be written.
        """
        ...

    def note(self, call: DoorCall) -> None:
        """Keep a call for the source's page, soon and bounded; losing one on a crash is allowed."""
        ...
