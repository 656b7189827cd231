"""Sample events and deliveries for the tests of what a group reads."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from shipbell.channels import by_kind
from shipbell.domain.compose import compose
from shipbell.domain.deliveries import Head, Rendering, Waiting
from shipbell.domain.events import Actor, Event, Gate, Issues, Run, Subject, Trigger
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import ALL_FIELDS, Content, Format, Locale
from shipbell.ports.channel import Rendered

AT = datetime(2026, 11, 24, 2, 37, 0, tzinfo=UTC)
WECOM = by_kind()["wecom"]


def happening(
    type: str = "pipeline.run.failed",  # noqa: A002 - the event's own word
    *,
    name: str = "build-and-release",
    number: str | None = "128",
    status: str | None = "FAILED",
    description: str | None = "Merge #42 Fix double booking",
    url: str | None = "https://ci.example.com/p/128",
    gate: Gate | None = None,
) -> Event:
    """An event about which everything is known that a message can show."""
    return Event(
        id=f"{name}-{number}",
        type=type,
        time=AT + timedelta(minutes=9),
        subject=Subject(name=name, url="https://ci.example.com/subject"),
        run=Run(
            number=number,
            status=status,
            description=description,
            url=url,
            started_at=AT,
            finished_at=AT + timedelta(minutes=3, seconds=52),
        ),
        actor=Actor(name="zhang.san"),
        trigger=Trigger(kind="push", branch="main", commit="0123abcdef0123"),
        gate=gate,
        issues=Issues(total=3),
        project_name="Payments of the group",
    )


def bare(type: str = "pipeline.run.failed", name: str = "build-and-release") -> Event:  # noqa: A002 - the event's own word
    """An event about which only what is required is known."""
    return Event(id="bare", type=type, time=AT, subject=Subject(name=name))


def waiting(
    event: Event,
    *,
    id: int = 1,  # noqa: A002 - the delivery's own word
    event_id: int | None = None,
    form: Format = Format.MARKDOWN,
    locale: Locale = Locale.EN,
    zone: str = "Asia/Singapore",
    content: Content = ALL_FIELDS,
    user_ids: tuple[str, ...] = (),
    alone: bool = False,
    test: bool = False,
    uncertain: int = 0,
    url: str = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=aaaaaaaa-1111",
) -> Waiting:
    """A waiting delivery; its place in the lane is its id, its event's id too unless it is given."""
    return Waiting(
        id=id,
        place=id,
        event_id=id if event_id is None else event_id,
        event=event,
        project_id=1,
        project_name="Payments",
        subscription_id=1,
        url=Secret(url),
        rendering=Rendering(format=form, locale=locale, zone=zone),
        content=content,
        user_ids=user_ids,
        alone=alone,
        test=test,
        uncertain=uncertain,
    )


def head(*deliveries: Waiting, room: int | None = 1, per_minute: int = 18, backlog: int | None = None) -> Head:
    """The front of a WeCom robot's lane."""
    return Head(
        channel="wecom",
        room=room,
        per_minute=per_minute,
        waiting=deliveries,
        backlog=len(deliveries) if backlog is None else backlog,
    )


def body_of(rendered: Rendered) -> Any:  # noqa: ANN401 - what the robot reads
    """Decode the body as the robot does."""
    return json.loads(rendered.body)


def sent(*deliveries: Waiting) -> Rendered:
    """Render the message of one event."""
    return WECOM.render(compose(deliveries))


def attacked(text: str, kind: str = "pipeline.run.failed") -> Event:
    """An event whose every word comes from a stranger."""
    return replace(
        happening(kind, name=text, number=text, status=text, description=text, gate=Gate.FAILED),
        actor=Actor(name=text),
        trigger=Trigger(kind=text, branch=text, commit=text),
        project_name=text,
    )
