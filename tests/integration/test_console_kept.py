"""What was typed into a form is not lost by a session that ended, a sign-in elsewhere, or a fault of ours."""

import re
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from api_house import FAR_URL, KEY, SYSTEM
from console_house import TAB, ConsoleHouse, Person, console_house, field_of, ticked, wish
from shipbell.domain.access import Role
from shipbell.ports.directory import MemberRecord, PutMember
from shipbell.web.console.frame.kept_forms import Kept, opened, sealed
from shipbell.web.sessions import COOKIE, CSRF_FIELD

PASSWORD = "correct-horse-battery"
OURS = {"Origin": "http://shipbell.test"}
THEIRS = {"Origin": "https://evil.example"}
Pairs = list[tuple[str, str]]
# Every form one types into: who may, its fields, and what of them stands in the form again.
FORMS = (
    ("alice", TAB, wish(name="typed name", user_ids="typed.id"), ('value="typed name"', 'value="typed.id"')),
    ("alice", f"/projects/{KEY}/sources/new", [("kind", "codearts"), ("name", "typed")], ('value="typed"', "checked")),
    ("alice", f"/projects/{KEY}/settings/members", [("user", "typed"), ("role", "viewer")], ('value="typed"',)),
    (
        "alice",
        f"/projects/{KEY}/settings/general",
        [("name", "typed"), ("time_zone", "Asia/Tokyo"), ("revision", "7")],
        ('value="typed"', "<option selected>Asia/Tokyo", 'name="revision" value="7"'),
    ),
    ("root", "/admin/users", [("name", "typed"), ("password", "typed-password")], ('value="typed"',)),
    ("root", "/admin/projects", [("key", "typed"), ("name", "a name"), ("region", "cn-east-3")], ('value="a name"',)),
    ("bob", f"/projects/{KEY}/deliveries/replay", [("id", "dlv_x")], ("Nothing to replay",)),
)


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    async with console_house(tmp_path) as made:
        yield made


def hidden(page: str) -> Pairs:
    """The hidden fields of the form that shows again what was typed."""
    form = re.search(r'<form(?:(?!</form>).)*name="shown_again".*?</form>', page, re.DOTALL)
    assert form is not None, page
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form[0])
    return [(unescape(name), unescape(value)) for name, value in found]


async def stranger(console: ConsoleHouse, path: str, fields: Pairs, **headers: str) -> httpx.Response:
    console.house.http.cookies.clear()
    person = Person(http=console.house.http, cookie="", csrf="")
    return await person.bare_post(path, [(CSRF_FIELD, "of-a-session-that-ended"), *fields], **headers)


async def signed_in_with(console: ConsoleHouse, page: str, **more: str) -> httpx.Response:
    """Fill in the sign-in page that a form was answered with."""
    fields = {name: field_of(page, name) for name in (CSRF_FIELD, "next", "kept")}
    return await console.house.http.post("/sign-in", data={**fields, **more})


async def test_what_was_typed_gets_through_a_sign_in_and_nothing_is_changed_by_it(console: ConsoleHouse) -> None:
    await console.house.parts.manage_accounts.add("erin", PASSWORD, is_admin=False, by=SYSTEM)
    manager = MemberRecord(user="erin", role=Role.PROJECT_MANAGER)
    await console.house.parts.directory.change([PutMember(project=KEY, member=manager)], SYSTEM)
    asked = await stranger(console, TAB, wish(name="发布 & <group>", gate="failed"), **OURS)
    assert (asked.status_code, asked.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "Your session has ended" in asked.text
    assert FAR_URL not in asked.text, "a robot's URL is a password"
    assert "<group>" not in asked.text
    wrong = await signed_in_with(console, asked.text, username="erin", password="wrong-password")
    assert wrong.status_code == 401
    came = await signed_in_with(console, wrong.text, username="erin", password=PASSWORD)
    assert came.status_code == 200
    assert "What you typed is kept" in came.text
    erin = Person(http=console.house.http, cookie=came.cookies[COOKIE], csrf="")
    form = await erin.bare_post(TAB, hidden(came.text))
    assert form.status_code == 200
    assert unescape(field_of(form.text, "name")) == "发布 & <group>"
    assert field_of(form.text, "url") == FAR_URL
    assert ticked(form.text, "events") == {"pipeline.run.failed", "check.task.completed"}
    assert ticked(form.text, "gate") == {"failed"}
    whole = await console.house.parts.directory.whole(KEY)
    assert whole is not None
    assert list(whole.subscriptions) == []


async def test_a_sign_in_page_in_another_tab_stays_in_date_meanwhile(console: ConsoleHouse) -> None:
    await console.house.parts.manage_accounts.add("erin", PASSWORD, is_admin=False, by=SYSTEM)
    http = console.house.http
    http.cookies.clear()
    other = (await http.get("/sign-in")).text
    fields = urlencode(wish()).encode()
    sent = {**OURS, "Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"}
    assert (await http.post(TAB, content=fields, headers=sent)).status_code == 401
    token = field_of(other, CSRF_FIELD)
    came = await http.post("/sign-in", data={CSRF_FIELD: token, "next": "/", "username": "erin", "password": PASSWORD})
    http.cookies.clear()
    assert came.status_code == 303


async def test_who_signed_in_in_another_tab_goes_on_here(console: ConsoleHouse) -> None:
    asked = await stranger(console, TAB, wish(), **OURS)
    waits = await signed_in_with(console, asked.text, signed_in="yes")
    assert (waits.status_code, "You have not signed in yet." in waits.text) == (401, True)
    console.house.http.cookies.set(COOKIE, console["bob"].cookie)
    came = await signed_in_with(console, waits.text, signed_in="yes")
    console.house.http.cookies.clear()
    assert came.status_code == 200
    assert dict(hidden(came.text))["url"] == FAR_URL


@pytest.mark.parametrize(("who", "path", "fields", "shown"), FORMS, ids=[one[1] for one in FORMS])
async def test_a_form_of_an_earlier_sign_in_is_shown_again_as_it_was_typed(
    console: ConsoleHouse, who: str, path: str, fields: Pairs, shown: tuple[str, ...]
) -> None:
    person = console[who]
    refused = await person.bare_post(path, [(CSRF_FIELD, "of-an-earlier-session"), *fields], **OURS)
    assert refused.status_code == 403
    assert "This form was out of date" in refused.text
    assert "typed-password" not in refused.text
    form = await person.bare_post(path, hidden(refused.text), **OURS)
    assert form.status_code == 200
    assert [one for one in shown if one not in form.text] == []
    entries = await console["root"].get("/admin/audit")
    assert "typed" not in entries.text, "nothing was changed"


async def test_nothing_of_another_site_is_kept_or_shown(console: ConsoleHouse) -> None:
    for headers in (THEIRS, {"Origin": "null"}, {}):
        away = await stranger(console, TAB, wish(name="planted"), **headers)
        assert (away.status_code, away.headers["location"][:9]) == (303, "/sign-in?"), headers
        refused = await console["alice"].bare_post(TAB, [(CSRF_FIELD, "wrong"), *wish(name="planted")], **headers)
        assert refused.status_code == 403
        assert "planted" not in refused.text, headers


async def test_who_may_not_change_it_is_not_led_in_circles(console: ConsoleHouse) -> None:
    refused = await console["dave"].post(TAB, wish(), **OURS)
    assert refused.status_code == 403
    assert "shown_again" not in refused.text


async def test_a_box_is_opened_by_our_key_alone_and_for_an_hour(console: ConsoleHouse) -> None:
    forms, now = console.house.parts.seal("kept form"), console.house.parts.clock.now()
    kept = Kept(path=TAB, fields=(("name", "typed"),), kept_at=now.timestamp())
    box = sealed(kept, forms.seal)
    assert opened(box, forms.unseal, now + timedelta(minutes=59)) == kept
    bent = f"{box[:40]}{'B' if box[40] == 'A' else 'A'}{box[41:]}"
    for other, at in ((box, now + timedelta(minutes=61)), (bent, now), ("é", now), ("", now)):
        assert opened(other, forms.unseal, at) is None
    huge = Kept(path=TAB, fields=(("name", "x" * 200_000),), kept_at=now.timestamp())
    assert sealed(huge, forms.seal) == ""


@pytest.mark.parametrize(
    ("trouble", "status", "heading"),
    [
        ("SELECT missing FROM nowhere", 503, "This did not work"),
        ("SELECT RAISE(ABORT, 'the inside')", 500, "Something in Shipbell is broken"),
    ],
)
async def test_a_fault_of_ours_is_a_page_and_loses_nothing(
    console: ConsoleHouse, trouble: str, status: int, heading: str
) -> None:
    with sqlite3.connect(console.house.parts.settings.data / "shipbell.db") as database:
        database.execute(f"CREATE TRIGGER broken BEFORE INSERT ON subscriptions BEGIN {trouble}; END")
    reply = await console["alice"].post(TAB, [*wish(name="typed"), ("action", "ok")], **OURS)
    assert (reply.status_code, reply.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert heading in reply.text
    assert "the inside" not in reply.text
    form = await console["alice"].bare_post(TAB, hidden(reply.text), **OURS)
    assert (form.status_code, field_of(form.text, "name")) == (200, "typed")
