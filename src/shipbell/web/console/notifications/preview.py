"""The preview beside the form: what the channel would send for a sample or a real event."""

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from starlette.requests import Request

from shipbell.domain.catalog import EVENT_TYPES, SERVICES
from shipbell.domain.compose import named
from shipbell.domain.events import Event
from shipbell.domain.ids import Prefix, encode
from shipbell.domain.subscriptions import GateFilter
from shipbell.domain.text import size_bytes
from shipbell.ports.channel import Rendered
from shipbell.ports.history import Find
from shipbell.usecases.preview import preview, sample
from shipbell.web.console.frame.page import frame_of, project_of
from shipbell.web.console.frame.services import services_of
from shipbell.web.console.frame.words import Words
from shipbell.web.console.notifications.form_fields import Typed, look_of
from shipbell.web.console.notifications.message_html import Marks, bubble, mentions

_FIRST = "pipeline.run.failed"
_RECENT = 20
_NEAR = 0.9
_NO_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something that can be previewed: `value` is an event type, or the id of a real event."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The preview as the page shows it."""

    chosen: str
    samples: tuple[Choice, ...]
    recent: tuple[Choice, ...]
    bubble: Markup
    also: Markup | None
    headline: str
    content: str
    body: str
    content_bytes: int
    limit_bytes: int
    percent: str
    near: bool
    cut: bool
    whole: bool
    locale: str
    at: datetime


async def preview_of(request: Request, typed: Typed, kind: str) -> Shown:
    """The preview of what is typed: of the chosen event, else of the first ticked type."""
    services, project, words = services_of(request), project_of(request), frame_of(request).words
    facts = project.whole.project
    now = services.clock.now()
    recent = await _recent(request)
    ticked = [one for one in EVENT_TYPES if one in typed.events]
    chosen = typed.preview
    if chosen not in recent and chosen not in ticked:
        # What is not ticked is never sent: it is shown only while nothing is ticked.
        chosen = ticked[0] if ticked else _FIRST
    gate = GateFilter.FAILED if typed.gate == GateFilter.FAILED.value else GateFilter.ALL
    event = recent[chosen] if chosen in recent else sample(chosen, now, gate)
    made = preview(look_of(typed), event, services.channels[kind], project_name=facts.name, zone=facts.time_zone)
    rendered = made.rendered
    share = min(1.0, rendered.content_bytes / rendered.limit_bytes)
    samples = ticked or [_FIRST]
    return Shown(
        chosen=chosen,
        samples=tuple(Choice(value=one, label=event_label(words, one)) for one in samples),
        recent=tuple(Choice(value=one, label=_recent_label(words, event)) for one, event in recent.items()),
        bubble=bubble(rendered, made.message, _marks(words, rendered, event)),
        also=mentions(rendered.unsaid) if made.companion else None,
        headline=made.message.headline,
        content=rendered.content,
        body=rendered.body.decode(),
        content_bytes=rendered.content_bytes,
        limit_bytes=rendered.limit_bytes,
        percent=f"{share * 100:.1f}%",
        near=share >= _NEAR,
        cut=rendered.cut or bool(_name_lost(event)),
        whole=rendered.whole,
        locale=made.message.locale.value,
        at=now,
    )


def _marks(words: Words, rendered: Rendered, event: Event) -> Marks:
    """Where the message is cut, in the reader's words."""
    lost = {one.line: one.lost_bytes for one in rendered.cuts}
    if name_lost := _name_lost(event):
        lost[0] = lost.get(0, 0) + name_lost
    return Marks(
        cut={line: words.tn("{count} byte cut here", "{count} bytes cut here", size) for line, size in lost.items()},
        gone=words.t("Left out: {fields}", fields=words.listed(rendered.gone)) if rendered.gone else "",
        gone_after=rendered.gone_after,
        language=words.language.value,
    )


def _name_lost(event: Event) -> int:
    """How many bytes of a long name the headline does not show."""
    shown, whole = named(event), named(event, limit_bytes=_NO_LIMIT)
    return 0 if shown == whole else size_bytes(whole) - size_bytes(shown) + size_bytes("…")


async def _recent(request: Request) -> dict[str, Event]:
    """The project's newest events that a message can tell of, by id."""
    project = project_of(request).whole.project
    found = await services_of(request).history.events(Find(project_id=project.id, limit=_RECENT))
    return {
        encode(Prefix.EVENT, one.id): one.event
        for one in found.items
        if isinstance(one.event, Event) and one.event.type in EVENT_TYPES
    }


def event_label(words: Words, event_type: str) -> str:
    """`Pipeline: Failed`, as the catalog calls it."""
    kind = EVENT_TYPES[event_type]
    service = SERVICES[kind.service].label.read(words.language)
    return words.t("{service}: {names}", service=service, names=kind.label.read(words.language))


def _recent_label(words: Words, event: Event) -> str:
    return f"{named(event)} · {event_label(words, event.type)} · {words.at(event.time)}"
