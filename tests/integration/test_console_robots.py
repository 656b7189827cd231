"""What the page of robots calls each of them, and where it leads when one is gone."""

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from time import monotonic

import pytest

from api_house import KEY, SECRET
from console_house import TAB, ConsoleHouse, console_house, wish

P = f"/projects/{KEY}"
GONE = "bbbbbbbb-1111-4bc4-97a0-0ec2a1fa5bbb"
_SOON_SECONDS = 20.0


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    async with console_house(tmp_path) as made:
        yield made


async def subscribed(console: ConsoleHouse, key: str, name: str) -> None:
    url = f"{console.house.robots.address}/cgi-bin/webhook/send?key={key}"
    reply = await console["alice"].post(TAB, [*wish(url=url, user_ids="", name=name), ("action", "ok")])
    assert reply.status_code == 303, reply.text


async def until_closed(console: ConsoleHouse) -> str:
    """The page once a robot is closed: calls go out soon, not at once."""
    page, ends = "", monotonic() + _SOON_SECONDS
    while "closed since" not in page and monotonic() < ends:
        await asyncio.sleep(0.02)
        page = (await console["alice"].get(f"{P}/robots")).text
    return page


async def test_a_robot_of_many_subscriptions_is_called_by_three(console: ConsoleHouse) -> None:
    for number in range(5):
        await subscribed(console, GONE, f"group {number}")
    page = (await console["alice"].get(f"{P}/robots")).text
    assert "group 2" in page
    assert "group 3" not in page
    assert "and 2 more subscriptions" in page
    assert "group 0, group 1, group 2 and 2 more" in page
    assert "group 0" in (await console["alice"].get(f"{P}/robots?q=group+4")).text


async def test_a_closed_robot_leads_to_the_form_of_the_subscription_that_names_it(console: ConsoleHouse) -> None:
    await subscribed(console, "aaaaaaaa-1111-4bc4-97a0-0ec2a1fa5aaa", "another")
    await subscribed(console, GONE, "alone")
    await console.house.robot("DELETE", f"/robots/{GONE}")
    event = {"id": "1", "type": "pipeline.run.failed", "subject": {"name": "build"}}
    headers = {"Authorization": f"Bearer {SECRET}"}
    assert (await console.house.http.post(f"/hooks/{KEY}/ci", json=event, headers=headers)).status_code == 202
    form = re.search(r'href="([^"]+)#form">Paste a new URL', await until_closed(console))
    assert form is not None
    assert 'value="alone"' in (await console["alice"].get(unescape(form[1]))).text


async def test_a_robot_that_was_never_called_is_not_said_to_work(console: ConsoleHouse) -> None:
    await subscribed(console, GONE, "never called")
    for path in (TAB, f"{P}/robots", P):
        page = (await console["alice"].get(path)).text
        assert "Not tried yet" in page, path
        assert "Working" not in page, path
    await console.house.emit("pipeline.run.failed", "1")
    await console.house.deliveries("delivered", 1)
    assert "Working" in (await console["alice"].get(f"{P}/robots")).text
    assert "Working" in (await console["alice"].get(TAB)).text


async def test_a_wecom_url_without_a_key_is_saved_with_a_warning(console: ConsoleHouse) -> None:
    url = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"
    assert (await console["alice"].post(TAB, [*wish(url=url), ("action", "ok")])).status_code == 303
    assert "No key in its URL" in (await console["alice"].get(TAB)).text
    assert "Its URL has no key" in (await console["alice"].get(f"{P}/robots")).text


async def test_a_project_that_never_had_an_event_is_not_said_to_be_well(console: ConsoleHouse) -> None:
    await subscribed(console, GONE, "waits for events")
    page = (await console["alice"].get("/workspace")).text
    assert "No events yet" in page
    assert "All well" not in page
    await console.house.emit("pipeline.run.failed", "1")
    assert "All well" in (await console["alice"].get("/workspace")).text
