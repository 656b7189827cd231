"""Where did my message go: a path tells what held when the event came, what was changed since, and by whom."""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from api_house import KEY, SECRET
from console_house import TAB, ConsoleHouse, console_house, wish
from shipbell.domain.ids import Prefix, encode
from shipbell.domain.subscriptions import Locale
from shipbell.web.console.frame.words import Words

P = f"/projects/{KEY}"
REASONS = {
    "Its type is another system's; only io.shipbell.* can be subscribed to.": "其类型属于其他系统",
    "A check that is running has no result.": "检查处于 running 状态",
    "A deployment with state running has not ended.": "部署处于 running 状态",
    "A run with status RUNNING has neither ended nor paused.": "执行处于 RUNNING 状态",
}


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    async with console_house(tmp_path) as made:
        yield made


async def saved(console: ConsoleHouse, who: str, known: tuple[int, str] | None = None, **changes: object) -> None:
    url = f"{console.house.robots.address}/cgi-bin/webhook/send?key=aaaaaaaa-1111-4bc4-97a0-0ec2a1fa5aaa"
    more = [("id", encode(Prefix.SUBSCRIPTION, known[0])), ("revision", known[1])] if known else []
    reply = await console[who].post(TAB, [*wish(url=url, user_ids="", **changes), *more, ("action", "ok")])  # type: ignore[arg-type]
    assert reply.status_code == 303, reply.text


async def sent(console: ConsoleHouse, event_id: str) -> None:
    event = {"id": event_id, "type": "pipeline.run.failed", "subject": {"name": "build"}, "run": {"number": "1"}}
    headers = {"Authorization": f"Bearer {SECRET}"}
    reply = await console.house.http.post(f"/hooks/{KEY}/ci", json=event, headers=headers)
    assert reply.status_code == 202


async def path(console: ConsoleHouse, event_id: str, language: str = "en") -> str:
    page = (await console["dave"].get(f"{P}/why?q={event_id}&lang={language}")).text
    return unescape(re.sub(r"<[^>]+>", "", page))


async def test_what_was_told_then_is_no_riddle_after_a_change(console: ConsoleHouse) -> None:
    await saved(console, "alice")
    await sent(console, "then")
    await console.house.deliveries("delivered", 1)
    assert "changed since" not in await path(console, "then")
    whole = await console.house.parts.directory.whole(KEY)
    assert whole is not None
    await saved(console, "bob", (whole.subscriptions[0].id, "1"), events=["deploy.application.failed"])
    page = await path(console, "then")
    assert "It wanted this event when it came" in page
    assert "Subscription or project were changed since: it would not be told now." in page
    assert "is not ticked" not in page
    assert "事件到达时曾命中" in await path(console, "then", "zh-CN")
    await sent(console, "after")
    page = await path(console, "after")
    assert "Pipeline: Failed is not ticked" in page
    assert "Last changed" not in page, "it was so before the event came"


async def test_who_made_a_subscription_too_late_is_told_with_the_time(console: ConsoleHouse) -> None:
    await sent(console, "early")
    assert (
        f"{P}/settings/general/notifications/wecom"
        in (await console["dave"].get(f"{P}/why?q=early")).text.split("This project has no subscription.")[1]
    )
    await saved(console, "bob")
    page = await path(console, "early")
    assert "The subscription was made or changed after the event came." in page
    assert re.search(r"Last changed .*20\d\d.* by bob\.", page)


@pytest.mark.parametrize(("reason", "chinese"), REASONS.items())
def test_why_an_event_is_ignored_is_told_in_chinese_too(reason: str, chinese: str) -> None:
    assert Words(language=Locale.ZH_CN, zone="UTC").told(reason).startswith(chinese)
