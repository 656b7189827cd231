"""Words for what pages of a project tell: events, states, causes, moments and spans."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup
from starlette.requests import Request

from shipbell.channels import causes_of
from shipbell.domain.access import Role
from shipbell.domain.catalog import EVENT_TYPES, GATES, SERVICES
from shipbell.domain.compose import said
from shipbell.domain.events import Event, Ignored
from shipbell.domain.explanations import Explanation, explain, explain_end
from shipbell.domain.ids import Prefix, decode, encode
from shipbell.domain.subscriptions import Locale
from shipbell.domain.times import MONTHS, took
from shipbell.ports.history import DeliveryLine
from shipbell.ports.insight import Count
from shipbell.web.console.frame.page import ROLES, frame_of
from shipbell.web.console.frame.services import services_of
from shipbell.web.console.frame.words import Words, en

STATES: Mapping[str, str] = {
    "delivered": en("Delivered"),
    "waiting": en("Waiting"),
    "retrying": en("Retrying"),
    "dead": en("Dead"),
    "expired": en("Expired"),
    "cancelled": en("Cancelled"),
}
RESULTS: Mapping[str, str] = {
    "delivered": en("Delivered"),
    "throttled": en("Too many messages"),
    "transient": en("No success yet"),
    "rejected": en("Message refused"),
    "gone": en("Robot gone"),
    "refused": en("Refused"),
    "interrupted": en("Cut off"),
}
KINDS: Mapping[str, tuple[str, str]] = {
    "generic": (en("Generic"), en("One JSON shape, bearer token")),
    "cloudevents": (en("CloudEvents"), en("1.0, all three modes")),
    "codearts": (en("CodeArts"), en("Generic webhook")),
}
_TURNED_AWAY = en("The call was turned away ({code}).")
REFUSALS: Mapping[str, str] = {
    "bad-signature": en("Its secret is not the one of this source. Paste the secret again, without spaces around it."),
    "malformed-event": en("Its body is not the shape that this kind takes. Compare it with the instructions above."),
    "unknown-event-type": en("It names an event type that the catalog does not know."),
    "body-too-large": en("Its body is over 1 MiB. Send fewer or smaller events."),
    "too-often": en("This source calls more often than it may. The tool tries again by itself, or send it later."),
    "busy": en("Shipbell was too busy to keep it. The tool tries again by itself, or send it once more."),
    "database-unusable": en("Shipbell could not write it down. Whoever runs Shipbell looks at its disk."),
}
_WECOM = "://qyapi.weixin.qq.com/"
# Below a tenth of a second tenths say nothing, above ten seconds they say too much.
_TENTH, _TEN = 0.1, 10


def lacks_key(mask: str) -> bool:
    """Whether a URL is WeCom's own without the key of a robot: no group is behind it."""
    return _WECOM in mask and "key=" not in mask


@dataclass(frozen=True, slots=True)
class Telling:
    """How a page tells things, in its language and zone, at this moment."""

    words: Words
    now: datetime

    @property
    def language(self) -> Locale:
        """The language of the page."""
        return self.words.language

    def kind(self, event_type: str) -> str:
        """What an event type says, in plain words; the type itself when the catalog does not know it."""
        known = EVENT_TYPES.get(event_type)
        return known.said.read(self.language) if known else event_type

    def ticked(self, event_type: str) -> str:
        """An event type as the tab of notifications has it: service and label."""
        known = EVENT_TYPES.get(event_type)
        if known is None:
            return event_type
        colon = "：" if self.language is Locale.ZH_CN else ": "
        return f"{SERVICES[known.service].label.read(self.language)}{colon}{known.label.read(self.language)}"

    def happened(self, event: Event | Ignored) -> str:
        """What happened, as a headline says it."""
        if isinstance(event, Event) and event.type in EVENT_TYPES:
            return said(event, self.language)
        return self.kind(event.type)

    def state(self, state: str) -> str:
        """A state of a delivery."""
        return self.words.t(STATES.get(state, state))

    def result(self, result: str) -> str:
        """A result of an attempt."""
        return self.words.t(RESULTS.get(result, result))

    def gate(self, choice: str) -> str:
        """A choice of the gate filter."""
        return GATES[choice].read(self.language) if choice in GATES else choice

    def role(self, role: Role) -> str:
        """A role in a project."""
        return self.words.t(ROLES[role])

    def tool(self, kind: str) -> str:
        """A source kind by its name for people."""
        return self.words.t(KINDS[kind][0]) if kind in KINDS else kind

    def tool_says(self, kind: str) -> str:
        """How a source kind is recognised, in a few words."""
        return self.words.t(KINDS[kind][1]) if kind in KINDS else ""

    def why(self, code: str | None, channel: str = "") -> Explanation:
        """Cause and cure of a code, which may be the channel's own."""
        return explain(code or "", self.language, causes_of(channel))

    def end(self, line: DeliveryLine) -> Explanation:
        """Cause and cure of a delivery that ended badly."""
        causes = causes_of(line.channel)
        return explain_end(
            line.cause or "", self.language, causes, test=line.test, maybe_delivered=line.maybe_delivered
        )

    def end_helps(self, line: DeliveryLine) -> str:
        """Cause and cure of a delivery that ended badly, one after the other."""
        told = self.end(line)
        return f"{told.cause}{self.words.gap}{told.cure}"

    def refusal(self, code: str) -> str:
        """Why a call at a source's door was turned away, and what helps."""
        return self.words.t(REFUSALS.get(code, _TURNED_AWAY), code=code)

    def helps(self, code: str | None, channel: str = "") -> str:
        """Cause and cure of a code, one after the other; Chinese sentences need no space between them."""
        told = self.why(code, channel)
        return f"{told.cause}{self.words.gap}{told.cure}"

    def count(self, count: Count) -> str:
        """`1,000+` where the number is a lower bound."""
        return f"{count.number:,}+" if count.more else f"{count.number:,}"

    def span(self, span: timedelta) -> str:
        """A span in words, tenths below ten seconds."""
        seconds = span.total_seconds()
        if 0 <= seconds < _TENTH:
            return f"{round(seconds * 1000)} {'毫秒' if self.language is Locale.ZH_CN else 'ms'}"
        if seconds < _TEN:
            return f"{max(0.0, seconds):.1f} {'秒' if self.language is Locale.ZH_CN else 's'}"
        return took(span, self.language)

    def seconds(self, seconds: float | None) -> str:
        """Seconds in words; a dash for none."""
        return "–" if seconds is None else self.span(timedelta(seconds=seconds))

    def ago(self, time: datetime | None) -> str:
        """How long ago; a dash for never."""
        return "–" if time is None else self.span(max(timedelta(), self.now - time))

    def moment(self, time: datetime | None) -> Markup:
        """The time of today to the second, else the day; its title is the whole, with the zone."""
        if time is None:
            return Markup("–")
        local, today = self._local(time), self._local(self.now)
        short = f"{local:%H:%M:%S}" if local.date() == today.date() else self._day(local, today)
        title = f"{self.words.at(time)} {self.words.zone}"
        return Markup('<time class="nowrap" datetime="{}" title="{}">{}</time>').format(
            time.isoformat(timespec="milliseconds"), title, short
        )

    def _day(self, local: datetime, today: datetime) -> str:
        """A time of another day, to the minute; one of another year is a day alone."""
        if self.language is Locale.ZH_CN:
            return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d}"
        day = f"{local.day} {MONTHS[local.month - 1]}"
        return f"{day}, {local:%H:%M}" if local.year == today.year else f"{day} {local.year}"

    def precise(self, time: datetime) -> str:
        """The time of day to the millisecond, with the day unless it is today."""
        local, today = self._local(time), self._local(self.now).date()
        clock = f"{local:%H:%M:%S}.{time.microsecond // 1000:03d}"
        if local.date() == today:
            return clock
        if self.language is Locale.ZH_CN:
            return f"{local:%Y-%m-%d} {clock}"
        return f"{local.day} {MONTHS[local.month - 1]} {local.year}, {clock}"

    def _local(self, time: datetime) -> datetime:
        return time.astimezone(ZoneInfo(self.words.zone))

    def link(self, url: str | None) -> str | None:
        """An address that a page may link to: http and https alone."""
        return url if url is not None and url.lower().startswith(("http://", "https://")) else None

    def id(self, prefix: str, number: int) -> str:
        """A public id."""
        return encode(Prefix(prefix), number)


def telling(request: Request) -> Telling:
    """How the page of this request tells things."""
    return Telling(frame_of(request).words, services_of(request).clock.now())


def number_of(prefix: Prefix, text: str | None) -> int | None:
    """The row number of a public id; None when it is none of this kind."""
    return decode(prefix, text) if text else None
