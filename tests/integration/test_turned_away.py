"""Where did my message go: of what is not kept, the doors tell what was turned away, and the way leads there."""

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from time import monotonic

import pytest

from api_house import KEY, SECRET
from commands import command
from console_house import ConsoleHouse, console_house
from shipbell.domain.ids import Prefix, encode

P = f"/projects/{KEY}"
_SOON_SECONDS = 20.0


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    async with console_house(tmp_path) as made:
        yield made


async def called(console: ConsoleHouse, secret: str, kind: str = "pipeline.run.failed") -> int:
    event = {"id": "run-1", "type": kind, "subject": {"name": "build"}}
    headers = {"Authorization": f"Bearer {secret}"}
    return (await console.house.http.post(f"/hooks/{KEY}/ci", json=event, headers=headers)).status_code


async def asked(console: ConsoleHouse, words: str, language: str = "en") -> str:
    """The answer to a question for what is not kept, once it says these words: calls are written soon, not at once."""
    page, ends = "", monotonic() + _SOON_SECONDS
    while monotonic() < ends:
        page = (await console["dave"].get(f"{P}/why?q=lost-77&lang={language}")).text
        if words in unescape(re.sub(r"<[^>]+>", "", page)):
            return page
        await asyncio.sleep(0.05)
    raise AssertionError(page)


async def test_the_page_names_door_time_reason_and_help(console: ConsoleHouse) -> None:
    whole = await console.house.parts.directory.whole(KEY)
    assert whole is not None
    page = await asked(console, "A call to a wrong address leaves no trace here")
    assert "At the door of late" not in page
    statuses = [await called(console, *one) for one in ((SECRET,), (SECRET,), (SECRET, "no.such.type"), ("wrong",))]
    assert statuses == [202, 202, 400, 401]
    page = await asked(console, "2 calls were turned away of late, 1 brought events that were known")
    assert f'href="{P}/sources/{encode(Prefix.SOURCE, whole.sources[0].id)}?lang=en"' in page
    said = unescape(re.sub(r"<[^>]+>", "", page))
    assert re.search(
        r"The last at \d\d:\d\d:\d\d: 401 bad-signature\. Its secret is not the one of this source\.", said
    )
    await asked(console, "最近拒绝 2 次调用、收到 1 次重复事件", "zh-CN")


async def test_the_command_line_says_the_same(console: ConsoleHouse, tmp_path: Path) -> None:
    assert [await called(console, one) for one in (SECRET, SECRET, "wrong")] == [202, 202, 401]
    await asked(console, "1 call was turned away of late, 1 brought events that were known")
    ran = await asyncio.to_thread(command, {"SHIPBELL_DATA": str(tmp_path)}, "why", "lost-77")
    assert (ran.code, ran.out) == (1, "")
    assert re.search(
        rf"{KEY}/ci: of late 1 call turned away, the last at \S+Z \(401 bad-signature\): The secret is [^;]*; "
        "1 call brought events that "
        "were known\n",
        ran.err,
    )
    assert "a call to a wrong address leaves no trace" in ran.err


async def test_the_api_points_to_the_calls(console: ConsoleHouse) -> None:
    reply = await console.house.ask("GET", f"{P}/events/lost-77/why")
    assert (reply.status_code, "the calls of its sources tell" in reply.json()["detail"]) == (404, True)


async def test_what_a_refused_caller_was_told_is_kept_and_shown_without_the_secret(console: ConsoleHouse) -> None:
    source = next(iter((await console.house.ask("GET", f"/projects/{KEY}/sources")).json()["items"]))
    sent: list[dict[str, object]] = [
        {"id": f"run-{SECRET}", "type": "no.such.type", "subject": {"name": "x"}},
        {"id": "run-9", "type": f"a.{SECRET}", "subject": {"name": "x"}},
        {"id": "i" * 500, "type": "pipeline.run.failed", "gate": "bad", "subject": {"name": "x"}},
    ]
    for body in sent:
        reply = await console.house.http.post(
            f"/hooks/{KEY}/{source['name']}", json=body, headers={"Authorization": f"Bearer {SECRET}"}
        )
        assert reply.status_code == 400
    calls: list[dict[str, str]] = []
    async with asyncio.timeout(20):
        while len([one for one in calls if one["status"] == "400" or one["detail"]]) < len(sent):
            await asyncio.sleep(0.05)
            answer = await console.house.ask("GET", f"/projects/{KEY}/sources/{source['id']}/calls")
            calls = answer.json()["items"]
    told = {one["event"]: one["detail"] for one in calls}
    assert "no.such.type" in told["run-***"]
    assert "a.***" in told["run-9"]
    assert "at gate" in told["i" * 200]
    page = unescape((await console["alice"].get(f"/projects/{KEY}/sources/{source['id']}")).text)
    why = await asked(console, "at gate")
    assert "no.such.type" in page
    assert "at gate" in page
    assert SECRET not in str(calls) + page + why
