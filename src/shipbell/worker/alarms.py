"""Alarms: what whoever runs Shipbell should hear, through a robot of their own."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

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
from shipbell.worker.alarm_words import Alarm, AlarmWords

_BETWEEN_MESSAGES_SECONDS = 60.0
_SAME_AGAIN_SECONDS = 3_600.0
_OLD_SECONDS = 600.0
_LINES = 8
_MOST_PENDING = 200
_LOOK_SECONDS = 1.0


@dataclass(slots=True, kw_only=True)
class Alarms:
    """Gathers what is wrong and tells it, one message a minute at most; without a URL it tells nobody.

    The URL is of a robot of the first channel.

    Telling is done by `run` alone: noting something never waits for the network.
    """

    url: Secret | None
    channels: Mapping[str, Channel]
    transport: Transport
    clock: Clock
    locale: Locale = Locale.EN
    _pending: dict[str, Alarm] = field(default_factory=dict)
    _told_at: dict[str, float] = field(default_factory=dict)
    _shut: frozenset[str] | None = None
    _next_at: float | None = None

    def troubled(self, error: DatabaseUnusable) -> None:
        """The database could not be used."""
        self._note("database", self._words.database(error.sentence))

    def called(self, settlement: Settlement) -> None:
        """A call to a robot ended; a code that nobody knows is worth a look."""
        match settlement.attempt.result:
            case Rejected(alarm=True, code=code):
                mask = self.channels[settlement.batch.channel].mask(settlement.batch.url)
                self._note(f"code {settlement.batch.channel} {code}", self._words.unknown_code(mask, code))
            case _:
                return

    def waits(self, deliveries: int, oldest_seconds: float) -> None:
        """So much waits; an old backlog is told again only after it was gone."""
        if oldest_seconds <= _OLD_SECONDS:
            self._forget("backlog")
            return
        self._note("backlog", self._words.backlog(deliveries, oldest_seconds))

    def jumped(self, jump: timedelta) -> None:
        """The clock jumped."""
        self._note("clock", self._words.clock(jump))

    def stand(self, robots: Robots) -> None:
        """The robots stand so; those that were shut when we came are known already."""
        present = {f"robot {one.id} {one.state}": one for one in robots.shut}
        if self._shut is not None:
            for gone in self._shut - present.keys():
                self._forget(gone)
            for topic, one in present.items():
                if topic not in self._shut:
                    self._note(topic, self._words.robot(one))
        self._shut = frozenset(present)

    async def run(self) -> None:
        """Tell what is pending until cancelled."""
        while True:
            await self.turn()
            await asyncio.sleep(_LOOK_SECONDS)

    async def turn(self) -> bool:
        """Send what is pending, unless the last message is less than a minute old; whether one was sent."""
        now = self.clock.steady()
        if self.url is None or not self._pending or (self._next_at is not None and now < self._next_at):
            return False
        self._next_at = now + _BETWEEN_MESSAGES_SECONDS
        topics = list(self._pending)[:_LINES]
        channel = next(iter(self.channels.values()))
        body = channel.render(self._message(topics)).body
        result = channel.classify(await self.transport.send(Call(url=self.url, body=body)))
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
            locale=self.locale,
            headline=self._words.headline(more),
            tone=Tone.WARN,
            fields=tuple(
                Field(id=topic, label=self._pending[topic].label, value=self._pending[topic].text, rank=rank)
                for rank, topic in enumerate(topics)
            ),
        )

    @property
    def _words(self) -> AlarmWords:
        return AlarmWords(self.locale)

    def _note(self, topic: str, alarm: Alarm) -> None:
        now = self.clock.steady()
        told_at = self._told_at.get(topic)
        if self.url is None or (told_at is not None and now - told_at < _SAME_AGAIN_SECONDS):
            return
        if len(self._pending) >= _MOST_PENDING and topic not in self._pending:
            return
        self._told_at[topic] = now
        self._pending[topic] = alarm
        log().warning("operator.alarmed", topic=topic)

    def _forget(self, topic: str) -> None:
        self._told_at.pop(topic, None)
