"""What moves on a page while one looks at it, in a real browser: one stream, at rest when hidden, and no row shifts."""

import re

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from running_house import SECRET, TAB, RunningHouse, browsing, enter, failed_run, sign_in, subscribe

pytestmark = pytest.mark.browser

_PHONE = 600
# Watches what moves by itself; a shift within half a second after a click does not count for the measure, nor for us.
_WATCH = """() => {
  window.moved = [];
  const told = (one) => (one.node && (one.node.outerHTML || one.node.textContent) || '').slice(0, 100);
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.moved.push([entry.value, ...entry.sources.map(told)]);
  }).observe({ type: 'layout-shift' });
}"""
_HIDDEN = """(hidden) => {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def live(page: Page) -> None:
    """Wait until the page's stream is open."""
    page.wait_for_selector("html.is-live")


def streams(page: Page) -> tuple[list[Request], list[Request]]:
    """The streams that a page opens from now on, and those that have ended."""
    opened: list[Request] = []
    ended: list[Request] = []

    def note(requests: list[Request], request: Request) -> None:
        if "/live" in request.url:
            requests.append(request)

    page.on("request", lambda request: note(opened, request))
    page.on("requestfailed", lambda request: note(ended, request))
    page.on("requestfinished", lambda request: note(ended, request))
    return opened, ended


def counted(page: Page, opened: list[Request], ended: list[Request], wanted: tuple[int, int]) -> None:
    """Wait until so many streams were opened and so many have ended; it stays so."""
    for _ in range(300):
        if (len(opened), len(ended)) == wanted:
            break
        page.wait_for_timeout(100)
    page.wait_for_timeout(100)
    assert (len(opened), len(ended)) == wanted


def without_bars_on_a_phone(page: Page, width: int) -> None:
    """Let scrollbars lie over the page, as those of phones do, which are as wide as the page there."""
    if width < _PHONE:
        page.context.new_cdp_session(page).send("Emulation.setScrollbarsHidden", {"hidden": True})


@pytest.mark.parametrize("width", [1280, 390])
def test_rows_settle_where_they_stand(chromium: Browser, running: RunningHouse, width: int) -> None:
    name = f"settling-{width}"
    with browsing(chromium, running, width=width) as page:
        without_bars_on_a_phone(page, width)
        enter(page, "alice")
        subscribe(page, f"en-{width}", running.robot_url(f"a-robot-{name}"), f"a-robot-{name}")
        # They wait until the page has been looked at, however long that takes.
        running.robot("PUT", f"a-robot-{name}/faults", {"busy": 1})
        for number in range(14):
            running.emit(f"en-{width}", failed_run(number, name))
        page.goto(f"/projects/en-{width}/deliveries")
        waiting = page.locator("tbody").get_by_text(re.compile("Waiting|Retrying"))
        assert waiting.count() > 0
        page.evaluate(_WATCH)
        live(page)
        box = page.get_by_role("checkbox").first
        box.check()
        before = [one.bounding_box() for one in page.locator("tbody tr").all()]
        running.robot("PUT", f"a-robot-{name}/faults", {})
        expect(waiting).to_have_count(0)
        running.emit(f"en-{width}", failed_run(99, name))
        expect(page.get_by_text("1 newer delivery")).to_be_visible()
        assert [one.bounding_box() for one in page.locator("tbody tr").all()] == before
        assert page.evaluate("window.moved") == []
        expect(box).to_be_checked()
        expect(box).to_be_focused()
        expect(page.locator("tbody .badge-ok")).to_have_count(14)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_row_that_dies_is_marked_and_keeps_its_height(chromium: Browser, running: RunningHouse, width: int) -> None:
    key = f"a-robot-that-dies-{width}"
    running.robot("PUT", f"{key}/faults", {"busy": 1})
    with browsing(chromium, running, language="zh-CN", width=width) as page:
        enter(page, "alice")
        subscribe(page, f"zh-{width}", running.robot_url(key), key)
        running.emit(f"zh-{width}", failed_run(1, "dying"))
        running.emit(f"zh-{width}", failed_run(2, "dying"))
        page.goto(f"/projects/zh-{width}/deliveries")
        page.evaluate(_WATCH)
        live(page)
        before = [one.bounding_box() for one in page.locator("tbody tr").all()]
        running.robot("PUT", f"{key}/faults", {})
        running.robot("DELETE", key)
        expect(page.locator("tbody .badge-dead")).to_have_count(2)
        assert [one.bounding_box() for one in page.locator("tbody tr").all()] == before
        assert page.evaluate("window.moved") == []


def test_a_page_has_one_stream_which_rests_while_nobody_looks_and_then_catches_up(
    chromium: Browser, running: RunningHouse
) -> None:
    with browsing(chromium, running) as page:
        enter(page, "alice")
        subscribe(page, "orders", running.robot_url("a-robot-for-the-hidden"), "a-robot-for-the-hidden")
        opened, ended = streams(page)
        page.goto("/projects/orders/deliveries")
        live(page)
        counted(page, opened, ended, (1, 0))
        page.evaluate(_HIDDEN, arg=True)
        page.wait_for_selector("html:not(.is-live)")
        expect(page.get_by_text("As of")).to_be_visible()
        counted(page, opened, ended, (1, 1))
        running.emit("orders", failed_run(1, "unseen"))
        running.seen("a-robot-for-the-hidden", 1)
        assert page.get_by_text("newer deliver").count() == 0
        page.evaluate(_HIDDEN, arg=False)
        expect(page.get_by_text("1 newer delivery")).to_be_visible()
        counted(page, opened, ended, (2, 1))
        page.get_by_role("link", name="Show them").click()
        expect(page.locator("tbody tr").first).to_contain_text("unseen #1")
        counted(page, opened, ended, (3, 2))


def test_pages_without_live_parts_open_no_stream(chromium: Browser, running: RunningHouse) -> None:
    with browsing(chromium, running) as page:
        enter(page, "alice")
        opened, _ = streams(page)
        for path in ("/projects/risk", "/projects/risk/events", f"{TAB.format(key='risk')}?new"):
            page.goto(path)
            page.wait_for_timeout(200)
        assert opened == []


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("en", 390), ("zh-CN", 1280), ("zh-CN", 390)])
def test_a_source_says_what_came_and_nothing_shifts(
    chromium: Browser, running: RunningHouse, language: str, width: int
) -> None:
    name = f"live-{language.lower()}-{width}"
    long = f"{name}/a-very-long-branch-based-pipeline-name-of-the-merge-queue-支付与结算平台夜间构建与回归测试通知"
    with browsing(chromium, running, language=language, width=width) as page:
        without_bars_on_a_phone(page, width)
        enter(page, "alice")
        page.goto("/projects/payments/sources/new")
        page.check('input[name="kind"][value="generic"]')
        page.fill('input[name="name"]', name)
        page.locator("main form button[type=submit]").last.click()
        secret = page.locator(".copy-line.is-secret code").inner_text()
        page.goto("/projects/payments/sources")
        page.get_by_role("link", name=name).click()
        live(page)
        page.locator("#arrived").scroll_into_view_if_needed()
        page.wait_for_timeout(600)
        page.evaluate(_WATCH)
        step = page.locator("#arrived")
        below = page.locator("#calls").bounding_box()
        assert running.call(f"payments/{name}", "wrong", failed_run(1, name)) == 401
        expect(step.locator(".notice-dead")).to_be_visible()
        odd = {"id": "1", "type": "no.such.type", "subject": {"name": name}}
        assert running.call(f"payments/{name}", secret, odd) == 400
        expect(step).to_contain_text("unknown-event-type")
        assert running.call(f"payments/{name}", secret, failed_run(2, long)) == 202
        expect(step.locator(".notice-ok")).to_be_visible()
        assert running.call(f"payments/{name}", "wrong", failed_run(3, name)) == 401
        expect(step.locator(".notice-dead")).to_be_visible()
        expect(step.locator(".notice-ok")).to_be_visible()
        assert page.locator("#calls").bounding_box() == below
        assert page.evaluate("window.moved") == []
        expect(page.locator("#newer")).to_contain_text("4")


def test_address_and_secret_are_copied_by_a_button_that_only_scripts_show(
    chromium: Browser, running: RunningHouse
) -> None:
    with browsing(chromium, running) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        enter(page, "alice")
        page.goto("/projects/payments/sources/new")
        page.check('input[name="kind"][value="generic"]')
        page.get_by_label("Name", exact=True).fill("copied")
        page.get_by_role("button", name="Add", exact=True).click()
        secret = page.locator("#secret").inner_text()
        for name, text in (
            ("Copy the secret", secret),
            ("Copy the hook address", page.locator("#hook-url").inner_text()),
        ):
            page.get_by_role("button", name=name).click()
            expect(page.get_by_role("button", name=name)).to_have_count(0)
            assert page.evaluate("navigator.clipboard.readText()") == text
        expect(page.get_by_role("button", name="Copied")).to_have_count(2)
    with browsing(chromium, running, scripts=False) as page:
        sign_in(page, "alice")
        page.goto("/projects/payments/sources")
        page.get_by_role("link", name="copied").click()
        expect(page.locator("#hook-url")).to_be_visible()
        expect(page.locator("button[data-copy]")).to_be_hidden()


def test_no_script_no_style_and_no_page_is_kept_by_htmx(chromium: Browser, running: RunningHouse) -> None:
    with browsing(chromium, running) as page:
        enter(page, "alice")
        page.goto("/projects/risk/deliveries")
        live(page)
        config = page.evaluate("htmx.config")
        assert (config["allowEval"], config["includeIndicatorStyles"], config["historyEnabled"]) == (
            False,
            False,
            False,
        )
        assert page.locator("style, [style]").count() == 0
        # It notes the address that one is at, and nothing of the page.
        kept = page.evaluate("[Object.keys(localStorage), Object.keys(sessionStorage)]")
        assert kept == [[], ["htmx-current-path-for-history"]]
        assert SECRET not in page.content()
