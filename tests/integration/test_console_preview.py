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
    {"format": "markdown", "locale": "zh-CN", "user_ids": ""},
    {"format": "text", "locale": "zh-CN", "user_ids": "li.si"},
    {"format": "text", "locale": "en", "user_ids": "@all"},
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
    name = f"{look['format']}-{look['locale']}-{event_type}"
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


def test_the_comparison_knows_every_service_of_both_revisions_and_ours() -> None:
    assert {EVENT_TYPES[one].service for one in EVERY} == {"check", "deploy", "pipeline", "build", "repo"}
    assert len(EVERY) == 1 + 3 + 5 + 5 + 9 + 1
    assert "pipeline.run.canceled" in EVERY


async def long_event(console: ConsoleHouse, **changes: object) -> str:
    """A failed run with a description that no message can hold: the event's id."""
    event = {
        "id": "run-long", "type": "pipeline.run.failed", "subject": {"name": "build-and-release"},
        "run": {"number": "128", "status": "FAILED", "description": "付款… " * 1_000, "url": "https://ci.example.com/128"},
        "trigger": {"kind": "push", "branch": "main"}, **changes,
    }  # fmt: skip
    sent = await console.house.http.post(f"/hooks/{KEY}/ci", json=event, headers={"Authorization": f"Bearer {SECRET}"})
    found: str = sent.json()["events"][0]
    return found


async def shown(console: ConsoleHouse, event: str, query: str = "", **look: str) -> str:
    """The page of the form with the preview of an event."""
    typed = [*wish(**{**CONTENT, **look}), ("preview", event), ("action", "preview")]
    return (await console["alice"].post(f"{TAB}{query}", typed)).text


@pytest.mark.parametrize(("form", "limit"), [("markdown", 4_096), ("text", 2_048)])
async def test_the_bubble_is_marked_where_the_message_is_cut_and_the_mark_is_not_sent(
    console: ConsoleHouse, form: str, limit: int
) -> None:
    event = await long_event(console)
    page = await shown(console, event, format=form)
    sent = text_of(page, "as-sent")
    # The separator of the fourth and last description shown is cut off: what is kept and what is lost is all of it.
    line = next(one for one in sent.split("\n") if "Pipeline execution description" in one)
    kept = line.split("description: ")[1].removesuffix("…")
    lost = len(("付款… " * 1_000).rstrip().encode()) - len(kept.encode())
    assert f'… <span class="cut" lang="en">{lost:,} bytes cut here</span>' in page
    assert "cut here" not in sent
    assert "cut here" not in text_of(page, "whole-request")
    assert f" of {limit:,} bytes" in page
    assert limit - 10 <= len(sent.encode()) <= limit
    chinese = await shown(console, event, "?lang=zh-CN", format=form)
    assert f'<span class="cut" lang="zh-CN">此处截去 {lost:,} 字节</span>' in chinese


async def test_a_cut_name_is_marked_in_the_headline_and_a_short_message_has_no_mark(console: ConsoleHouse) -> None:
    name = "服务" * 200
    page = await shown(console, await long_event(console, subject={"name": name}, run={"number": "7"}))
    lead = page.split('<p class="lead">')[1].split("</p>")[0]
    kept = lead.split("…")[0].count("服") + lead.split("…")[0].count("务")
    assert f"{len(name.encode()) - 3 * kept} bytes cut here</span> #7" in lead
    assert 'class="cut"' not in await shown(console, "pipeline.run.failed")


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
