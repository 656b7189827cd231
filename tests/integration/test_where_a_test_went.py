"""A test message that found no group says so as a test, wherever one asks."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from api_house import KEY
from console_house import TAB, ConsoleHouse, console_house, wish
from shipbell.cli.render_history import whole_lines
from shipbell.domain.ids import Prefix, decode
from shipbell.ports.history import Find
from shipbell.ports.insight import Span
from shipbell.storage.history.insight import SqlInsight

P = f"/projects/{KEY}"
ROBOT = "bbbbbbbb-1111-4bc4-97a0-0ec2a1fa5bbb"
HOUR = timedelta(hours=1)
CURE = {
    "en": "Add a robot and paste its new URL, then test again.",
    "zh-CN": "请添加机器人并粘贴新的 URL，然后重新测试。",
}


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    """A console whose robot left its group before it was tested."""
    async with console_house(tmp_path) as made:
        await made.house.robot("DELETE", f"/robots/{ROBOT}")
        url = f"{made.house.robots.address}/cgi-bin/webhook/send?key={ROBOT}"
        reply = await made["alice"].post(TAB, [*wish(url=url, user_ids=""), ("action", "test")])
        assert reply.status_code == 200, reply.text
        await made.house.deliveries("dead", 1)
        yield made


@pytest.mark.parametrize("language", CURE)
async def test_the_pages_tell_a_test_as_one(console: ConsoleHouse, language: str) -> None:
    [line] = await console.house.deliveries("dead", 1)
    path, delivery = [
        unescape(re.sub(r"<[^>]+>", "", (await console["dave"].get(one)).text))
        for one in (f"{P}/why?q={line['event_id']}&lang={language}", f"{P}/deliveries/{line['id']}?lang={language}")
    ]
    assert {"en": "A test message", "zh-CN": "一条测试消息"}[language] in path
    assert {"en": "secret matched", "zh-CN": "密钥匹配"}[language] not in path
    assert CURE[language] in delivery


async def test_the_api_and_the_command_line_say_to_test_again(console: ConsoleHouse) -> None:
    [line] = await console.house.deliveries("dead", 1)
    assert str(line["why"]).endswith(CURE["en"])
    number = decode(Prefix.DELIVERY, str(line["id"]))
    whole = await console.house.parts.history.delivery(number or 0)
    assert whole is not None
    assert CURE["en"] in "\n".join(whole_lines(whole, {}))


async def test_a_failed_test_counts_in_no_figure_and_leaves_no_red_mark(console: ConsoleHouse) -> None:
    overview = (await console["dave"].get(P)).text
    assert "dead</span>" not in overview
    assert re.search(r'kpi is-dead"', overview) is None
    assert '<div class="kpi-value">–</div>' in overview.replace("\n", "")
    insight = SqlInsight(console.house.parts.opened.database)
    whole = await console.house.parts.directory.whole(KEY)
    assert whole is not None
    project = whole.project.id
    now = console.house.parts.clock.now()
    figures = await insight.figures(Span(project_id=project, since=now - HOUR, until=now + HOUR, slots=2))
    assert [(one.events, one.delivered, one.waiting, one.ended_badly) for one in figures.slots] == [(0, 0, 0, 0)] * 2
    assert figures.dead == 0
    glance = (await insight.glances([project], now + HOUR))[project]
    assert (glance.dead.number, glance.waiting.number, sum(glance.hours)) == (0, 0, 0)
    counts = await insight.counts(Find(project_id=project))
    assert {state: one.number for state, one in counts.items() if one.number} == {}


async def test_a_test_of_what_was_not_saved_is_listed_as_that(console: ConsoleHouse) -> None:
    listed = (await console["dave"].get(f"{P}/deliveries?state=dead")).text
    assert "Test message" in listed
    assert ">not saved<" in listed
    assert ">deleted<" not in listed
