"""Everything works by keys alone, and one always sees where the focus is."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from full_house import FULL, FullHouse, visited
from keyboard import tab, tab_to, walk
from running_house import PASSWORDS, TAB, RunningHouse, browsing

pytestmark = pytest.mark.browser


def sign_in_by_keys(page: Page, name: str) -> None:
    page.goto("/sign-in")
    expect(page.locator('input[name="username"]')).to_be_focused()
    page.keyboard.type(name)
    tab_to(page, page.locator('input[name="password"]'))
    page.keyboard.type(PASSWORDS[name])
    page.keyboard.press("Enter")
    page.wait_for_url("/")


@pytest.mark.parametrize("width", [1280, 390])
def test_every_control_of_every_page_is_reached_and_shows_it(
    chromium: Browser, running: RunningHouse, full: FullHouse, width: int
) -> None:
    missed: dict[str, list[str]] = {}
    with browsing(chromium, running, width=width) as page:
        for path in visited(page, full, first=True):
            missed[path] = walk(page)
    assert {path: controls for path, controls in missed.items() if controls} == {}


def test_the_first_key_offers_to_skip_the_navigation(chromium: Browser, running: RunningHouse) -> None:
    with browsing(chromium, running) as page:
        sign_in_by_keys(page, "alice")
        page.goto(f"{FULL}/deliveries")
        tab(page)
        skip = page.get_by_role("link", name="Skip to content")
        expect(skip).to_be_focused()
        expect(skip).to_be_in_viewport()
        page.keyboard.press("Enter")
        tab(page)
        assert page.evaluate("document.getElementById('main').contains(document.activeElement)")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_subscription_is_made_tested_and_saved_by_keys_alone(
    chromium: Browser, running: RunningHouse, *, scripts: bool
) -> None:
    key, name = f"a-robot-of-keys-{scripts}", f"by keys {scripts}"
    with browsing(chromium, running, scripts=scripts) as page:
        sign_in_by_keys(page, "bob")
        page.goto(TAB.format(key="orders"))
        tab_to(page, page.get_by_role("link", name="Add subscription").first)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("new="))
        tab_to(page, page.locator('input[name="name"]'))
        page.keyboard.type(name)
        tab_to(page, page.locator('input[name="url"]'))
        page.keyboard.type(running.robot_url(key))
        # A whole service by its own box, one event type less, a gate by the arrow keys, and a fold that opens.
        tab_to(page, page.locator('input[name="events"][value="check.task.completed"]'))
        page.keyboard.press("Space")
        tab_to(page, page.locator('input[name="gate"]:checked'))
        page.keyboard.press("ArrowDown")
        expect(page.locator('input[name="gate"][value="passed"]')).to_be_checked()
        tab_to(page, page.locator("details.fold > summary").first)
        page.keyboard.press("Enter")
        expect(page.locator("details.fold").first).to_have_attribute("open", "")
        tab_to(page, page.locator('details.fold input[name="events"]').first)
        page.keyboard.press("Space")
        tab_to(page, page.locator('input[name="user_ids"]'))
        page.keyboard.type("zhang.san")
        tab_to(page, page.get_by_role("button", name="Test", exact=True))
        page.keyboard.press("Enter")
        expect(page.locator("#subscription .notice")).to_be_focused()
        assert len(running.seen(key, 1)) == 1
        tab_to(page, page.get_by_role("button", name="OK", exact=True))
        page.keyboard.press("Enter")
        expect(page.get_by_text("Saved. New events use it from now on.")).to_be_visible()
        tab_to(page, page.get_by_role("switch", name=f"Send to “{name}”"))
        page.keyboard.press("Space")
        expect(page.get_by_text("Switched off. What waited is cancelled.")).to_be_visible()


def test_a_whole_service_is_ticked_by_the_space_bar_and_the_focus_stays(
    chromium: Browser, running: RunningHouse
) -> None:
    with browsing(chromium, running, scripts=False) as page:
        sign_in_by_keys(page, "bob")
        page.goto(f"{TAB.format(key='orders')}?new=")
        deploy = page.get_by_role("checkbox", name="Deploy", exact=True)
        tab_to(page, deploy)
        page.keyboard.press("Space")
        expect(deploy).to_have_attribute("aria-checked", "true")
        tab_to(page, page.locator('input[name="events"][value="deploy.application.deployed"]'))


def test_what_is_dead_is_found_replayed_and_explained_by_keys_alone(
    chromium: Browser, running: RunningHouse, full: FullHouse
) -> None:
    with browsing(chromium, running, scripts=False) as page:
        sign_in_by_keys(page, "bob")
        page.goto(f"{FULL}/deliveries")
        tab_to(page, page.get_by_role("link", name=re.compile("^Dead")))
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("state=dead"))
        tab_to(page, page.locator('input[name="q"]'))
        page.keyboard.type("build-and")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("q=build-and"))
        tab_to(page, page.get_by_role("button", name=re.compile("Replay the selected")))
        tab_to(page, page.locator('tbody input[type="checkbox"]').first)
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("replay"))
        tab_to(page, page.get_by_role("button", name="Replay 1"))
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("replayed="))
        page.goto(f"{FULL}/why")
        tab_to(page, page.locator('input[name="q"]'))
        page.keyboard.type(full.names["EVT"])
        page.keyboard.press("Enter")
        expect(page.get_by_text("Received from ci")).to_be_visible()
