"""The projects of an instance, for who administers it: page by page, and found by key and name."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api_house import SYSTEM
from console_house import ConsoleHouse, console_house
from shipbell.ports.directory import ProjectRecord, PutProject

MANY = 120
KEYS = [f"team-{number:03d}" for number in range(MANY)]


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    async with console_house(tmp_path) as made:
        records = [
            ProjectRecord(key=key, name=f"Harbour {key[-3:]}", region="ap-southeast-3", time_zone="UTC") for key in KEYS
        ]
        await made.house.parts.directory.change([PutProject(project=one) for one in records], SYSTEM)
        yield made


async def shown(console: ConsoleHouse, path: str) -> tuple[list[str], str | None]:
    """The teams of a page, and the address of the following one."""
    page = (await console["root"].get(path)).text
    following = re.search(r'class="btn btn-s" href="(/admin/projects\?[^"]*from=[^"]+)"', page)
    return re.findall(r"<code[^>]*>(team-\d+)</code>", page), following and following[1].replace("&amp;", "&")


async def test_pages_of_projects_follow_each_other_without_a_gap(console: ConsoleHouse) -> None:
    first, second = await shown(console, "/admin/projects")
    assert second
    more, third = await shown(console, second)
    assert third
    last, end = await shown(console, third)
    assert first + more + last == KEYS
    assert max(len(first), len(more), len(last)) <= 50
    assert end is None


async def test_a_project_is_found_by_the_beginning_of_its_key_or_of_a_word_of_its_name(console: ConsoleHouse) -> None:
    for text in ("team-117", "117"):
        assert await shown(console, f"/admin/projects?q={text}") == (["team-117"], None)
    some, following = await shown(console, "/admin/projects?q=harbour")
    assert len(some) == 50
    assert following
    assert "q=harbour" in following
    assert (await shown(console, following))[0] == KEYS[50:100]
    assert "No project matches" in (await console["root"].get("/admin/projects?q=nothing")).text


async def test_a_page_that_began_with_a_project_that_is_gone_begins_with_the_following_one(
    console: ConsoleHouse,
) -> None:
    assert (await shown(console, "/admin/projects?from=team-050-gone"))[0][0] == "team-051"
    assert (await shown(console, "/admin/projects?from=zzz"))[0][0] == KEYS[0]
