"""Trials: test messages, which go through the lane of a robot like any other delivery, but first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shipbell.domain.events import Event
from shipbell.domain.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A test message to be sent: for a saved subscription, or (None) with a wish of how it is to read.

    `wish` has the words format, locale, content and user_ids.
    """

    project_id: int
    subscription_id: int | None
    channel: str
    url: Secret
    url_mask: str
    wish: Mapping[str, object]
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialState:
    """How a test message stands.

    `result` and `code` are those of its last attempt; `starts_at` is when its call may start, None while a
    call of its lane is in the air.
    """

    state: str
    cause: str | None
    result: str | None
    code: str | None
    starts_at: datetime | None


class Trials(Protocol):
    """The store of test messages."""

    async def start(self, trial: Trial) -> int:
        """Put a test message at the head of its lane, closed or not; the id of its delivery."""
        ...

    async def state(self, delivery_id: int) -> TrialState | None:
        """How a test message stands; None when it is forgotten already."""
        ...
