"""The pages of a project in a real browser: the way from a tool's first call to a cured and replayed message."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from running_house import RunningHouse, browsing, command, enter, failed_run, subscribe, too_wide

pytestmark = pytest.mark.browser

KEY = "plain"
P = f"/projects/{KEY}"
LONG = "risk-rules/very-long-branch-based-pipeline-name-of-the-merge-queue-支付与结算平台夜间构建与回归测试通知"
PAGES = (
    P,
    f"{P}/deliveries",
    f"{P}/deliveries?state=dead&q=nothing",
    f"{P}/events",
    f"{P}/why",
    f"{P}/why?q=pipeline",
    f"{P}/sources",
    f"{P}/sources/new",
    f"{P}/robots",
    f"{P}/settings/members",
    f"{P}/settings/general",
    f"{P}/settings/audit",
    "/projects/risk",
    "/projects/risk/deliveries",
    "/projects/risk/events",
    "/projects/risk/robots",
    "/admin/users",
    "/admin/users/bob",
    "/admin/users/bob/remove",
    "/admin/projects",
    "/admin/audit",
)
# What every page owes to those who do not see it: one main heading, names for all controls, ids that are unique.
_OWED = """() => {
  const wrong = [];
  const name = one => (one.getAttribute('aria-label') || one.textContent || '').trim()
    || (one.getAttribute('aria-labelledby') && document.getElementById(one.getAttribute('aria-labelledby')));
  if (document.querySelectorAll('h1').length !== 1) wrong.push('h1: ' + document.querySelectorAll('h1').length);
  for (const one of document.querySelectorAll('input:not([type=hidden]), select, textarea'))
    if (!one.labels.length && !one.getAttribute('aria-label')) wrong.push('no label: ' + one.outerHTML);
  for (const one of document.querySelectorAll('a[href], button'))
    if (!name(one)) wrong.push('no name: ' + one.outerHTML);
  for (const one of document.querySelectorAll('[aria-labelledby], [aria-describedby]'))
    for (const attribute of ['aria-labelledby', 'aria-describedby'])
      for (const id of (one.getAttribute(attribute) || '').split(' ').filter(Boolean))
        if (!document.getElementById(id)) wrong.push('points nowhere: ' + id);
  const ids = [...document.querySelectorAll('[id]')].map(one => one.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push('twice: ' + id);
  for (const one of document.querySelectorAll('[style], script:not([src])')) wrong.push('inline: ' + one.outerHTML);
  return wrong;
}"""


def reload_until(page: Page, words: str) -> None:
    """Look again until the page says it: calls at the door are written soon, not at once."""
    for _ in range(300):
        if page.get_by_text(words).count():
            return
        page.wait_for_timeout(100)
        page.reload()
    expect(page.get_by_text(words)).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_from_a_new_source_to_the_path_of_its_first_event(
    chromium: Browser, running: RunningHouse, *, scripts: bool
) -> None:
    name = f"jenkins-{str(scripts).lower()}"
    with browsing(chromium, running, scripts=scripts) as page:
        enter(page, "alice")
        page.goto(P)
        page.locator("#nav").get_by_role("link", name="Sources").click()
        page.get_by_role("link", name="Add a source").click()
        page.check('input[name="kind"][value="generic"]')
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_role("button", name="Add", exact=True).click()
        secret = page.locator(".copy-line.is-secret code").inner_text()
        expect(page.get_by_text("Waiting for the first event")).to_be_visible()
        page.goto(f"{P}/sources")
        page.get_by_role("link", name=name).click()
        assert secret not in page.content()
        assert running.call(f"{KEY}/{name}", "wrong", failed_run(1)) == 401
        reload_until(page, "Its secret is not the one of this source.")
        assert running.call(f"{KEY}/{name}", secret, failed_run(128, f"of-{name}")) == 202
        reload_until(page, "It works")
        page.get_by_role("link", name="See its path").click()
        expect(page.get_by_text(f"Received from {name}")).to_be_visible()


def test_a_dead_delivery_is_found_cured_and_replayed_by_what_the_pages_say(
    chromium: Browser, running: RunningHouse
) -> None:
    gone = running.robot_url("a-robot-that-is-gone")
    running.robot("DELETE", "a-robot-that-is-gone")
    with browsing(chromium, running, scripts=False) as page:
        enter(page, "bob")
        subscribe(page, KEY, gone, "on call")
        running.emit(KEY, failed_run(500, LONG))
        page.goto(f"{P}/deliveries?state=dead")
        reload_until(page, LONG)
        page.locator(".c-event a").first.click()
        expect(page.get_by_text("Add a robot and paste its new URL, then replay.").first).to_be_visible()
        page.get_by_role("link", name="Open the subscription").click()
        page.fill('input[name="url"]', running.robot_url("a-robot-that-is-there"))
        page.get_by_role("button", name="OK", exact=True).click()
        page.goto(f"{P}/deliveries?state=dead")
        page.get_by_role("checkbox").first.check()
        page.get_by_role("button", name=re.compile("Replay the selected")).click()
        page.get_by_role("button", name="Replay 1").click()
        expect(page.get_by_text("It goes again.")).to_be_visible()
        assert len(running.seen("a-robot-that-is-there", 1)) == 1
        reload_until(page, "The group has it.")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_every_page_fits_its_window_and_names_its_controls(
    chromium: Browser, running: RunningHouse, language: str, width: int
) -> None:
    with browsing(chromium, running, scripts=False) as page:
        enter(page, "alice")
        subscribe(page, KEY, running.robot_url(f"a-robot-for-{language}-{width}"), f"{LONG[:60]} {language} {width}")
    running.emit(KEY, failed_run(600 + width, LONG + language))
    running.seen(f"a-robot-for-{language}-{width}", 1)
    with browsing(chromium, running, language=language, width=width) as page:
        enter(page, "root")
        for path in PAGES:
            page.goto(path)
            assert not too_wide(page), path
            assert page.evaluate(_OWED) == [], path


def test_newer_deliveries_wait_behind_a_line_and_move_no_row(chromium: Browser, running: RunningHouse) -> None:
    with browsing(chromium, running) as page:
        enter(page, "alice")
        subscribe(page, KEY, running.robot_url("a-lively-robot"), "lively")
        running.emit(KEY, failed_run(800))
        running.seen("a-lively-robot", 1)
        page.goto(f"{P}/deliveries")
        rows = page.locator("tbody tr")
        before = (rows.count(), rows.first.bounding_box())
        running.emit(KEY, failed_run(801))
        expect(page.get_by_text(re.compile("newer deliver"))).to_be_visible()
        assert (rows.count(), rows.first.bounding_box()) == before
        page.get_by_role("link", name="Show them").click()
        expect(rows.first).to_contain_text("#801")


def test_the_first_event_of_a_source_shows_by_itself(chromium: Browser, running: RunningHouse) -> None:
    with browsing(chromium, running) as page:
        enter(page, "alice")
        page.goto(f"{P}/sources/new")
        page.check('input[name="kind"][value="generic"]')
        page.get_by_label("Name", exact=True).fill("watched")
        page.get_by_role("button", name="Add", exact=True).click()
        secret = page.locator(".copy-line.is-secret code").inner_text()
        assert running.call(f"{KEY}/watched", secret, failed_run(900)) == 202
        expect(page.get_by_text("It works")).to_be_visible()
        # The secret is still there: only the part that waits was swapped.
        assert page.locator(".copy-line.is-secret code").inner_text() == secret


def test_the_command_line_and_the_page_tell_the_same(chromium: Browser, running: RunningHouse) -> None:
    (accepted,) = running.emit(KEY, failed_run(700))
    command(running.environ, "why", accepted)
    with browsing(chromium, running) as page:
        enter(page, "carol")
        page.goto(f"{P}/why?q={accepted}")
        expect(page.get_by_role("heading", name="Pipeline failed: build-and-release #700")).to_be_visible()
