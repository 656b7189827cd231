"""What people do on the pages of a project, from the first source to a replayed message."""

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from time import monotonic

import pytest

from api_house import KEY, SECRET
from console_house import TAB, ConsoleHouse, console_house, wish
from shipbell.domain.access import Role
from shipbell.domain.ids import Prefix, encode

P = f"/projects/{KEY}"
_SOON_SECONDS = 20.0
BAD_KEY = "bbbbbbbb-1111-4bc4-97a0-0ec2a1fa5bbb"


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    async with console_house(tmp_path) as made:
        yield made


async def subscribed(console: ConsoleHouse, key: str = "aaaaaaaa-1111-4bc4-97a0-0ec2a1fa5aaa", **changes: str) -> None:
    url = f"{console.house.robots.address}/cgi-bin/webhook/send?key={key}"
    reply = await console["alice"].post(TAB, [*wish(url=url, user_ids="", **changes), ("action", "ok")])
    assert reply.status_code == 303, reply.text


def shown_secret(page: str) -> str:
    found = re.search(r'is-secret"><code[^>]*>([^<]+)</code>', page)
    assert found is not None
    return unescape(found[1])


async def called(
    console: ConsoleHouse, source: str, secret: str, event_id: str, kind: str = "pipeline.run.failed"
) -> int:
    event = {"id": event_id, "type": kind, "subject": {"name": "build-and-release"}, "run": {"number": "128"}}
    headers = {"Authorization": f"Bearer {secret}"}
    return (await console.house.http.post(f"/hooks/{KEY}/{source}", json=event, headers=headers)).status_code


async def test_a_new_source_shows_its_secret_once_and_then_what_knocks(console: ConsoleHouse) -> None:
    alice = console["alice"]
    made = await alice.post(f"{P}/sources/new", {"kind": "generic", "name": "jenkins"})
    secret = shown_secret(made.text)
    assert f"http://shipbell.test/hooks/{KEY}/jenkins" in made.text
    assert f"Authorization: Bearer {secret}" in unescape(made.text)
    assert "Waiting for the first event" in made.text
    source = encode(Prefix.SOURCE, next(
        one.id for one in (await console.house.parts.directory.whole(KEY)).sources if one.name == "jenkins"  # type: ignore[union-attr]
    ))  # fmt: skip
    again = (await alice.get(f"{P}/sources/{source}")).text
    assert secret not in again
    assert await called(console, "jenkins", "wrong", "1") == 401
    page = await _until(console, f"{P}/sources/{source}", "turned away")
    assert "Its secret is not the one of this source." in page
    assert await called(console, "jenkins", secret, "2") == 202
    page = await _until(console, f"{P}/sources/{source}", "It works")
    assert "Pipeline failed" in page
    assert "build-and-release #128" in page


async def _until(console: ConsoleHouse, path: str, words: str) -> str:
    """The page once it says these words; calls at the door are written soon, not at once."""
    page, ends = "", monotonic() + _SOON_SECONDS
    while monotonic() < ends:
        page = (await console["alice"].get(path)).text
        if words in page:
            return page
        await asyncio.sleep(0.02)
    raise AssertionError(page)


async def test_a_source_that_breaks_a_rule_keeps_what_was_typed(console: ConsoleHouse) -> None:
    bad = await console["alice"].post(f"{P}/sources/new", {"kind": "generic", "name": "Not So"})
    assert bad.status_code == 422
    assert 'value="Not So"' in bad.text
    assert 'value="generic" required checked' in bad.text
    assert 'role="alert"' in bad.text
    none = await console["alice"].post(f"{P}/sources/new", {"name": "fine"})
    assert none.status_code == 422
    taken = await console["alice"].post(f"{P}/sources/new", {"kind": "generic", "name": "ci"})
    assert taken.status_code == 409
    assert 'value="ci"' in taken.text


async def test_a_new_secret_leaves_the_old_one_in_force_for_a_day(console: ConsoleHouse) -> None:
    whole = await console.house.parts.directory.whole(KEY)
    assert whole is not None
    source = encode(Prefix.SOURCE, whole.sources[0].id)
    asked = await console["alice"].get(f"{P}/sources/{source}/rotate")
    assert "24 hours" in asked.text
    fresh = shown_secret((await console["alice"].post(f"{P}/sources/{source}/rotate")).text)
    assert await called(console, "ci", SECRET, "old") == 202
    assert await called(console, "ci", fresh, "new") == 202


async def test_a_deleted_source_is_gone_and_its_address_too(console: ConsoleHouse) -> None:
    whole = await console.house.parts.directory.whole(KEY)
    assert whole is not None
    source = encode(Prefix.SOURCE, whole.sources[0].id)
    reply = await console["alice"].post(f"{P}/sources/{source}/delete")
    assert "The source is deleted." in (await console["alice"].get(reply.headers["location"])).text
    assert await called(console, "ci", SECRET, "1") == 404


async def test_a_dead_delivery_says_cause_and_cure_and_goes_again_once_cured(console: ConsoleHouse) -> None:
    await console.house.robot("DELETE", f"/robots/{BAD_KEY}")
    await subscribed(console, BAD_KEY)
    assert await called(console, "ci", SECRET, "run-1") == 202
    [dead] = await console.house.deliveries("dead", 1)
    page = (await console["bob"].get(f"{P}/deliveries/{dead['id']}")).text
    assert "The robot was removed from its group, or its URL is wrong (93000)." in page
    assert "Add a robot and paste its new URL, then replay." in page
    overview = (await console["bob"].get(P)).text
    assert "closed since" in overview
    robots = re.sub(r"<[^>]+>", "", (await console["bob"].get(f"{P}/robots")).text)
    assert re.search(r"release group: closed since \d\d:\d\d:\d\d\. The robot was removed from its group", robots)
    assert "(93000). Add a robot and paste its new URL, then replay." in robots
    whole = await console.house.parts.directory.whole(KEY)
    assert whole is not None
    edited = wish(url=f"{console.house.robots.address}/cgi-bin/webhook/send?key=cccccccc-2222", user_ids="")
    record = whole.subscriptions[0]
    changed = await console["bob"].post(
        TAB,
        [*edited, ("id", encode(Prefix.SUBSCRIPTION, record.id)), ("revision", "1"), ("action", "ok")],
    )
    assert changed.status_code == 303, changed.text
    asked = await console["bob"].get(f"{P}/deliveries/replay?id={dead['id']}")
    assert "Replay 1 delivery?" in asked.text
    assert (await console.house.deliveries("dead", 1))[0]["id"] == dead["id"]
    replayed = await console["bob"].post(f"{P}/deliveries/replay", {"id": str(dead["id"])})
    assert "It goes again." in (await console["bob"].get(replayed.headers["location"])).text
    [done] = await console.house.deliveries("delivered", 1)
    assert done["id"] == dead["id"]


async def test_reopening_a_robot_is_said_and_counted(console: ConsoleHouse) -> None:
    await console.house.robot("DELETE", f"/robots/{BAD_KEY}")
    await subscribed(console, BAD_KEY)
    await called(console, "ci", SECRET, "run-1")
    await console.house.deliveries("dead", 1)
    page = (await console["bob"].get(f"{P}/robots")).text
    form = re.search(r'action="([^"]+/reopen)"', page)
    assert form is not None
    assert "Closed" in page
    assert "reopen" not in (await console["dave"].get(f"{P}/robots")).text
    reply = await console["bob"].post(form[1])
    assert "The robot is open again." in (await console["bob"].get(reply.headers["location"])).text


async def test_all_that_is_dead_on_a_robot_goes_again_together(console: ConsoleHouse) -> None:
    await console.house.robot("DELETE", f"/robots/{BAD_KEY}")
    await subscribed(console, BAD_KEY)
    for number in range(3):
        await called(console, "ci", SECRET, f"run-{number}")
    await console.house.deliveries("dead", 3)
    await console.house.robot("POST", f"/robots/{BAD_KEY}")
    robots = (await console["bob"].get(f"{P}/robots")).text
    listed = re.search(r'href="([^"]+state=dead[^"]+)"', robots)
    reopen = re.search(r'action="([^"]+/reopen)"', robots)
    assert listed is not None
    assert reopen is not None
    link = re.search(r'href="([^"]+/replay)"', (await console["bob"].get(unescape(listed[1]))).text)
    assert link is not None
    assert "Replay all that is dead on this robot: 3?" in (await console["bob"].get(link[1])).text
    await console["bob"].post(reopen[1])
    replayed = await console["bob"].post(link[1])
    assert "3 deliveries go again." in (await console["bob"].get(replayed.headers["location"])).text


async def test_why_follows_an_id_a_number_a_name_and_a_link(console: ConsoleHouse) -> None:
    await subscribed(console)
    await subscribed(console, "cccccccc-1111", name="deployments", events="deploy.application.failed")
    event = {
        "id": "run-128-failed", "type": "pipeline.run.failed", "subject": {"name": "build-and-release"},
        "run": {"number": "128", "url": "https://ci.example.com/p/128"},
    }  # fmt: skip
    sent = await console.house.http.post(f"/hooks/{KEY}/ci", json=event, headers={"Authorization": f"Bearer {SECRET}"})
    await console.house.deliveries("delivered", 1)
    for q in (sent.json()["events"][0], "run-128-failed", "#128", "128", "build-and", "https://ci.example.com/p/128"):
        page = (await console["dave"].get(f"{P}/why") if not q else await console["dave"].get(
            f"{P}/why?q={q.replace('#', '%23')}"
        )).text  # fmt: skip
        assert "Told 1 of 2 subscriptions." in page, q
        assert "The group has it." in page
        assert "Pipeline: Failed is not ticked" in page
        assert "It asks for Deploy: Deploy application failed." in page
    assert "No event with “nothing-like-it”" in (await console["dave"].get(f"{P}/why?q=nothing-like-it")).text


async def test_the_list_narrows_by_every_filter_and_pages_keep_them(console: ConsoleHouse) -> None:
    await subscribed(console)
    for number in range(30):
        await called(console, "ci", SECRET, f"run-{number}")
    await console.house.deliveries("delivered", 30)
    first = (await console["dave"].get(f"{P}/deliveries?type=pipeline.run.failed&lang=zh-CN")).text
    assert first.count('class="c-state"') == 25
    older = re.search(r'href="([^"]+before=[^"]+)"', first)
    assert older is not None
    there = unescape(older[1])
    assert "type=pipeline.run.failed" in there
    assert "lang=zh-CN" in there
    assert (await console["dave"].get(there)).text.count('class="c-state"') == 5
    nothing = (await console["dave"].get(f"{P}/deliveries?type=deploy.application.failed")).text
    assert "No delivery matches" in nothing


async def test_members_get_and_lose_roles(console: ConsoleHouse) -> None:
    alice = console["alice"]
    members = f"{P}/settings/members"
    await alice.post(members, {"user": "erin", "role": "developer"})
    await alice.post(members, {"user": "carol", "role": "viewer"})
    await alice.post(f"{members}/dave/remove")
    whole = await console.house.parts.directory.whole(KEY)
    assert whole is not None
    roles = {one.user: one.role for one in whole.members}
    assert (roles["erin"], roles["carol"], "dave" in roles) == (Role.DEVELOPER, Role.VIEWER, False)
    assert (await console["dave"].get(P)).status_code == 404
    bad = await alice.post(members, {"user": "two words", "role": "king"})
    assert bad.status_code == 422
    assert 'value="two words"' in bad.text
    log = (await alice.get(f"{P}/settings/audit?action=member.set&actor=alice")).text
    assert "erin" in log
    assert "developer" in log


async def test_the_audit_page_of_a_project_tells_nothing_of_the_one_that_had_its_key_before(
    console: ConsoleHouse,
) -> None:
    path = f"{P}/settings/audit"
    assert "dave" in (await console["alice"].get(path)).text
    await console.house.ask("DELETE", f"/projects/{KEY}")
    await console.house.project(KEY, {"alice": Role.PROJECT_ADMINISTRATOR})
    for who in ("alice", "root"):
        page = (await console[who].get(path)).text
        assert ("project.created" in page, "dave" in page) == (True, False)
    assert "dave" in (await console["root"].get("/admin/audit")).text


async def test_basic_information_is_saved_once_and_a_stale_form_keeps_its_entries(console: ConsoleHouse) -> None:
    path = f"{P}/settings/general"
    typed = {"name": "支付 Payments", "time_zone": "Asia/Shanghai", "region": "cn-north-4", "revision": "1"}
    assert (await console["alice"].post(path, typed)).status_code == 303
    whole = await console.house.parts.directory.whole(KEY)
    assert whole is not None
    project = whole.project
    assert (project.name, project.time_zone, project.region) == ("支付 Payments", "Asia/Shanghai", "ap-southeast-3")
    stale = await console["root"].post(path, {**typed, "name": "Mine"})
    assert stale.status_code == 412
    assert 'value="Mine"' in stale.text
    assert "alice changed this project" in re.sub(r"<[^>]+>", "", stale.text)
    broken = await console["alice"].post(path, {**typed, "name": "", "revision": "2"})
    assert broken.status_code == 422


async def test_the_instance_is_administered_from_its_pages(console: ConsoleHouse) -> None:
    root = console["root"]
    long = "quiet-harbour-bell-9"
    assert (await root.post("/admin/users", {"name": "erin", "password": long})).status_code == 303
    short = await root.post("/admin/users", {"name": "frank", "password": "short"})
    assert short.status_code == 422
    assert 'value="frank"' in short.text
    assert "short" not in re.sub(r"<label.*?</label>", "", short.text).split("f-password")[1][:80]
    for do in ("promote", "demote", "password"):
        reply = await root.post("/admin/users/erin", {"do": do, "password": long + "x"})
        assert reply.status_code == 303, do
    last = await root.post("/admin/users/root", {"do": "demote"})
    assert last.status_code == 422
    user = (await root.get("/admin/users/erin")).text
    assert 'value="remove"' not in user, "asked first"
    assert 'href="/admin/users/erin/remove"' in user
    assert 'value="remove"' in (await root.get("/admin/users/erin/remove")).text
    assert await console.house.parts.accounts.user("erin") is not None
    assert (await root.post("/admin/users/erin", {"do": "remove"})).status_code == 303
    assert await console.house.parts.accounts.user("erin") is None
    assert (await root.post("/admin/projects", {"key": "Not So"})).status_code == 422
    assert (await root.post("/admin/projects", {"key": KEY})).status_code == 422
    assert (await root.post("/admin/projects", {"key": "orders", "region": "ap-southeast-3"})).status_code == 303
    assert (await root.get("/projects/orders")).status_code == 200
    assert (await root.post("/admin/projects/orders/delete")).status_code == 303
    assert (await root.get("/projects/orders")).status_code == 404


async def test_where_nothing_happened_each_chart_says_so(console: ConsoleHouse) -> None:
    page = (await console["alice"].get(P)).text
    assert page.count("No delivery in this time.") == 2
    assert "Show as a table" not in page
    assert "0 of 0" not in page
