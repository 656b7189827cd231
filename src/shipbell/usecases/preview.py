"""Preview: the message that a subscription would send, made by the very code that sends it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shipbell.domain.catalog import EVENT_TYPES
from shipbell.domain.compose import compose
from shipbell.domain.deliveries import Companion, Rendering, Waiting
from shipbell.domain.events import Actor, Event, Gate, Issues, Run, Subject, Trigger
from shipbell.domain.messages import Message
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import Content, Format, GateFilter, Locale
from shipbell.ports.channel import Channel, Rendered

_HOST = "https://ci.example.com"
_STATUSES = {
    "check.task.completed": "success",
    "deploy.application.deployed": "succeeded",
    "deploy.application.failed": "failed",
    "deploy.application.stopped": "abort",
    "pipeline.run.completed": "COMPLETED",
    "pipeline.run.failed": "FAILED",
    "pipeline.run.paused": "PAUSED",
    "pipeline.run.suspended": "SUSPEND",
    "pipeline.run.ignored": "IGNORED",
    "pipeline.run.canceled": "CANCELED",
}
_RUN_TOOK = timedelta(minutes=3, seconds=52)
_DESCRIPTION = "Merge #42 Fix double booking of refunds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a subscription says of how its messages look."""

    format: Format
    locale: Locale
    content: Content
    user_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A message as it would be sent; `companion` follows for members whom its format cannot alert."""

    message: Message
    rendered: Rendered
    companion: Rendered | None = None


def preview(look: Look, event: Event, channel: Channel, *, project_name: str, zone: str) -> Preview:
    """The message of one event for one subscription."""
    message = compose(
        [
            Waiting(
                id=0,
                place=0,
                event_id=0,
                event=event,
                project_id=0,
                project_name=project_name,
                subscription_id=None,
                url=Secret(""),
                rendering=Rendering(format=look.format, locale=look.locale, zone=zone),
                content=look.content,
                user_ids=look.user_ids,
            )
        ]
    )
    rendered = channel.render(message)
    companion = None
    if rendered.unsaid:
        companion = channel.alert(Companion(headline=message.headline, locale=message.locale, user_ids=rendered.unsaid))
    return Preview(message=message, rendered=rendered, companion=companion)


def sample(event_type: str, now: datetime, gate: GateFilter = GateFilter.ALL) -> Event:
    """A made-up event of a type, as full as a real one can be; `gate` is the filter that it passes."""
    service = EVENT_TYPES[event_type].service
    now = now.replace(microsecond=0)
    started_at = now - _RUN_TOOK
    path = {"check": "checks", "deploy": "deployments", "pipeline": "pipelines", "build": "builds"}.get(
        service, "merges"
    )
    name = {
        "check": "payments-static-check",
        "deploy": "payments-api",
        "pipeline": "build-and-release",
        "build": "payments-image",
    }.get(service, "payments")
    check = service == "check"
    return Event(
        id=f"sample-{event_type}",
        type=event_type,
        time=now,
        subject=Subject(name=name, url=f"{_HOST}/{path}"),
        run=Run(
            number="128",
            status=_STATUSES.get(event_type),
            description=_DESCRIPTION,
            url=f"{_HOST}/{path}/128",
            started_at=started_at,
            finished_at=now,
        ),
        actor=Actor(name="zhang.san"),
        trigger=Trigger(kind="push", branch="main", commit="0123abcdef") if service == "pipeline" else None,
        gate=(Gate.FAILED if gate is GateFilter.FAILED else Gate.PASSED) if check else None,
        issues=Issues(total=3) if check else None,
    )
