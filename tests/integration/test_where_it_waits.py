"""Where did my message go: what waits says what keeps it, the same to the console, the API and the command line."""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import update

from api_house import KEY, SECRET
from console_house import TAB, ConsoleHouse, console_house, wish
from shipbell.cli.render_history import path_lines
from shipbell.storage.tables.flow import lanes
from shipbell.usecases.waiting_reason import holdups

P = f"/projects/{KEY}"
ROBOT = "aaaaaaaa-1111-4bc4-97a0-0ec2a1fa5aaa"


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    """A console whose only robot sits behind a bad gateway, with one delivery that is tried again and again."""
    async with console_house(tmp_path) as made:
        await made.house.robot("PUT", f"/robots/{ROBOT}/faults", {"bad-gateway": 1})
        url = f"{made.house.robots.address}/cgi-bin/webhook/send?key={ROBOT}"
        reply = await made["alice"].post(TAB, [*wish(url=url, user_ids=""), ("action", "ok")])
        assert reply.status_code == 303, reply.text
        event = {"id": "run-1", "type": "pipeline.run.failed", "subject": {"name": "build"}, "run": {"number": "1"}}
        sent = await made.house.http.post(f"/hooks/{KEY}/ci", json=event, headers={"Authorization": f"Bearer {SECRET}"})
        assert sent.status_code == 202
        await made.house.deliveries("retrying", 1)
        yield made


async def pages(console: ConsoleHouse, language: str) -> list[str]:
    """The path of the event and the page of its delivery, as text."""
    [line] = await console.house.deliveries("retrying", 1)
    asked = [f"{P}/why?q=run-1&lang={language}", f"{P}/deliveries/{line['id']}?lang={language}"]
    return [unescape(re.sub(r"<[^>]+>", "", (await console["dave"].get(one)).text)) for one in asked]


async def waits_for(console: ConsoleHouse) -> list[dict[str, object]]:
    """What the API says of it, by the event and by the delivery."""
    path = (await console.house.ask("GET", f"{P}/events/run-1/why")).json()
    told = path["branches"][0]["delivery"]
    whole = (await console.house.ask("GET", f"{P}/deliveries/{told['id']}")).json()
    return [told["waits_for"], whole["waits_for"]]


async def lines(console: ConsoleHouse) -> str:
    """What the command line says."""
    parts = console.house.parts
    [path] = await parts.why("run-1")
    made = [one.delivery.delivery for one in path.branches if one.delivery]
    return "\n".join(path_lines(path, await holdups(parts.history, made, parts.clock.now())))


async def test_a_robot_that_pauses_after_a_failure_says_so_and_when_it_is_called_next(console: ConsoleHouse) -> None:
    path, delivery = await pages(console, "en")
    assert "The robot pauses, since a call to it had no success." in path
    assert re.search(r"not before \d\d:\d\d:\d\d", path)
    assert "1 delivery waits on this robot." in path
    assert "for its pace" not in path
    for page in (path, delivery):
        assert "The robot's words: <html> <head><title>502 Bad Gateway" in page
    assert re.search(r"Next callnot before \d\d:\d\d:\d\d", delivery)
    path, _ = await pages(console, "zh-CN")
    assert "对机器人的调用未成功，机器人暂停中。" in path
    assert re.search(r"下次重试：\d\d:\d\d:\d\d 之后", path)
    for told in await waits_for(console):
        assert (told["code"], told["waiting"]) == ("robot-paused", 1)
        assert "since a call to it had no success" in str(told["why"])
        assert told["until"] is not None
    said = await lines(console)
    assert "robot's words: <html> <head><title>502 Bad Gateway" in said
    assert "waits         The robot pauses, since a call to it had no success." in said
    assert re.search(r"next call     20\d\d-\S+Z at the earliest", said)
    assert re.search(r"expires       20\d\d-\S+Z", said)


async def test_a_robot_that_stands_still_until_somebody_acts_is_told_with_the_way_to_it(console: ConsoleHouse) -> None:
    stopped = update(lanes).values(state="failing", cause="40058")
    await console.house.parts.opened.database.write(lambda connection: connection.execute(stopped))
    for page in await pages(console, "en"):
        assert "The robot refused five messages in a row and stands still." in page
        assert "then reopen it; what waits goes on by itself." in page
        assert "Robots" in page.split("stands still")[1]
    for page in await pages(console, "zh-CN"):
        assert "机器人连续拒收 5 条消息，已停止发送。" in page
    for told in await waits_for(console):
        assert (told["code"], told["until"]) == ("robot-failing", None)
    assert "waits         The robot refused five messages in a row and stands still." in await lines(console)


async def test_what_has_ended_waits_for_nothing_and_says_when_it_ended(console: ConsoleHouse) -> None:
    await console.house.robot("PUT", f"/robots/{ROBOT}/faults", {"bad-gateway": 0})
    await console.house.deliveries("delivered", 1)
    assert await waits_for(console) == [None, None]
    said = await lines(console)
    assert re.search(r"ended         20\d\d-\S+Z", said)
    assert ("waits  " in said, "expires" in said) == (False, False)
