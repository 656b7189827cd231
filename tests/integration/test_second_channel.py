"""A second channel is a folder and a line: with the toy in the registry everything has it, without it WeCom goes on."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

import toy_channel
from api_house import KEY, SECRET, House, house
from console_house import TAB, console_house
from shipbell import channels
from toy_channel import ToyChannel

OFFERED = {"SHIPBELL_CHANNEL_REGIONS": "wecom=*,toy=*"}
ENUM = """
from shipbell import channels
from toy_channel import ToyChannel
channels.REGISTRY = (*channels.REGISTRY, ToyChannel())
from shipbell.web.api import bodies
print(bodies._Channel)
"""


@pytest.fixture
def with_toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "REGISTRY", (*channels.REGISTRY, ToyChannel()))


@pytest.fixture
async def toytown() -> AsyncIterator[tuple[str, list[object]]]:
    """A server of toys: its address, and what it was told."""
    told: list[object] = []

    async def hear(request: web.Request) -> web.Response:
        told.append(await request.json())
        return web.Response(status=410 if "gone" in request.path else 204)

    app = web.Application()
    app.router.add_post("/{toy}", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", told
    await runner.cleanup()


async def subscribed(made: House, name: str, channel: str, url: str) -> None:
    wanted = {"name": name, "channel": channel, "url": url, "events": ["pipeline.run.failed"], "format": "text"}
    await made.make(f"/projects/{KEY}/subscriptions", wanted)


async def prepared(made: House) -> None:
    await made.project(KEY)
    await made.make(f"/projects/{KEY}/sources", {"name": "ci", "kind": "generic", "secret": SECRET})


@pytest.mark.usefixtures("with_toy")
async def test_a_message_reaches_a_robot_of_the_second_channel(
    tmp_path: Path, toytown: tuple[str, list[object]]
) -> None:
    address, told = toytown
    async with house(tmp_path, **OFFERED) as made:
        await prepared(made)
        await subscribed(made, "toys", "toy", f"{address}/bear")
        await subscribed(made, "lost toys", "toy", f"{address}/gone")
        await made.emit("pipeline.run.failed", "one")
        await made.deliveries("delivered", 1)
        [dead] = await made.deliveries("dead", 1)
        robots = await made.listed(f"/projects/{KEY}/robots?limit=50")
    assert [list(one) for one in told if isinstance(one, dict)] == [["toy"], ["toy"]]
    assert (dead["cause"], dead["why"]) == ("toy-gone", "The toy is gone. Nothing is to be done.")
    assert {(one["channel"], one["budget"]["per_minute"]) for one in robots} == {("toy", 30)}  # type: ignore[index]


async def test_without_its_channel_a_robot_closes_and_those_of_wecom_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(channels, "REGISTRY", (*channels.REGISTRY, ToyChannel()))
        async with house(tmp_path, **OFFERED) as made:
            await prepared(made)
            await subscribed(made, "toys", "toy", "http://127.0.0.1:9/bear")
            await made.emit("pipeline.run.failed", "one")
            await made.deliveries("retrying", 1)
    async with house(tmp_path, SHIPBELL_CHANNEL_REGIONS="wecom=*") as made:
        key = "3f6b0b52-1c1e-4c6a-9f77-6d0c2b9d5aaa"
        await subscribed(made, "group", "wecom", f"{made.robots.address}/cgi-bin/webhook/send?key={key}")
        await made.emit("pipeline.run.failed", "two")
        await made.deliveries("delivered", 1)
        [dead] = await made.deliveries("dead", 1)
    assert dead["cause"] == "channel-unknown"


@pytest.mark.usefixtures("with_toy")
async def test_the_form_has_a_tab_with_the_channels_own_words_and_formats(tmp_path: Path) -> None:
    async with console_house(tmp_path, **OFFERED) as console:
        page = (await console["alice"].get(TAB.replace("wecom", "toy"))).text
        ours = (await console["alice"].get(TAB)).text
    assert "Ask the mayor of Toytown for a URL." in page
    assert 'value="text"' in page
    assert 'value="markdown"' not in page
    assert "notifications/toy" in ours
    assert "mayor of Toytown" not in ours


async def test_the_api_takes_each_channel_of_the_registry() -> None:
    support = str(Path(toy_channel.__file__).parent)
    script = f"import sys; sys.path.append({support!r})\n{ENUM}"
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert "wecom" in done.stdout
    assert "toy" in done.stdout
