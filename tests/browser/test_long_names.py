"""Names that are as long as names may be push nothing out of a page, wide and narrow."""

import re

import pytest
from playwright.sync_api import Browser, Page

from full_house import event
from running_house import TAB, RunningHouse, browsing, enter, too_wide

pytestmark = pytest.mark.browser

LONG = "/projects/long"
SOURCE = "s" * 64
# Whether each part of a page ends within the card that it stands in.
INSIDE = """() => [...document.querySelectorAll("main .card")].every((card) =>
    [...card.querySelectorAll(":scope > *, :scope > table td > *")].every((part) =>
        part.getBoundingClientRect().right <= card.getBoundingClientRect().right + 1))"""


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
