"""One's own account, the homepage and the workspace."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from api_house import KEY, SYSTEM
from console_house import TAB, ConsoleHouse, Person, console_house, field_of, wish
from shipbell.domain.access import Role
from shipbell.domain.deliveries import LaneState
from shipbell.ports.directory import MemberRecord, PutMember
from shipbell.web.sessions import BROWSER_COOKIE, COOKIE, CSRF_FIELD

PASSWORD = "correct-horse-battery"
NEW = "another-horse-battery"
FRANK = MemberRecord(user="frank", role=Role.PROJECT_ADMINISTRATOR)


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    async with console_house(tmp_path) as made:
        yield made


async def erin(console: ConsoleHouse, password: str = PASSWORD) -> Person | None:
    """Erin, signed in with a password; None when it is not hers."""
    http = console.house.http
    if await console.house.parts.accounts.user("erin") is None:
        await console.house.parts.manage_accounts.add("erin", PASSWORD, is_admin=False, by=SYSTEM)
    http.cookies.clear()
    token = field_of((await http.get("/sign-in")).text, CSRF_FIELD)
    reply = await http.post("/sign-in", data={CSRF_FIELD: token, "username": "erin", "password": password})
    cookie = reply.cookies.get(COOKIE)
    http.cookies.clear()
    if cookie is None:
        return None
    page = await http.get("/account", headers={"Cookie": f"{COOKIE}={cookie}"})
    return Person(http=http, cookie=cookie, csrf=field_of(page.text, CSRF_FIELD))


async def test_language_and_zone_of_the_account_are_used_everywhere(console: ConsoleHouse) -> None:
    alice = console["alice"]
    await alice.post(TAB, [*wish(), ("action", "ok")])
    assert 'title="UTC"' in (await alice.get(TAB)).text
    await alice.post("/account/preferences", {"locale": "zh-CN", "time_zone": "Asia/Shanghai"})
    page = (await alice.get(TAB)).text
    assert 'title="Asia/Shanghai"' in page
    assert "新建订阅" in page
    wrong = await alice.post("/account/preferences", {"locale": "en", "time_zone": "Mars/Base"})
    assert wrong.status_code == 422


async def test_a_new_password_ends_every_other_session_and_keeps_this_one(console: ConsoleHouse) -> None:
    here, there = await erin(console), await erin(console)
    assert here is not None
    assert there is not None
    assert "Your other sessions end; your tokens stay" in (await here.get("/account")).text
    wrong = {"current": "not-this", "password": NEW, "again": NEW}
    assert (await here.post("/account/password", wrong)).status_code == 422
    different = {"current": PASSWORD, "password": NEW, "again": "mistyped-it"}
    assert (await here.post("/account/password", different)).status_code == 422
    short = {"current": PASSWORD, "password": "short", "again": "short"}
    assert (await here.post("/account/password", short)).status_code == 422
    reply = await here.post("/account/password", {"current": PASSWORD, "password": NEW, "again": NEW})
    assert reply.status_code == 303
    console.house.http.cookies.clear()
    assert reply.cookies.get(COOKIE)
    assert (await there.get("/account")).status_code == 303
    assert await erin(console) is None
    assert await erin(console, NEW) is not None


async def test_no_stranger_locks_a_browser_out_that_signed_in_before_and_its_cookie_tells_no_name(
    console: ConsoleHouse,
) -> None:
    http = console.house.http
    await console.house.parts.manage_accounts.add("erin", PASSWORD, is_admin=False, by=SYSTEM)

    async def came(password: str, **cookies: str) -> httpx.Response:
        http.cookies.clear()
        http.cookies.update(cookies)
        token = field_of((await http.get("/sign-in")).text, CSRF_FIELD)
        return await http.post("/sign-in", data={CSRF_FIELD: token, "username": "erin", "password": password})

    first = await came(PASSWORD)
    mark = first.cookies[BROWSER_COOKIE]
    assert re.fullmatch(r"[A-Za-z0-9_-]{100,400}", mark)
    [told] = [one for one in first.headers.get_list("set-cookie") if one.startswith(BROWSER_COOKIE)]
    assert "HttpOnly" in told
    assert "SameSite=strict" in told
    assert [(await came("guess")).status_code for _ in range(6)] == [401] * 5 + [429]
    assert (await came(PASSWORD)).status_code == 429
    again = await came(PASSWORD, **{BROWSER_COOKIE: mark})
    assert (again.status_code, bool(again.cookies.get(COOKIE))) == (303, True)


async def test_failed_sign_ins_are_told_to_administrators_on_the_audit_page_and_by_the_api(
    console: ConsoleHouse,
) -> None:
    assert await erin(console, "wrong-password") is None
    assert await erin(console, "wrong-password") is None
    page = (await console["root"].get("/admin/audit")).text
    table = page.partition('id="refused">')[2].partition("</section>")[0]
    assert re.search(r">erin<.*>127\.0\.0\.1<.*>2<", table), table
    assert 'id="refused"' not in (await console["root"].get("/admin/audit?actor=alice")).text
    assert (await console["alice"].get("/admin/audit")).status_code == 403
    reply = await console.house.ask("GET", "/refused-sign-ins")
    [line] = reply.json()["items"]
    assert (line["name"], line["network"], line["count"]) == ("erin", "127.0.0.1", 2)
    await console.house.admit("frank")
    await console.house.parts.directory.change([PutMember(project=KEY, member=FRANK)], SYSTEM)
    assert (await console.house.ask("GET", f"/refused-sign-ins?project={KEY}", who="frank")).status_code == 403


async def test_one_ends_ones_other_sessions(console: ConsoleHouse) -> None:
    here, there = await erin(console), await erin(console)
    assert here is not None
    assert there is not None
    page = (await here.get("/account")).text
    (other,) = re.findall(r'name="session" value="(ses_\w+)"', page)
    assert (await console["alice"].post("/account/sessions/end", {"session": other})).status_code == 404
    await here.post("/account/sessions/end", {"session": other})
    assert (await there.get("/account")).status_code == 303
    assert (await here.get("/account")).status_code == 200


async def test_a_token_is_shown_once_works_and_can_be_revoked(console: ConsoleHouse) -> None:
    alice, http = console["alice"], console.house.http
    made = await alice.post("/account/tokens", {"name": "robot arm", "expires": "7", "projects": KEY})
    found = re.search(r'<code id="token">(\w[\w-]+)</code>', made.text)
    assert found is not None
    page = (await alice.get("/account")).text
    assert found[1] not in page
    assert "robot arm" in page
    bearer = {"Authorization": f"Bearer {found[1]}"}
    assert (await http.get(f"/api/v1/projects/{KEY}", headers=bearer)).status_code == 200
    (token,) = re.findall(r'name="token" value="(tok_\w+)"', page)
    await alice.post("/account/tokens/revoke", {"token": token})
    assert (await http.get(f"/api/v1/projects/{KEY}", headers=bearer)).status_code == 401


async def test_the_homepage_names_ap_singapore_first_and_counts_ones_own_projects(console: ConsoleHouse) -> None:
    await console.house.project("dublin", {"alice": Role.VIEWER}, region="eu-west-101")
    await console.house.project("lab", {"alice": Role.VIEWER}, region="lab-1")
    page = (await console["alice"].get("/")).text
    options = re.findall(r'<option value="([\w-]*)"[^>]*>([^<]+)</option>', page)
    assert options[0] == ("ap-southeast-3", "AP-Singapore (1)")
    assert ("eu-west-101", "EU-Dublin (1)") in options
    assert ("lab-1", "lab-1 (1)") in options
    assert options[-1] == ("", "All regions (3)")
    assert '<option value="ap-southeast-3" selected>' in page


async def test_the_workspace_shows_ones_own_projects_of_a_region(console: ConsoleHouse) -> None:
    await console.house.project("dublin", {"alice": Role.VIEWER}, region="eu-west-101")
    await console.house.project("secret", {"bob": Role.VIEWER})
    everywhere = (await console["alice"].get("/workspace")).text
    assert 'href="/projects/payments"' in everywhere
    assert 'href="/projects/dublin"' in everywhere
    assert "secret" not in everywhere
    assert 'href="/projects/secret"' in (await console["root"].get("/workspace")).text
    dublin = (await console["alice"].get("/workspace?region=eu-west-101")).text
    assert 'href="/projects/payments"' not in dublin
    assert 'href="/projects/dublin"' in dublin
    assert 'href="/projects/payments"' in (await console["alice"].get("/workspace?q=pay")).text
    assert "No project matches" in (await console["alice"].get("/workspace?q=nothing")).text
    assert "You are in no project yet" in (await console["mallory"].get("/workspace")).text


async def test_a_project_says_what_is_wrong_with_it(console: ConsoleHouse) -> None:
    alice, house = console["alice"], console.house
    assert "No group is told yet" in (await alice.get("/workspace")).text
    url = house.robots.url("a-key-that-will-be-removed")
    await alice.post(TAB, [*wish(url=url), ("action", "ok")])
    assert "No events yet" in (await alice.get("/workspace")).text
    house.robots.groups.of("a-key-that-will-be-removed").removed = True
    await house.emit("pipeline.run.failed", "run-1")
    await house.deliveries("dead", 1)
    assert "1 robot closed" in (await alice.get("/workspace")).text
    page = (await alice.get(TAB)).text
    assert "Closed since" in page
    assert "The robot was removed from its group" in page
    (robot,) = await house.parts.history.robots()
    assert robot.state is LaneState.CLOSED
    assert house.parts.clock.now() - (robot.state_since or house.parts.clock.now()) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("language", "word", "others"), [("en", "closed", r"(?i)\brefus"), ("zh-CN", "关闭", "拒|订阅已关闭")]
)
async def test_a_closed_robot_is_called_closed_on_every_page(
    console: ConsoleHouse, language: str, word: str, others: str
) -> None:
    alice, house = console["alice"], console.house
    key = "a-key-that-will-be-removed"
    await alice.post(TAB, [*wish(url=house.robots.url(key)), ("action", "ok")])
    house.robots.groups.of(key).removed = True
    await house.emit("pipeline.run.failed", "run-1")
    await house.deliveries("dead", 1)
    for path in ("/workspace", f"/projects/{KEY}", f"/projects/{KEY}/robots", f"{TAB}?done=saved"):
        page = (await alice.get(f"{path}{'&' if '?' in path else '?'}lang={language}")).text
        main = page[page.index("<main") :].lower()
        assert word in main, path
        assert re.findall(others, main) == [], path


async def test_an_address_without_a_page_is_told_of_in_the_accounts_language_and_to_who_is_signed_in(
    console: ConsoleHouse,
) -> None:
    alice = console["alice"]
    await alice.post("/account/preferences", {"locale": "zh-CN", "time_zone": ""})
    for path in (f"/projects/{KEY}/nothing", "/nothing", "/static/nothing.css"):
        page = await alice.get(path)
        assert page.status_code == 404
        assert "没有这个页面" in page.text, path
        assert 'href="/account"' in page.text, path
