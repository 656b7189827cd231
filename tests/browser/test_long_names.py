"""Names that are as long as names may be push nothing out of a page, wide and narrow."""

import re

import pytest
from playwright.sync_api import Browser, Page

from full_house import FullHouse, event
from running_house import TAB, RunningHouse, browsing, enter, subscribe, too_wide

pytestmark = pytest.mark.browser

LONG = "/projects/long"
SOURCE = "s" * 64
# Whether each part of a page ends within the card that it stands in.
INSIDE = """() => [...document.querySelectorAll("main .card")].every((card) =>
    [...card.querySelectorAll(":scope > *, :scope > table td > *")].every((part) =>
        part.getBoundingClientRect().right <= card.getBoundingClientRect().right + 1))"""

# Whether no listing scrolls.
_WHOLE = """() => [...document.querySelectorAll("main pre")].every((one) =>
    one.scrollHeight <= one.clientHeight + 1 && one.scrollWidth <= one.clientWidth + 1)"""


def found(page: Page, path: str, pattern: str) -> str:
    page.goto(path)
    match = re.search(pattern, page.content())
    assert match is not None, path
    return match[0]


@pytest.mark.parametrize("width", [1280, 390])
def test_long_names_push_nothing_out_of_a_page(chromium: Browser, running: RunningHouse, width: int) -> None:
    told = event(1, name="pipeline_of_settlement_" * 20)
    told["run"] = {"number": "9" * 80, "url": f"https://ci.example.com/{'a' * 300}"}
    running.emit("long", {**told, "id": f"long-{width}"}, source=SOURCE)
    wrong: list[str] = []
    with browsing(chromium, running, width=width) as page:
        enter(page, "admin")
        for path in (
            "/workspace",
            "/admin/projects",
            LONG,
            f"{LONG}/deliveries",
            f"{LONG}/events",
            f"{LONG}/events/{found(page, f'{LONG}/events', r'evt_[a-z0-9]+')}",
            f"{LONG}/why?q=long-{width}",
            f"{LONG}/sources",
            f"{LONG}/sources/{found(page, f'{LONG}/sources', r'src_[a-z0-9]+')}",
            f"{LONG}/robots",
            f"{LONG}/settings/members",
            f"{LONG}/settings/audit",
            TAB.format(key="long"),
            f"{TAB.format(key='long')}?show={found(page, TAB.format(key='long'), r'sub_[a-z0-9]+')}",
        ):
            page.goto(path)
            if too_wide(page) or not page.evaluate(INSIDE):
                wrong.append(path)
    assert wrong == []


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("width", [360, 320])
def test_the_state_of_a_robot_fits_the_narrowest_phone(
    chromium: Browser, running: RunningHouse, full: FullHouse, language: str, width: int
) -> None:
    with browsing(chromium, running, language=language, width=width) as page:
        enter(page, "admin")
        page.goto(full.there(f"{TAB.format(key='full')}?show=SUB"))
        assert page.locator("td .badge-dead").count() == 1
        assert not too_wide(page)
        assert page.evaluate(INSIDE)


def test_what_scrolls_on_the_screen_is_whole_on_paper(chromium: Browser, running: RunningHouse) -> None:
    key, told = "a-robot-that-is-printed", event(1, name="printed")
    told["run"] = {"number": "1", "description": "words of a long description " * 100}
    with browsing(chromium, running) as page:
        enter(page, "alice")
        subscribe(page, "risk", running.robot_url(key), key)
        running.emit("risk", {**told, "id": "printed"})
        running.seen(key, 1)
        page.goto(f"/projects/risk/deliveries/{found(page, '/projects/risk/deliveries?q=printed', r'dlv_[a-z0-9]+')}")
        while page.get_by_text("The group has it.").count() == 0:
            page.wait_for_timeout(100)
            page.reload()
        assert not page.evaluate(_WHOLE)
        page.emulate_media(media="print")
        assert page.evaluate(_WHOLE)


def test_a_long_url_widens_no_page_and_the_preview_is_as_plain_as_the_message(
    chromium: Browser, running: RunningHouse
) -> None:
    there = TAB.format(key="plain")
    with browsing(chromium, running, width=390) as page:
        enter(page, "alice")
        subscribe(page, "plain", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send", "long address")
        page.goto(there)
        assert not too_wide(page)
        page.goto(f"{there}?new")
        assert page.locator(".bubble > p").first.evaluate("(one) => getComputedStyle(one).fontWeight") == "400"
