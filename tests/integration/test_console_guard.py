"""What others cannot do to somebody who uses the console."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api_house import KEY, SECRET, SYSTEM
from console_house import TAB, ConsoleHouse, console_house, field_of, wish
from shipbell.domain.ids import Prefix, encode
from shipbell.web.console.account.sign_in import way_on
from shipbell.web.console.app import ROUTES
from shipbell.web.sessions import COOKIE, CSRF_FIELD

PASSWORD = "correct-horse-battery"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    async with console_house(tmp_path) as made:
        yield made


async def signed_in(console: ConsoleHouse, name: str, password: str, **more: str) -> tuple[int, str, str]:
    """The status, the place to go to and the session cookie of a sign-in."""
    http = console.house.http
    http.cookies.clear()
    page = await http.get("/sign-in")
    token = field_of(page.text, CSRF_FIELD)
    fields = {CSRF_FIELD: token, "next": "/", "username": name, "password": password, **more}
    reply = await http.post("/sign-in", data=fields)
    cookie = reply.cookies.get(COOKIE) or ""
    http.cookies.clear()
    return reply.status_code, str(reply.headers.get("location", "")), cookie


async def test_every_page_forbids_frames_scripts_of_others_and_keeping(console: ConsoleHouse) -> None:
    stranger = await console.house.http.get("/sign-in")
    for reply in (stranger, *[await console["alice"].get(path) for path in ("/", "/workspace", "/account", TAB, "/x")]):
        assert reply.headers["content-security-policy"] == POLICY
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["referrer-policy"] == "same-origin"


async def test_no_page_has_script_or_style_inside(console: ConsoleHouse) -> None:
    for path in ("/", "/workspace", "/account", TAB, f"{TAB}?new=", "/sign-in", "/x"):
        page = (await console["alice"].get(path)).text
        assert not re.search(r"<style|<script(?! src=\"/static/)| style=| on[a-z]+=|javascript:", page), path


@pytest.mark.parametrize(
    "path",
    [one.path for one in ROUTES if one.methods == {"POST"} and one.path != "/sign-in"],
)
async def test_no_form_works_without_its_token_or_from_another_site(console: ConsoleHouse, path: str) -> None:
    filled = re.sub(r"\{\w+\}", lambda found: {"{key}": KEY, "{channel}": "wecom"}.get(found[0], "sub_x"), path)
    root = console["root"]
    for fields, headers in (
        ([], {}),
        ([(CSRF_FIELD, "")], {}),
        ([(CSRF_FIELD, console["alice"].csrf)], {}),
        ([(CSRF_FIELD, root.csrf)], {"Origin": "https://evil.example"}),
    ):
        reply = await root.bare_post(filled, fields, **headers)
        assert reply.status_code == 403, (path, fields)


async def test_a_form_that_is_no_form_or_too_large_is_refused(console: ConsoleHouse) -> None:
    alice = console["alice"]
    assert (await alice.bare_post(TAB, [], **{"Content-Type": "text/plain"})).status_code == 400
    assert (await alice.post(TAB, [("name", "x" * 300_000)])).status_code == 413
    assert (await alice.post(TAB, [("events", "x")] * 3_000)).status_code == 400


async def test_signing_in_gives_a_new_cookie_that_scripts_and_other_sites_cannot_use(console: ConsoleHouse) -> None:
    await console.house.parts.manage_accounts.add("erin", PASSWORD, is_admin=False, by=SYSTEM)
    http = console.house.http
    http.cookies.clear()
    http.cookies.set(COOKIE, "planted-by-somebody-else")
    page = await http.get("/sign-in")
    token = field_of(page.text, CSRF_FIELD)
    reply = await http.post(
        "/sign-in", data={CSRF_FIELD: token, "username": "erin", "password": PASSWORD}, follow_redirects=False
    )
    cookie = next(one for one in reply.headers.get_list("set-cookie") if one.startswith(COOKIE))
    assert reply.status_code == 303
    assert "planted" not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    http.cookies.clear()


async def test_a_wrong_password_and_an_unknown_name_read_the_same_and_keep_the_name(console: ConsoleHouse) -> None:
    await console.house.parts.manage_accounts.add("erin", PASSWORD, is_admin=False, by=SYSTEM)
    assert (await signed_in(console, "erin", "wrong-password"))[0] == 401
    assert (await signed_in(console, "nobody", "wrong-password"))[0] == 401
    status, place, cookie = await signed_in(console, "erin", PASSWORD, next=TAB)
    assert (status, place) == (303, TAB)
    assert cookie


async def test_too_many_tries_are_told_with_the_seconds(console: ConsoleHouse) -> None:
    statuses = [(await signed_in(console, "erin", "wrong-password"))[0] for _ in range(7)]
    assert statuses[0] == 401
    assert statuses[-1] == 429


@pytest.mark.parametrize(
    "path", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\nb", "x"]
)
def test_signing_in_leads_to_no_other_site(path: str) -> None:
    assert way_on(path) == "/"


async def test_a_stranger_is_led_to_sign_in_and_back(console: ConsoleHouse) -> None:
    console.house.http.cookies.clear()
    reply = await console.house.http.get(f"{TAB}?new=", headers={"Accept": "text/html"})
    assert reply.status_code == 303
    assert reply.headers["location"].startswith("/sign-in?next=%2Fprojects%2Fpayments")
    home = await console.house.http.get("/")
    assert home.headers["location"] == "/sign-in"


async def test_after_signing_out_the_cookie_opens_nothing(console: ConsoleHouse) -> None:
    alice = console["alice"]
    assert (await alice.get("/workspace")).status_code == 200
    assert (await alice.post("/sign-out")).headers["location"] == "/sign-in"
    assert (await alice.get("/workspace")).headers["location"].startswith("/sign-in")


async def test_what_people_and_events_say_is_never_markup(console: ConsoleHouse) -> None:
    alice = console["alice"]
    saved = await alice.post(TAB, [*wish(name=SCRIPT[:100]), ("action", "ok")])
    assert saved.status_code == 303
    event = {
        "id": SCRIPT,
        "type": "pipeline.run.failed",
        "subject": {"name": SCRIPT},
        "run": {"number": SCRIPT, "description": SCRIPT + '<font color="info">x</font> [a](javascript:alert(1))'},
        "actor": {"name": SCRIPT},
    }
    reply = await console.house.http.post(f"/hooks/{KEY}/ci", json=event, headers={"Authorization": f"Bearer {SECRET}"})
    found = reply.json()["events"][0]
    record = (await console.house.parts.directory.whole(KEY)).subscriptions[0]  # type: ignore[union-attr]
    public = encode(Prefix.SUBSCRIPTION, record.id)
    asked = [*wish(name=SCRIPT, url=SCRIPT, user_ids=SCRIPT, gate=SCRIPT, format=SCRIPT, locale=SCRIPT)]
    pages = [
        await alice.get(TAB),
        await alice.get(f"{TAB}?edit={public}"),
        await alice.get(f"{TAB}?show={public}&done={SCRIPT}"),
        await alice.get(f"{TAB}/{public}/delete"),
        await alice.get(f"/workspace?q={SCRIPT}&region={SCRIPT}"),
        await alice.post(TAB, [*asked, ("action", "ok")]),
        await alice.post(TAB, [*asked, ("preview", found), ("action", "preview")]),
        await alice.post("/account/tokens", {"name": SCRIPT, "expires": SCRIPT}),
        await console.house.http.get(f"/sign-in?next={SCRIPT}"),
    ]
    for reply in pages:
        assert reply.status_code in {200, 409, 422}
        assert "<script>" not in reply.text
        assert "<img" not in reply.text
        assert 'href="javascript:' not in reply.text


async def test_the_languages_have_their_order(console: ConsoleHouse) -> None:
    alice = console["alice"]
    chinese = {"Accept-Language": "zh-CN,zh;q=0.9"}
    assert '<html lang="en">' in (await alice.get("/workspace")).text
    assert '<html lang="zh-CN">' in (await alice.get("/workspace", **chinese)).text
    await alice.post("/account/preferences", {"locale": "en", "time_zone": "Asia/Shanghai"})
    assert '<html lang="en">' in (await alice.get("/workspace", **chinese)).text
    asked = (await alice.get("/workspace?lang=zh-CN")).text
    assert '<html lang="zh-CN">' in asked
    assert 'href="/account?lang=zh-CN"' in asked


async def test_get_changes_nothing(console: ConsoleHouse) -> None:
    alice = console["alice"]
    await alice.post(TAB, [*wish(), ("action", "ok")])
    record = (await console.house.parts.directory.whole(KEY)).subscriptions[0]  # type: ignore[union-attr]
    public = encode(Prefix.SUBSCRIPTION, record.id)
    before = await console.house.parts.directory.whole(KEY)
    for path in (f"{TAB}/{public}/switch?enabled=false", f"{TAB}/{public}/delete?csrf_token={alice.csrf}", "/sign-out"):
        await alice.get(path)
    await alice.get(f"{TAB}?action=ok&name=changed&id={public}")
    assert await console.house.parts.directory.whole(KEY) == before
    assert (await alice.get("/workspace")).status_code == 200
