"""Replays as people do them: asked first, told how they go, in steps that end, and inside one's own project."""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from api_house import KEY, ROLES
from console_house import ConsoleHouse, console_house, wish
from crowd import fill
from shipbell.domain.ids import Prefix, encode
from shipbell.storage.database.codec import to_ms
from shipbell.storage.tables.flow import deliveries, lanes
from shipbell.web.console.history.replay_robot import STEP

P = f"/projects/{KEY}"
OTHER = "orders"
MANY, THEIRS = 5_000, 700
WAITS = deliveries.c.state == "waiting"


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    async with console_house(tmp_path) as made:
        yield made


async def paused(console: ConsoleHouse) -> None:
    """Let every robot pause, so that what is replayed stays in line while a test looks."""
    later = to_ms(console.house.parts.clock.now() + timedelta(hours=1))
    pause = update(lanes).values(ready_at=later, due_at=later)
    await console.house.parts.opened.database.write(lambda connection: connection.execute(pause))


async def subscribed(console: ConsoleHouse, project: str, **changes: str | list[str]) -> None:
    tab = f"/projects/{project}/settings/general/notifications/wecom"
    reply = await console["alice"].post(tab, [*wish(**changes), ("action", "ok")])
    assert reply.status_code == 303, reply.text


async def counted(console: ConsoleHouse, project: str, state: str) -> int:
    """How many deliveries of a project are in a state."""
    whole = await console.house.parts.directory.whole(project)
    assert whole is not None
    of = (deliveries.c.project_id == whole.project.id) & (deliveries.c.state == state)
    statement = select(func.count()).select_from(deliveries).where(of)
    found: int = await console.house.parts.opened.database.read(
        lambda connection: connection.execute(statement).scalar_one()
    )
    return found


async def two_projects_with_dead_letters(console: ConsoleHouse) -> str:
    """One robot of two projects with dead letters of both: the robot's public id."""
    await subscribed(console, KEY)
    database = console.house.parts.opened.database
    await database.write(lambda connection: fill(connection, many=MANY + THEIRS, waiting=0))
    await console.house.project(OTHER, {"alice": ROLES["administrator"]})
    await subscribed(console, OTHER)
    whole = await console.house.parts.directory.whole(OTHER)
    assert whole is not None
    theirs = {"project_id": whole.project.id, "subscription_id": whole.subscriptions[0].id}
    odd = deliveries.c.place % 2 == 0
    first = deliveries.c.place <= 2 * THEIRS
    await database.write(lambda connection: connection.execute(update(deliveries).values(state="dead", cause="93000")))
    await database.write(lambda connection: connection.execute(update(deliveries).where(odd, first).values(**theirs)))
    await paused(console)
    return encode(Prefix.ROBOT, whole.subscriptions[0].lane_id)


def hidden(page: str) -> list[tuple[str, str]]:
    """The hidden fields of the form that goes on."""
    form = re.search(r"<form[^>]*hx-post=[^>]*>(.*?)</form>", page, re.DOTALL)
    assert form is not None, page
    pairs = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form[1])
    return [(name, unescape(value)) for name, value in pairs if name != "csrf"]


async def stepped(console: ConsoleHouse, path: str, fields: list[tuple[str, str]] | Mapping[str, str] = ()) -> str:  # type: ignore[assignment]
    """One press of the button: the page that follows."""
    reply = await console["bob"].post(path, fields)
    assert reply.status_code == 303, reply.text
    return (await console["bob"].get(reply.headers["location"])).text


@pytest.mark.timeout(120)
async def test_thousands_go_again_in_steps_that_tell_what_is_left_and_only_ones_own(console: ConsoleHouse) -> None:
    path = f"{P}/robots/{await two_projects_with_dead_letters(console)}/replay"
    asked = (await console["bob"].get(path)).text
    assert "Replay all that is dead on this robot: 1,000+?" in asked
    page = await stepped(console, path)
    assert "2,000 go again so far, 1,000+ left" in page
    assert 'aria-valuenow="2000"' in page
    assert await counted(console, KEY, "dead") == MANY - STEP
    page = await stepped(console, path, hidden(page))
    assert "4,000 go again so far, 1,000 left" in page
    assert 'aria-valuenow="4000"' in page
    assert 'aria-valuemax="5000"' in page
    assert 'hx-trigger="load delay:700ms"' in page
    page = await stepped(console, path, hidden(page))
    assert "5,000 deliveries go again." in page
    assert "hx-post" not in page
    assert await counted(console, KEY, "dead") == 0
    assert await counted(console, OTHER, "dead") == THEIRS


@pytest.mark.timeout(120)
async def test_what_dies_again_meanwhile_is_not_replayed_twice(console: ConsoleHouse) -> None:
    path = f"{P}/robots/{await two_projects_with_dead_letters(console)}/replay"
    page = await stepped(console, path)
    database = console.house.parts.opened.database
    died = update(deliveries).where(WAITS).values(state="dead", cause="rejected")
    again = await database.write(lambda connection: connection.execute(died).rowcount)
    assert again == STEP
    for _ in range(2):
        page = await stepped(console, path, hidden(page))
    assert "5,000 deliveries go again." in page
    assert await counted(console, KEY, "dead") >= again


async def test_looking_at_the_progress_moves_nothing(console: ConsoleHouse) -> None:
    path = f"{P}/robots/{await two_projects_with_dead_letters(console)}/replay"
    for query in ("replayed=0", "replayed=7&after=dlv_nonsense&until=x&why=y", f"replayed={'9' * 40}&until={'9' * 13}"):
        assert (await console["bob"].get(f"{path}?{query}")).status_code == 200, query
    assert await counted(console, KEY, "dead") == MANY
    assert (await console["dave"].get(f"{path}?replayed=1")).status_code == 403


async def test_a_selection_tells_how_it_goes_and_why_some_cannot(console: ConsoleHouse) -> None:
    await subscribed(console, KEY)
    await subscribed(console, KEY, name="switched off", enabled=[])
    database = console.house.parts.opened.database
    await database.write(lambda connection: fill(connection, many=6, waiting=0))
    await database.write(lambda connection: connection.execute(update(deliveries).values(state="dead", cause="93000")))
    await paused(console)
    numbers = await database.read(lambda connection: list(connection.execute(select(deliveries.c.id)).scalars()))
    chosen = [("id", encode(Prefix.DELIVERY, one)) for one in numbers]
    asked = (await console["bob"].get(f"{P}/deliveries/replay?{'&'.join(f'id={one}' for _, one in chosen)}")).text
    assert "Replay 6 deliveries?" in asked
    reply = await console["bob"].post(f"{P}/deliveries/replay", chosen)
    there = reply.headers["location"]
    page = (await console["bob"].get(there)).text
    assert "Replay of 3 deliveries" in page
    assert "3 deliveries cannot go again:" in page
    assert "Switch it on, then replay" in page
    assert 'hx-trigger="every 4s"' in page
    await database.write(
        lambda connection: connection.execute(update(deliveries).where(WAITS).values(state="delivered"))
    )
    ended = (await console["bob"].get(there)).text
    assert "3 delivered, 0 wait, 0 not delivered" in ended
    assert 'aria-valuenow="3"' in ended
    assert "hx-trigger" not in ended
    chinese = (await console["bob"].get(f"{there}&lang=zh-CN")).text
    assert "已送达 3 条，等待中 0 条，未送达 0 条" in chinese
    assert "请先启用订阅" in chinese


async def test_a_selection_of_another_project_moves_nothing(console: ConsoleHouse) -> None:
    await two_projects_with_dead_letters(console)
    database = console.house.parts.opened.database
    whole = await console.house.parts.directory.whole(OTHER)
    assert whole is not None
    statement = select(deliveries.c.id).where(deliveries.c.project_id == whole.project.id).limit(2)
    theirs = await database.read(lambda connection: list(connection.execute(statement).scalars()))
    chosen = [("id", encode(Prefix.DELIVERY, one)) for one in theirs]
    page = await stepped(console, f"{P}/deliveries/replay", chosen)
    assert "Nothing goes again" in page
    assert "There is no such delivery." in page
    assert await counted(console, OTHER, "dead") == THEIRS
