"""The subscription form answers while one types, in a real browser: the newest answer counts, and nothing is lost."""

import re

import pytest
from playwright.sync_api import Browser, Request, Route, expect

from running_house import TAB, RunningHouse, browsing, enter

pytestmark = pytest.mark.browser


def test_an_answer_that_is_overtaken_by_typing_is_given_up(chromium: Browser, running: RunningHouse) -> None:
    held: list[Route] = []
    with browsing(chromium, running) as page:
        enter(page, "alice")
        page.goto(f"{TAB.format(key='risk')}?new")
        failed: list[Request] = []
        page.on("requestfailed", lambda request: failed.append(request))  # noqa: PLW0108 - the driver marks its listeners

        def once(route: Route) -> None:
            if not held:
                held.append(route)
            else:
                route.continue_()

        page.route(re.compile("notifications/wecom"), once)
        ids = page.locator('input[name="user_ids"]')
        ids.press_sequentially("li.si")
        for _ in range(300):
            if held:
                break
            page.wait_for_timeout(100)
        assert len(held) == 1
        ids.press_sequentially(";zhang.san")
        expect(page.locator(".bubble").first).to_contain_text("@zhang.san")
        assert [one.method for one in failed] == ["POST"]
        expect(ids).to_have_value("li.si;zhang.san")
        expect(ids).to_be_focused()


def test_what_the_preview_unfolds_stays_open_and_typing_is_not_blamed(chromium: Browser, running: RunningHouse) -> None:
    with browsing(chromium, running) as page:
        enter(page, "alice")
        page.goto(f"{TAB.format(key='risk')}?new")
        page.get_by_text("Show as sent").click()
        expect(page.locator("#as-sent")).to_be_visible()
        page.locator('input[name="url"]').press_sequentially("qyapi")
        page.locator('input[name="user_ids"]').press_sequentially("li.si")
        expect(page.locator("#as-sent")).to_contain_text("li.si")
        expect(page.locator("#as-sent")).to_be_visible()
        expect(page.locator("#url-told")).to_have_text("Start with http:// or https://.")
        expect(page.locator('input[name="url"]')).to_have_attribute("aria-invalid", "true")
        page.locator('input[name="name"]').press_sequentially("x" * 101, delay=0)
        page.wait_for_timeout(900)
        expect(page.locator("#name-told")).to_have_text("")
        page.keyboard.press("Tab")
        expect(page.locator("#name-told")).not_to_have_text("")
