"""axe finds nothing on any page: full and empty, in both languages, wide and narrow, light and dark."""

from collections.abc import Callable, Mapping

import pytest
from playwright.sync_api import Browser, Page, expect

from accessibility import LOOKS_DECIDE, faults, look
from full_house import FULL, NO_PAGES, VISITS, FullHouse, visited
from running_house import PASSWORDS, TAB, RunningHouse, browsing, enter
from shipbell.web.console.app import ROUTES

pytestmark = pytest.mark.browser

# Every rule in the first look: wide in one language, narrow in the other. In the second what looks decide.
LOOKS = {
    "en": ((1280, "light", ()), (390, "dark", LOOKS_DECIDE)),
    "zh-CN": ((390, "light", ()), (1280, "dark", LOOKS_DECIDE)),
}


def test_every_page_of_the_console_is_looked_at() -> None:
    pages = {one.path for one in ROUTES if "GET" in (one.methods or ())}
    assert pages - set(VISITS) - set(NO_PAGES) == set()
    assert set(VISITS) - pages == {"404"}


@pytest.mark.parametrize("language", sorted(LOOKS))
def test_axe_finds_nothing_on_any_page(
    chromium: Browser, running: RunningHouse, full: FullHouse, language: str
) -> None:
    found: dict[str, list[str]] = {}
    with browsing(chromium, running, language=language) as page:
        for path in visited(page, full):
            for width, colours, only in LOOKS[language]:
                look(page, width, colours)
                if told := faults(page, *only):
                    found[f"{path} {width} {colours}"] = told
    assert {path: told for path, told in found.items() if told} == {}


def a_refused_sign_in(page: Page) -> None:
    page.goto("/sign-in")
    page.fill('input[name="username"]', "alice")
    page.fill('input[name="password"]', "wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()


def a_refused_subscription(page: Page) -> None:
    page.goto(f"{TAB.format(key='full')}?new=")
    page.fill('input[name="url"]', "x")
    page.fill('input[name="user_ids"]', "a b")
    page.get_by_role("button", name="OK", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()


def a_test_that_was_refused(page: Page) -> None:
    page.goto(TAB.format(key="full"))
    page.get_by_role("link", name="Edit “nightly builds").click()
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator("#subscription .notice")).to_be_visible()


def a_new_source_with_its_secret(page: Page) -> None:
    page.goto(f"{FULL}/sources/new")
    page.check('input[name="kind"][value="cloudevents"]')
    page.get_by_label("Name", exact=True).fill("looked-at")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".copy-line.is-secret")).to_be_visible()


def a_refused_source(page: Page) -> None:
    page.goto(f"{FULL}/sources/new")
    refused(page, f"{FULL}/sources/new", name="Not A Name")


def a_new_token(page: Page) -> None:
    page.goto("/account")
    sent(page, "/account/tokens", name="of a script")
    expect(page.locator(".copy-line.is-secret")).to_be_visible()


def a_refused_password(page: Page) -> None:
    page.goto("/account")
    refused(page, "/account/password", current="wrong", password="short", again="other")


def a_refused_user(page: Page) -> None:
    page.goto("/admin/users")
    refused(page, "/admin/users", name="alice", password=PASSWORDS["alice"])


def a_refused_project(page: Page) -> None:
    page.goto("/admin/projects")
    refused(page, "/admin/projects", key="Not A Key")


def a_refused_member(page: Page) -> None:
    page.goto(f"{FULL}/settings/members")
    refused(page, f"{FULL}/settings/members", user="a b\tc")


def refused(page: Page, action: str, **fields: str) -> None:
    """Send a form as a browser that checks nothing by itself: the server says what is wrong."""
    sent(page, action, **fields)
    expect(page.locator("[aria-invalid]").first).to_be_visible()


def sent(page: Page, action: str, **fields: str) -> None:
    form = page.locator(f'main form[action="{action}"]').last
    form.evaluate("form => { form.noValidate = true; }")
    for name, value in fields.items():
        form.locator(f'input[name="{name}"]').fill(value)
    form.locator('button[type="submit"]').last.click()


def the_menu_of_a_narrow_window(page: Page) -> None:
    look(page, 390, "light")
    page.goto(FULL)
    page.get_by_role("link", name="Menu").click()
    expect(page.locator("#nav").get_by_role("link", name="Deliveries")).to_be_visible()


def what_one_may_not_see(page: Page) -> None:
    page.goto("/admin/users")
    expect(page.get_by_role("heading", name="This is not yours to do")).to_be_visible()


def a_tab_to_look_at(page: Page) -> None:
    page.goto(TAB.format(key="full"))
    expect(page.get_by_text("You are a Developer in Full.")).to_be_visible()


def the_workspace_of_one_in_no_project(page: Page) -> None:
    page.goto("/workspace")
    expect(page.get_by_text("You are in no project yet")).to_be_visible()


SCENES: Mapping[str, tuple[Callable[[Page], None], ...]] = {
    "": (a_refused_sign_in,),
    "admin": (
        a_refused_subscription,
        a_test_that_was_refused,
        a_new_source_with_its_secret,
        a_refused_source,
        a_new_token,
        a_refused_password,
        a_refused_user,
        a_refused_project,
        a_refused_member,
        the_menu_of_a_narrow_window,
    ),
    "carol": (what_one_may_not_see, a_tab_to_look_at),
    "nadia": (the_workspace_of_one_in_no_project,),
}


@pytest.mark.parametrize("who", list(SCENES))
def test_axe_finds_nothing_after_a_form_was_answered(
    chromium: Browser, running: RunningHouse, full: FullHouse, who: str
) -> None:
    found: dict[str, list[str]] = {}
    with browsing(chromium, running) as page:
        if who:
            enter(page, who)
        for scene in SCENES[who]:
            scene(page)
            for width, colours in ((1280, "light"), (390, "dark")):
                look(page, width, colours)
                if told := faults(page):
                    found[f"{scene.__name__} {width} {colours}"] = told
            look(page, 1280, "light")
    assert found == {}


def test_axe_is_awake(chromium: Browser, running: RunningHouse) -> None:
    with browsing(chromium, running) as page:
        page.goto("/sign-in")
        page.evaluate("document.querySelector('label').remove()")
        assert [one.split(":")[0] for one in faults(page)] == ["label"]
