"""The pages of a project: who may see and do what, and that looking changes nothing."""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import func, select

from api_house import FAR_URL, KEY, SECRET
from console_house import TAB, ConsoleHouse, console_house, wish
from shipbell.domain.ids import Prefix, encode
from shipbell.storage.tables.flow import deliveries, events
from shipbell.storage.tables.settings import audit

P = f"/projects/{KEY}"
# Every page and deed with who may: the least of viewer, developer, manager, administrator, root.
PAGES = {
    P: "dave",
    f"{P}?range=7d": "dave",
    f"{P}/deliveries": "dave",
    f"{P}/deliveries?state=dead&type=pipeline.run.failed&time=24h&q=build": "dave",
    f"{P}/deliveries/DLV": "dave",
    f"{P}/deliveries/replay?id=DLV": "bob",
    f"{P}/events": "dave",
    f"{P}/events?kind=ignored": "dave",
    f"{P}/events/EVT": "dave",
    f"{P}/why": "dave",
    f"{P}/why?q=EVT": "dave",
    f"{P}/sources": "dave",
    f"{P}/sources/new": "alice",
    f"{P}/sources/SRC": "dave",
    f"{P}/sources/SRC/rotate": "alice",
    f"{P}/sources/SRC/delete": "alice",
    f"{P}/robots": "dave",
    f"{P}/robots/ROB/replay": "bob",
    f"{P}/settings/members": "dave",
    f"{P}/settings/members/carol/remove": "alice",
    f"{P}/settings/general": "dave",
    f"{P}/settings/audit": "bob",
    f"{P}/settings/audit?action=source.created&actor=test": "bob",
    "/admin/users": "root",
    "/admin/users/dave": "root",
    "/admin/users/dave/remove": "root",
    "/admin/projects": "root",
    f"/admin/projects/{KEY}/delete": "root",
    "/admin/audit": "root",
}
DEEDS = {
    f"{P}/deliveries/replay": "bob",
    f"{P}/robots/ROB/reopen": "bob",
    f"{P}/robots/ROB/replay": "bob",
    f"{P}/sources/new": "alice",
    f"{P}/sources/SRC/rotate": "alice",
    f"{P}/sources/SRC/delete": "alice",
    f"{P}/settings/members": "alice",
    f"{P}/settings/members/carol/remove": "alice",
    f"{P}/settings/general": "alice",
    "/admin/users": "root",
    "/admin/users/dave": "root",
    "/admin/projects": "root",
    f"/admin/projects/{KEY}/delete": "root",
}
RANK = ["dave", "carol", "bob", "alice", "root"]


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    async with console_house(tmp_path) as made:
        url = f"{made.house.robots.address}/cgi-bin/webhook/send?key=aaaaaaaa-1111-4bc4-97a0-0ec2a1fa5aaa"
        reply = await made["alice"].post(TAB, [*wish(url=url, user_ids=""), ("action", "ok")])
        assert reply.status_code == 303, reply.text
        await made.house.emit("pipeline.run.failed", "run-128")
        await made.house.deliveries("delivered", 1)
        yield made


async def filled(console: ConsoleHouse, path: str) -> str:
    """The path with the ids of what is there."""
    parts = console.house.parts
    whole = await parts.directory.whole(KEY)
    assert whole is not None
    found = (await parts.history.events_named("run-128"))[0]
    (delivery,) = await parts.history.deliveries_of(found.id)
    names = {
        "DLV": encode(Prefix.DELIVERY, delivery.delivery.id),
        "EVT": encode(Prefix.EVENT, found.id),
        "SRC": encode(Prefix.SOURCE, whole.sources[0].id),
        "ROB": encode(Prefix.ROBOT, delivery.delivery.lane_id),
    }
    for name, public in names.items():
        path = path.replace(name, public)
    return path


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_each_page_is_there_for_those_who_may_see_it_and_for_no_other(
    console: ConsoleHouse, language: str
) -> None:
    for path, least in PAGES.items():
        there = await filled(console, path)
        for who in RANK:
            reply = await console[who].get(there, **{"Accept-Language": language})
            wanted = 200 if RANK.index(who) >= RANK.index(least) else 403
            assert reply.status_code == wanted, (who, path, reply.text[:500])
            assert f'<html lang="{language}">' in reply.text
        stranger = await console["mallory"].get(there)
        assert stranger.status_code == (403 if path.startswith("/admin") else 404), path


async def test_no_page_leads_anybody_to_what_is_not_theirs(console: ConsoleHouse) -> None:
    for who in RANK:
        ways: set[str] = set()
        for path, least in PAGES.items():
            if RANK.index(who) >= RANK.index(least):
                page = (await console[who].get(await filled(console, path))).text
                ways |= {unescape(one) for one in re.findall(r' (?:href|action)="(/[^"#]*)', page)}
        assert len(ways) > len(PAGES) / 2, who
        for way in sorted(one for one in ways if not one.startswith("/static") and "lang=" not in one):
            reply = await console[who].get(way)
            assert reply.status_code in {200, 303, 405}, (who, way)


async def test_looking_changes_nothing(console: ConsoleHouse) -> None:
    async def state() -> list[object]:
        def read(connection):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - counts of three tables
            tables = (select(func.count()).select_from(one) for one in (audit, events, deliveries))
            states = connection.execute(select(deliveries.c.id, deliveries.c.state, deliveries.c.place)).all()
            return [*(connection.execute(one).scalar() for one in tables), *map(tuple, states)]

        return await console.house.parts.opened.database.read(read)

    before = await state()
    for path in PAGES:
        await console["root"].get(await filled(console, path))
    assert await state() == before


async def test_no_deed_is_done_without_the_token_of_a_form_or_by_one_who_may_not(console: ConsoleHouse) -> None:
    before = await console.house.parts.directory.whole(KEY)
    for path, least in DEEDS.items():
        there = await filled(console, path)
        bare = await console["root"].bare_post(there, [("name", "x")])
        assert bare.status_code == 403, path
        foreign = await console["root"].post(there, {}, Origin="https://evil.example")
        assert foreign.status_code == 403, path
        for who in RANK[: RANK.index(least)]:
            assert (await console[who].post(there, {"name": "x"})).status_code == 403, (who, path)
        assert (await console["mallory"].post(there)).status_code == (403 if path.startswith("/admin") else 404)
        assert (await console.house.http.post(there)).status_code in {303, 401}, path
    assert await console.house.parts.directory.whole(KEY) == before


async def test_what_one_may_not_do_is_not_offered(console: ConsoleHouse) -> None:
    offers = {
        f"{P}/deliveries": ("Replay the selected", "bob"),
        f"{P}/sources": ("Add a source", "alice"),
        f"{P}/sources/SRC": ("New secret", "alice"),
        f"{P}/settings/members": ("Add member", "alice"),
        f"{P}/settings/general": ('type="submit">OK', "alice"),
        f"{P}": ("/settings/audit", "bob"),
    }
    for path, (words, least) in offers.items():
        there = await filled(console, path)
        for who in RANK:
            page = (await console[who].get(there)).text
            assert (words in page) is (RANK.index(who) >= RANK.index(least)), (who, path)


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}"


async def test_what_an_event_brings_along_is_text_on_every_page(console: ConsoleHouse) -> None:
    event = {
        "id": HOSTILE,
        "type": "pipeline.run.failed",
        "subject": {"name": HOSTILE},
        "run": {"number": HOSTILE, "status": HOSTILE, "description": HOSTILE, "url": "javascript:alert(3)"},
        "actor": {"name": HOSTILE},
    }
    reply = await console.house.http.post(f"/hooks/{KEY}/ci", json=event, headers={"Authorization": f"Bearer {SECRET}"})
    evt = reply.json()["events"][0]
    dlv = (await console.house.deliveries("delivered", 2))[0]["id"]
    for path in (
        P, f"{P}/deliveries", f"{P}/deliveries/{dlv}", f"{P}/deliveries/replay?id={dlv}", f"{P}/events",
        f"{P}/events/{evt}", f"{P}/why?q={evt}", f"{P}/deliveries?q=%3Cscript%3E", f"{P}/why?q=%3Cscript%3E",
        f"{P}/events?q=%3Cscript%3E&type=%22%3E%3Cscript%3E", f"{P}/settings/audit?actor=%3Cscript%3E",
    ):  # fmt: skip
        page = await console["root"].get(path)
        assert page.status_code == 200, path
        assert re.findall(r"<script(?! src=\"/static/)", page.text) == [], path
        assert "<img" not in page.text, path
        assert 'href="javascript' not in page.text, path
        assert "script-src 'self'" in page.headers["content-security-policy"]


async def test_another_projects_things_do_not_exist_here(console: ConsoleHouse) -> None:
    await console.house.project("orders", {})
    for path in ("/deliveries/DLV", "/events/EVT", "/sources/SRC"):
        there = (await filled(console, path)).removeprefix(P)
        assert (await console["root"].get(f"/projects/orders{there}")).status_code == 404, path
    reopened = await console["root"].post(await filled(console, "/projects/orders/robots/ROB/reopen"))
    assert reopened.status_code == 404
    found = await console["root"].get(await filled(console, "/projects/orders/why?q=EVT"))
    assert "No event with" in found.text
    replayed = await console["root"].post("/projects/orders/deliveries/replay", {"id": await filled(console, "DLV")})
    assert "replayed=0" in replayed.headers["location"]


@pytest.mark.parametrize(
    "query", ["before=x", "state=none", "time=ever", "subscription=sub_x", "q=%00", "seen=1", "range=9y"]
)
async def test_an_address_that_was_bent_is_answered_all_the_same(console: ConsoleHouse, query: str) -> None:
    for path in (P, f"{P}/deliveries", f"{P}/events", f"{P}/why", f"{P}/settings/audit", f"{P}/deliveries/replay"):
        assert (await console["root"].get(f"{path}?{query}")).status_code == 200, path


async def test_no_secret_and_no_robots_key_is_on_any_page(console: ConsoleHouse) -> None:
    for path in PAGES:
        page = (await console["root"].get(await filled(console, path))).text
        assert SECRET not in page, path
        assert "aaaaaaaa-1111" not in page, path
        assert FAR_URL not in page
