"""Every page of a project says how many dead letters it has."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from api_house import KEY
from console_house import TAB, ConsoleHouse, console_house, wish
from crowd import fill
from shipbell.storage.tables.flow import deliveries

P = f"/projects/{KEY}"
ITEM = re.compile(r'<a class="nav-item"[^>]*>(?:(?!</a>).)*?</svg>(Deliveries|投递记录)(.*?)</a>', re.DOTALL)


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    async with console_house(tmp_path) as made:
        assert (await made["alice"].post(TAB, [*wish(enabled=[]), ("action", "ok")])).status_code == 303
        yield made


async def kept(console: ConsoleHouse, many: int, state: str) -> None:
    """Write so many deliveries of a state into the tables."""
    database = console.house.parts.opened.database
    await database.write(lambda connection: fill(connection, many=many, waiting=0))
    await database.write(lambda connection: connection.execute(update(deliveries).values(state=state)))


async def badge(console: ConsoleHouse, path: str, who: str = "alice") -> str:
    """What stands beside Deliveries in the navigation, without its markup."""
    found = ITEM.search((await console[who].get(path)).text)
    assert found is not None, path
    return re.sub(r"<[^>]+>", " ", found[2]).strip()


async def test_nothing_dead_is_no_badge(console: ConsoleHouse) -> None:
    await kept(console, 30, "delivered")
    assert await badge(console, P) == ""


async def test_a_few_dead_letters_are_counted_on_every_page_with_words(console: ConsoleHouse) -> None:
    await kept(console, 30, "dead")
    for path in (P, f"{P}/deliveries", f"{P}/events", f"{P}/sources", f"{P}/settings/members", f"{TAB}?new="):
        assert re.fullmatch(r"30\s+30 dead", await badge(console, path)), path
    assert re.fullmatch(r"30\s+30 条发送失败", await badge(console, f"{P}?lang=zh-CN", "dave"))
    typed = (await console["alice"].post(TAB, [*wish(url=""), ("action", "ok")])).text
    assert "30 dead" in typed


async def test_the_badge_is_exact_to_a_thousand_and_then_says_so(console: ConsoleHouse) -> None:
    database = console.house.parts.opened.database
    await kept(console, 1_001, "dead")
    assert re.fullmatch(r"1,000\+\s+1,000\+ dead", await badge(console, P))
    newest = select(func.max(deliveries.c.id)).scalar_subquery()
    one_less = update(deliveries).where(deliveries.c.id == newest).values(state="delivered")
    await database.write(lambda connection: connection.execute(one_less))
    assert re.fullmatch(r"1,000\s+1,000 dead", await badge(console, P))


async def test_another_projects_dead_letters_are_not_told(console: ConsoleHouse) -> None:
    await kept(console, 3, "dead")
    await console.house.project("orders", {})
    assert await badge(console, P, "root") != ""
    assert await badge(console, "/projects/orders", "root") == ""
