"""The preview equals what the group gets, byte for byte."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from api_house import KEY, SECRET, SYSTEM, House
from console_house import TAB, ConsoleHouse, console_house, text_of, wish
from shipbell.domain.catalog import EVENT_TYPES, SERVICES
from shipbell.domain.ids import Prefix, decode
from shipbell.ports.directory import PutProject
from shipbell.usecases.preview import sample

EVERY = sorted(EVENT_TYPES)
LOOKS: tuple[Mapping[str, str], ...] = (
    {"format": "markdown", "locale": "en", "user_ids": "zhang.san;@all"},
    {"format": "text", "locale": "zh-CN", "user_ids": "li.si"},
)
CONTENT: dict[str, list[str]] = {f"content.{name}": list(service.field_ids) for name, service in SERVICES.items()}


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    # Unpaced: one message an event, no digest.
    async with console_house(tmp_path, SHIPBELL_WECOM_PER_MINUTE="0") as made:
        directory = made.house.parts.directory
        whole = await directory.whole(KEY)
        assert whole is not None
        await directory.change([PutProject(project=replace(whole.project, time_zone="Asia/Singapore"))], SYSTEM)
        yield made


def fields(console: ConsoleHouse, look: Mapping[str, str], event_type: str) -> list[tuple[str, str]]:
    """A form of one event type with a robot of its own, so that no robot gets more than it may."""
    name = f"{look['format']}-{event_type}"
    changes: dict[str, str | list[str]] = {**CONTENT, **look, "events": [event_type], "gate": "all", "name": name}
    return wish(**changes, url=console.house.robots.url(f"a-long-key-of-{name}"))


async def happened(house: House, event_type: str) -> str:
    """An event of this type through the hook, as full as can be: its id."""
    event = msgspec.to_builtins(sample(event_type, house.parts.clock.now()))
    body = {name: value for name, value in event.items() if value is not None}
    reply = await house.http.post(f"/hooks/{KEY}/ci", json=body, headers={"Authorization": f"Bearer {SECRET}"})
    assert reply.status_code == 202, reply.text
    found: str = reply.json()["events"][0]
    return found


async def sent(house: House, event: str, subscription: str) -> bytes:
    """The body of the call that carried an event for a subscription."""
    number = decode(Prefix.EVENT, event)
    assert number is not None
    for whole in await house.parts.history.deliveries_of(number):
        if whole.delivery.subscription == subscription:
            body = whole.attempts[0].body
            assert body is not None
            return body
    raise AssertionError(subscription)


async def test_the_preview_equals_what_the_simulator_receives_for_every_event_type(console: ConsoleHouse) -> None:
    house, compared = console.house, 0
    for event_type in EVERY:
        for look in LOOKS:
            saved = await console["alice"].post(TAB, [*fields(console, look, event_type), ("action", "ok")])
            assert saved.status_code == 303
    for count, event_type in enumerate(EVERY, start=1):
        event = await happened(house, event_type)
        await house.deliveries("delivered", len(LOOKS) * count)
        for look in LOOKS:
            typed = fields(console, look, event_type)
            page = (await console["alice"].post(TAB, [*typed, ("preview", event), ("action", "preview")])).text
            name = dict(typed)["name"]
            message = house.robots.messages(f"a-long-key-of-{name}")[0]
            assert text_of(page, "whole-request").encode() == await sent(house, event, name)
            assert text_of(page, "as-sent") == message.content
            assert f"{len(message.content.encode()):,} of " in page
            compared += 1
    assert compared == len(EVENT_TYPES) * len(LOOKS)


async def test_each_ticked_event_type_can_be_previewed_by_a_sample(console: ConsoleHouse) -> None:
    for event_type in EVERY:
        asked = [*fields(console, LOOKS[1], event_type), ("preview", event_type), ("action", "preview")]
        page = (await console["alice"].post(TAB, asked)).text
        assert EVENT_TYPES[event_type].said.zh in text_of(page, "as-sent")
        assert f'<option value="{event_type}" selected>' in page


async def test_the_preview_shows_what_is_typed_though_it_is_not_right_yet(console: ConsoleHouse) -> None:
    half = wish(name="", url="", user_ids="zhang san", events=[], **{"content.pipeline": ["running_status"]})
    page = (await console["bob"].post(TAB, [*half, ("action", "preview")])).text
    shown = text_of(page, "as-sent")
    assert "Running status: <font" in shown
    assert "Trigger" not in shown
    assert "<@" not in shown
