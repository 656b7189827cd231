"""Test message: sent through the same path, guard and pace as a real one, and its verdict in words."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from time import monotonic

from shipbell.domain.events import Actor, Event, Run, Subject, Trigger
from shipbell.domain.explanations import ANY_CHANNEL, Causes, explain, explain_test
from shipbell.domain.subscriptions import Locale
from shipbell.ports.clock import Clock
from shipbell.ports.directory import Directory, ProjectWhole, SubscriptionRecord
from shipbell.ports.message_tests import Trial, Trials, TrialState
from shipbell.usecases.manage import whole_of
from shipbell.usecases.manage_subscriptions import ManageSubscriptions
from shipbell.usecases.validate import Raw, wish_of

WAITED_SECONDS = 20.0
_LOOK_EVERY_SECONDS = 0.1
_SAMPLE = {
    Locale.EN: ("example-pipeline", "This group hears of what its subscription ticks."),
    Locale.ZH_CN: ("示例流水线", "本群将收到所订阅的事件通知。"),
}
_PACED = {
    Locale.EN: "The robot's pace is used up: the message goes out by itself in {seconds} s.",
    Locale.ZH_CN: "机器人发送频率已达上限：消息将在 {seconds} 秒后自动发出。",
}
_BEHIND = {
    Locale.EN: "The message waits at the head of the robot's queue and goes out by itself; is a worker running?",
    Locale.ZH_CN: "消息已排在机器人队列最前，将自动发出；请确认发送进程正在运行。",
}
# A test needs neither a name nor events.
_LEFT_OUT = {"name": "test", "events": ["pipeline.run.completed"]}
_NOT_ALLOWED = frozenset({"address-not-allowed", "url-unusable"})


class Told(StrEnum):
    """The verdicts of a test."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    NOT_ALLOWED = "not-allowed"
    PACED = "paced"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialVerdict:
    """What came of a test, with a sentence that says the cure."""

    verdict: Told
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendTest:
    """Sends test messages and waits for what comes of them."""

    directory: Directory
    subscriptions: ManageSubscriptions
    trials: Trials
    clock: Clock
    waits_seconds: float = WAITED_SECONDS

    async def saved(self, key: str, subscription_id: int, *, actor: str, locale: Locale = Locale.EN) -> TrialVerdict:
        """Test a subscription, switched on or off; raises NotFound, ChannelUnavailable."""
        whole = await whole_of(self.directory, key)
        record = await self.subscriptions.one(key, subscription_id)
        return await self._send(whole, record, actor, locale)

    async def unsaved(self, key: str, raw: Raw, *, actor: str, locale: Locale = Locale.EN) -> TrialVerdict:
        """Test what a form says; the mask of a subscription of this project stands for its URL.

        Raises InvalidValue, NotFound, ChannelUnavailable.
        """
        whole = await whole_of(self.directory, key)
        masked = [one for one in whole.subscriptions if one.url_mask == raw.get("url")]
        masked.sort(key=lambda one: one.name != raw.get("name"))
        record = self.subscriptions.checked({**_LEFT_OUT, **raw}, masked[0] if masked else None)
        return await self._send(whole, record, actor, locale, saved=False)

    async def _send(
        self, whole: ProjectWhole, record: SubscriptionRecord, actor: str, locale: Locale, *, saved: bool = True
    ) -> TrialVerdict:
        self.subscriptions.drafts.check_offered(whole.project.region, record, None)
        wish = wish_of(record)
        delivery_id = await self.trials.start(
            Trial(
                project_id=whole.project.id,
                subscription_id=record.id if saved else None,
                channel=record.channel,
                url=record.url,
                url_mask=record.url_mask,
                wish={name: wish[name] for name in ("format", "locale", "content", "user_ids")},
                event=sample(record.locale, self.clock.now(), actor),
            )
        )
        return await self._wait(delivery_id, locale, self.subscriptions.drafts.channels[record.channel].about.causes)

    async def _wait(self, delivery_id: int, locale: Locale, causes: Causes) -> TrialVerdict:
        """Look until it is settled, failed or known not to start in time."""
        ends = monotonic() + self.waits_seconds
        while True:
            state = await self.trials.state(delivery_id)
            found = judged(state, now=self.clock.now(), room=ends - monotonic(), locale=locale, causes=causes)
            if found is not None:
                return found
            await asyncio.sleep(_LOOK_EVERY_SECONDS)


def judged(
    state: TrialState | None, *, now: datetime, room: float, locale: Locale, causes: Causes = ANY_CHANNEL
) -> TrialVerdict | None:
    """What is known of a test by now; None while it is worth waiting, for `room` seconds at most."""
    if state is None:
        return TrialVerdict(verdict=Told.REFUSED, detail=_words("not-found", locale, causes))
    if state.state == "delivered":
        return TrialVerdict(verdict=Told.DELIVERED, detail=explain("0", locale).cause)
    if state.state != "waiting":
        code = state.cause or state.code or "expired"
        return TrialVerdict(verdict=_ending(state.result, code), detail=_words(code, locale, causes))
    starts_in = timedelta() if state.starts_at is None else state.starts_at - now
    seconds = max(1, ceil(starts_in.total_seconds()))
    if starts_in.total_seconds() > room:
        behind = _BEHIND if room <= 0 and starts_in <= timedelta() else _PACED
        return TrialVerdict(verdict=Told.PACED, detail=_said(behind, locale, seconds))
    return None


def _ending(result: str | None, code: str) -> Told:
    if code in _NOT_ALLOWED:
        return Told.NOT_ALLOWED
    if result == "throttled":
        return Told.PACED
    return Told.UNREACHABLE if result in {"transient", "interrupted"} else Told.REFUSED


def _words(code: str, locale: Locale, causes: Causes) -> str:
    told = explain_test(code, locale, causes)
    return f"{told.cause} {told.cure}" if locale is Locale.EN else f"{told.cause}{told.cure}"


def _said(texts: Mapping[Locale, str], locale: Locale, seconds: int) -> str:
    return texts[locale].format(seconds=seconds)


def sample(locale: Locale, now: datetime, actor: str) -> Event:
    """The event of a test message: a pipeline that ran well."""
    name, description = _SAMPLE[locale]
    return Event(
        id="test",
        type="pipeline.run.completed",
        time=now,
        subject=Subject(name=name),
        run=Run(number="1", status="COMPLETED", description=description, started_at=now, finished_at=now),
        actor=Actor(name=actor),
        trigger=Trigger(kind="manual"),
    )
