"""The form of a new project begins with the zone of the browser."""

import pytest
from playwright.sync_api import Browser, expect

from running_house import PASSWORDS, RunningHouse

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("scripts", "zone"), [(True, "Asia/Shanghai"), (False, "UTC")])
def test_a_new_project_begins_with_the_zone_of_the_browser(
    chromium: Browser, running: RunningHouse, zone: str, *, scripts: bool
) -> None:
    context = chromium.new_context(
        base_url=running.address, timezone_id="Asia/Shanghai", java_script_enabled=scripts, locale="en"
    )
    page = context.new_page()
    page.goto("/sign-in?next=/admin/projects")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", PASSWORDS["admin"])
    page.press("[name=password]", "Enter")
    expect(page.get_by_label("Time zone")).to_have_value(zone)
    context.close()
