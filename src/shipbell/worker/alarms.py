"""Alarms: what whoever runs Shipbell should hear, through a robot of their own."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shipbell.domain.causes import explain
from shipbell.domain.deliveries import LaneState
from shipbell.domain.errors import DatabaseUnusable
from shipbell.domain.messages import Field, Message, Tone
from shipbell.domain.results import Delivered, Rejected
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import Format, Locale
from shipbell.ports.channel import Channel
from shipbell.ports.clock import Clock
from shipbell.ports.lanes import Settlement
from shipbell.ports.upkeep import Robots
from shipbell.ports.wire import Call, Transport
from shipbell.telemetry import log

_BETWEEN_MESSAGES = timedelta(minutes=1)
_SAME_AGAIN = timedelta(hours=1)
_OLD_SECONDS = 600.0
_LINES = 8
_MOST_PENDING = 200
_NAMED_PROJECTS = 5
_LOOK_SECONDS = 1.0
_LABELS = {LaneState.CLOSED: "Robot closed", LaneState.FAILING: "Robot failing"}


@dataclass(frozen=True, slots=True)
class _Alarm:
    label: str
    text: str


@dataclass(slots=True, kw_only=True)
class Alarms:
    """Gathers what is wrong and tells it, one message a minute at most; without a URL it tells nobody.

    Telling is done by `run` alone: noting something never waits for the network.
    """

    url: Secret | None
    channel: Channel
    channels: Mapping[str, Channel]
    transport: Transport
    clock: Clock
    _pending: dict[str, _Alarm] = field(default_factory=dict)
    _told_at: dict[str, datetime] = field(default_factory=dict)
    _shut: frozenset[str] | None = None
    _next_at: datetime | None = None

    def troubled(self, error: DatabaseUnusable) -> None:
        """The database could not be used."""
        self._note("database", _Alarm("Database", error.sentence))

    def called(self, settlement: Settlement) -> None:
        """A call to a robot ended; a code that nobody knows is worth a look."""
        match settlement.attempt.result:
            case Rejected(alarm=True, code=code):
                mask = self.channels[settlement.batch.channel].mask(settlement.batch.url)
                text = f"{mask} answered {code}, which this version does not know: the message is a dead letter."
                self._note(f"code {settlement.batch.channel} {code}", _Alarm("Unknown code", text))
            case _:
                return

    def waits(self, deliveries: int, oldest_seconds: float) -> None:
        """So much waits; an old backlog is told again only after it was gone."""
        if oldest_seconds <= _OLD_SECONDS:
            self._forget("backlog")
            return
        minutes = int(oldest_seconds // 60)
        text = f"{deliveries} deliveries wait, the oldest for {minutes} minutes: look at the robots of your projects."
        self._note("backlog", _Alarm("Old backlog", text))

    def stand(self, robots: Robots) -> None:
        """The robots stand so; those that were shut when we came are known already."""
        present = {f"robot {one.id} {one.state}": one for one in robots.shut}
        if self._shut is not None:
            for gone in self._shut - present.keys():
                self._forget(gone)
            for topic, one in present.items():
                if topic not in self._shut:
                    named = ", ".join(one.projects[:_NAMED_PROJECTS])
                    told = explain(one.cause)
                    text = f"{one.mask} ({named}): {told.cause} {told.cure}"
                    self._note(topic, _Alarm(_LABELS[one.state], text))
        self._shut = frozenset(present)

    async def run(self) -> None:
        """Tell what is pending until cancelled."""
        while True:
            await self.turn()
            await asyncio.sleep(_LOOK_SECONDS)

    async def turn(self) -> bool:
        """Send what is pending, unless the last message is less than a minute old; whether one was sent."""
        now = self.clock.now()
        if self.url is None or not self._pending or (self._next_at is not None and now < self._next_at):
            return False
        self._next_at = now + _BETWEEN_MESSAGES
        topics = list(self._pending)[:_LINES]
        body = self.channel.render(self._message(topics)).body
        result = self.channel.classify(await self.transport.send(Call(url=self.url, body=body)))
        if isinstance(result, Delivered):
            for topic in topics:
                self._pending.pop(topic, None)
        else:
            log().warning("operator.unheard", code=result.code, detail=result.detail, pending=len(self._pending))
        return True

    def _message(self, topics: list[str]) -> Message:
        more = len(self._pending) - len(topics)
        return Message(
            format=Format.TEXT,
            locale=Locale.EN,
            headline="⚠️ Shipbell needs a look" + (f" (and {more} more to come)" if more else ""),
            tone=Tone.WARN,
            fields=tuple(
                Field(id=topic, label=self._pending[topic].label, value=self._pending[topic].text, rank=rank)
                for rank, topic in enumerate(topics)
            ),
        )

    def _note(self, topic: str, alarm: _Alarm) -> None:
        now = self.clock.now()
        told_at = self._told_at.get(topic)
        if self.url is None or (told_at is not None and now - told_at < _SAME_AGAIN):
            return
        if len(self._pending) >= _MOST_PENDING and topic not in self._pending:
            return
        self._told_at[topic] = now
        self._pending[topic] = alarm
        log().warning("operator.alarmed", topic=topic)

    def _forget(self, topic: str) -> None:
        self._told_at.pop(topic, None)
