"""No part of a page has a scrollbar that scrolls nothing but a pixel or two."""

import pytest
from playwright.sync_api import Browser

from full_house import FullHouse
from running_house import TAB, RunningHouse, browsing, enter

pytestmark = pytest.mark.browser

# Parts that scroll up and down by less than a line, and parts that scroll sideways without being a listing.
STRAY = """() => [...document.querySelectorAll("body *")].filter((one) => {
    const { overflowX, overflowY } = getComputedStyle(one);
    const scrolls = (kind) => kind === "auto" || kind === "scroll";
    const tall = one.scrollHeight - one.clientHeight, wide = one.scrollWidth - one.clientWidth;
    return (scrolls(overflowY) && tall > 0 && tall < 16) ||
        (scrolls(overflowX) && wide > 0 && !one.matches("pre, .table-scroll"));
}).map((one) => one.tagName + "." + one.className)"""


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_has_a_stray_scrollbar(chromium: Browser, running: RunningHouse, full: FullHouse, width: int) -> None:
    stray: dict[str, list[str]] = {}
    with browsing(chromium, running, width=width) as page:
        enter(page, "admin")
        for path in (
            "/",
            "/workspace",
            "/account",
            "/admin/users",
            "/admin/projects",
            "/projects/full",
            "/projects/full/deliveries",
            "/projects/full/events",
            "/projects/full/sources",
            "/projects/full/robots",
            TAB.format(key="full"),
            full.there(f"{TAB.format(key='full')}?edit=SUB"),
        ):
            page.goto(path)
            if found := page.evaluate(STRAY):
                stray[path] = found
    assert stray == {}
