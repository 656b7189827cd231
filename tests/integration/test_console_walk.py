"""Every link followed, every field of every form and every word of every address filled with markup."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from api_house import KEY, SECRET, SYSTEM
from console_house import TAB, ConsoleHouse, Person, console_house, wish
from crawl import SeenForm, SeenPage, crawled, opened, sent
from shipbell.web.console.app import ROUTES
from shipbell.web.sessions import CSRF_FIELD

CONSOLE = Path(__file__).parents[2] / "src" / "shipbell" / "web" / "console"
# The names of query words, as the console's code asks for them.
WORD = re.compile(r'(?:query_params|query|given)(?:\.get|\.getlist)?[\[(]"(\w+)"|\b(?:text|\w+\(request, )\(?"(\w+)"')
# The first passes the rules for names of users, too; the second would become an attribute or the target of a link.
MARKUPS = ("\"'><zq>", "javascript:zq//\"'><zq onload=zq style=zq>{{7*7}}")
# What stands in the fields that are not tried at the moment.
GOOD = {
    "password": "correct-horse-battery",
    "url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=bbbbbbbb-1111-4bc4-97a0-0ec2a1fa5aaa",
    "events": "pipeline.run.failed",
    "kind": "generic",
    "expires": "3",
    "region": "ap-southeast-3",
    "time_zone": "UTC",
    "role": "viewer",
    "action": "ok",
    "enabled": "true",
    "format": "text",
    "locale": "en",
    "gate": "all",
}
# What no link leads to: the way to the first tab, streams, and what strangers see.
APART = {
    "/projects/{key}/deliveries/live",
    "/projects/{key}/sources/{source}/live",
    "/projects/{key}/settings/general/notifications",
    "/sign-in",
    "/sign-in/openid",
    "/sign-in/openid/callback",
}


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    async with console_house(tmp_path) as made:
        url = f"{made.house.robots.address}/cgi-bin/webhook/send?key=aaaaaaaa-1111-4bc4-97a0-0ec2a1fa5aaa"
        reply = await made["alice"].post(TAB, [*wish(url=url, user_ids="", gate="all"), ("action", "ok")])
        assert reply.status_code == 303, reply.text
        gone = "bbbbbbbb-2222-4bc4-97a0-0ec2a1fa5aaa"
        await made.house.robot("DELETE", f"/robots/{gone}")
        await made["alice"].post(
            TAB, [*wish(name="gone", url=url.replace("aaaaaaaa-1111", "bbbbbbbb-2222")), ("action", "ok")]
        )
        # An administrator with a password and two sessions and a token, whose account page has every form.
        # Before her stands somebody whose password she can set.
        for who, is_admin in (("yan", False), ("zoe", True)):
            await made.house.parts.manage_accounts.add(who, GOOD["password"], is_admin=is_admin, by=SYSTEM)
        await made.house.admit("zoe")
        await made.house.sign_in("zoe")
        cookie, csrf = await made.house.sign_in("zoe")
        zoe = Person(http=made.house.http, cookie=cookie, csrf=csrf)
        await made.house.emit("pipeline.run.failed", "run-128")
        await made.house.deliveries("delivered", 1)
        await made.house.deliveries("dead", 1)
        yield replace(made, people={**made.people, "zoe": zoe})


def wrong(pages: list[SeenPage]) -> dict[str, list[str]]:
    """Pages with markup that is not ours."""
    return {page.path: page.foreign for page in pages if page.foreign}


def filled(form: SeenForm, **changes: str) -> list[tuple[str, str]]:
    """The form with something good in every field."""
    fields = {name: [one or GOOD.get(name, "") for one in values or [""]] for name, values in form.fields.items()}
    return [
        (name, one)
        for name, values in fields.items()
        if name != CSRF_FIELD
        for one in ([changes[name]] if name in changes else values)
    ]


def route_of(path: str, method: str) -> str:
    """The route that answers."""
    plain = path.partition("?")[0]
    return next(one.path for one in ROUTES if method in (one.methods or ()) and one.path_regex.match(plain))


def deeds(pages: list[SeenPage]) -> dict[str, tuple[str, SeenForm]]:
    """Each form that changes something, once, by its route; of two the larger, with the page that holds it."""
    found: dict[str, tuple[str, SeenForm]] = {}
    for page, form in [(one, form) for one in pages for form in one.forms if form.method == "post"]:
        route = route_of(form.action, "POST")
        if route not in found or len(form.fields) > len(found[route][1].fields):
            found[route] = page.path, form
    return found


async def tried(person: Person, path: str, form: SeenForm, name: str, markup: str) -> list[str]:
    """Send the form as it stands on its page now, with markup in one field: what of it became markup."""
    page = await opened(person, path)
    assert page.status == 200, (path, name)
    fresh = [one for one in page.forms if one.action == form.action and set(one.fields) == set(form.fields)]
    answer = await sent(person, form.action, filled(fresh[0] if fresh else form, **{name: markup}))
    return [*page.foreign, *answer.foreign]


async def test_links_lead_to_every_page_and_to_every_form(console: ConsoleHouse) -> None:
    zoe = console["zoe"]
    pages = await crawled(zoe)
    paths = {page.path.partition("?")[0] for page in pages}
    shown = {one.path for one in ROUTES if "GET" in (one.methods or ())}
    met = {one.path for one in ROUTES if any(one.path_regex.match(path) for path in paths)}
    assert {page.path: page.status for page in pages if page.status not in {200, 303}} == {}
    assert shown - met == APART
    # The sign-in form is filled in test_console_guard.
    assert {one.path for one in ROUTES if "POST" in (one.methods or ())} - set(deeds(pages)) == {"/sign-in"}


async def test_every_page_that_links_lead_to_forbids_frames_and_scripts_of_others(console: ConsoleHouse) -> None:
    for page in await crawled(console["zoe"]):
        policy = page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy, page.path
        assert "script-src 'self'" in policy, page.path
        assert "unsafe" not in policy, page.path
        assert page.headers["x-content-type-options"] == "nosniff", page.path


@pytest.mark.parametrize("markup", MARKUPS, ids=["element", "attribute"])
async def test_no_field_of_any_form_and_nothing_of_an_event_becomes_markup(console: ConsoleHouse, markup: str) -> None:
    zoe = console["zoe"]
    first = await crawled(zoe)
    assert wrong(first) == {}
    event = {
        "id": markup,
        "type": "pipeline.run.failed",
        "subject": {"name": markup, "url": markup},
        "run": {"number": markup, "status": markup, "description": markup, "url": markup},
        "actor": {"name": markup},
        "trigger": {"kind": markup, "branch": markup, "commit": markup, "tag": markup},
        "project_name": markup,
        "labels": {markup: markup},
    }
    bearer = {"Authorization": f"Bearer {SECRET}"}
    assert (await console.house.http.post(f"/hooks/{KEY}/ci", json=event, headers=bearer)).status_code == 202
    told = {}
    for route, (path, form) in deeds(first).items():
        # Names last, so that they stay.
        for name in sorted(set(form.fields) - {CSRF_FIELD}, key=lambda one: (one in {"name", "user"}, one)):
            told[f"{route} {name}"] = await tried(zoe, path, form, name, markup)
    after = await crawled(zoe)
    assert {place: foreign for place, foreign in told.items() if foreign} == {}
    assert wrong(after) == {}
    # It was really kept, in names of projects, subscriptions, tokens and events, and is shown as what it is.
    shown = {page.path.partition("?")[0] for page in after if any(markup in text for text, _ in page.texts)}
    assert shown >= {"/workspace", "/account", "/admin/projects", TAB, f"/projects/{KEY}/events"}


async def test_no_word_of_an_address_becomes_markup(console: ConsoleHouse) -> None:
    zoe, markup = console["zoe"], MARKUPS[1]
    names = {one or other for file in CONSOLE.rglob("*.py") for one, other in WORD.findall(file.read_text("utf-8"))}
    assert names >= {"q", "next", "done", "region", "show", "edit", "before", "state", "actor", "seen", "id"}
    pages = {route_of(page.path, "GET"): page.path.partition("?")[0] for page in await crawled(zoe)}
    found: dict[str, list[str]] = {}
    for path in [*pages.values(), "/sign-in"]:
        queries = [urlencode(dict.fromkeys(one, markup)) for one in told_apart(sorted(names))]
        for there in (*(f"{path}?{query}" for query in queries), f"{path}/{quote(MARKUPS[0])}"):
            found[there] = (await opened(zoe, there)).foreign
    assert {path: foreign for path, foreign in found.items() if foreign} == {}


def told_apart(names: Sequence[str]) -> list[list[str]]:
    """All of them, and groups in which each stands at least once without any one of the others.

    A word that makes a page refuse the whole address may hide what another one does.
    """
    groups = [list(names)]
    for bit in range(len(names).bit_length()):
        sides: tuple[list[str], list[str]] = ([], [])
        for place, name in enumerate(names):
            sides[place >> bit & 1].append(name)
        groups += sides
    return [one for one in groups if one]
