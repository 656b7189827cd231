"""A project's mark moves with what its history tells of, and not with what happens elsewhere."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api_house import FAR_URL, KEY, OTHER, SECRET, SYSTEM, House, house
from shipbell.domain.secret import Secret
from shipbell.ports.directory import PutSource, SourceRecord
from shipbell.storage.history.change_marks import SqlPulse


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        for key in (KEY, OTHER):
            await made.project(key)
            source = SourceRecord(name="ci", kind="generic", secret=Secret(SECRET))
            await made.parts.directory.change([PutSource(project=key, source=source)], SYSTEM)
        yield made


async def numbers(here: House) -> tuple[int, int]:
    found = [await here.parts.directory.whole(key) for key in (KEY, OTHER)]
    ids = [one.project.id for one in found if one is not None]
    return ids[0], ids[1]


async def subscribe(here: House, url: str) -> None:
    await here.make(
        f"/projects/{KEY}/subscriptions",
        {"name": "release group", "channel": "wecom", "url": url, "events": ["pipeline.run.failed"]},
    )


async def test_an_event_moves_the_mark_of_its_project_alone(here: House) -> None:
    pulse, (mine, other) = SqlPulse(here.parts.opened.database), await numbers(here)
    before = await pulse.marks([mine, other])
    assert await pulse.marks([mine, other]) == before
    await here.emit("pipeline.run.failed", "first")
    after = await pulse.marks([mine, other])
    assert after[mine] != before[mine]
    assert after[other] == before[other]


async def test_a_settled_call_moves_it(here: House) -> None:
    pulse, (mine, _) = SqlPulse(here.parts.opened.database), await numbers(here)
    await here.robot("PUT", "/robots/a-busy-robot/faults", {"busy": 1})
    await subscribe(here, here.robots.url("a-busy-robot"))
    await here.emit("pipeline.run.failed", "first")
    await here.deliveries("retrying", 1)
    before = await pulse.marks([mine])
    await here.robot("PUT", "/robots/a-busy-robot/faults", {})
    await here.robot("DELETE", "/robots/a-busy-robot")
    await here.deliveries("dead", 1)
    assert await pulse.marks([mine]) != before


async def test_a_refused_call_and_a_change_of_settings_move_it(here: House) -> None:
    pulse, (mine, _) = SqlPulse(here.parts.opened.database), await numbers(here)
    before = await pulse.marks([mine])
    await here.http.post(f"/hooks/{KEY}/ci", json={}, headers={"Authorization": "Bearer wrong"})
    while (called := await pulse.marks([mine])) == before:
        pass
    await subscribe(here, FAR_URL)
    assert await pulse.marks([mine]) != called


async def test_what_is_no_project_has_no_mark(here: House) -> None:
    assert await SqlPulse(here.parts.opened.database).marks([7]) == {}
