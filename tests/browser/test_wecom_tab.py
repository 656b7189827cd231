"""The WeCom tab in a real browser: keyboard, errors, narrow screens."""

import pytest
from playwright.sync_api import Browser, expect

from running_house import TAB, RunningHouse, browsing, sign_in, too_wide

pytestmark = pytest.mark.browser


def test_the_enter_key_means_ok_and_not_a_tick_box(chromium: Browser, running: RunningHouse) -> None:
    with browsing(chromium, running, scripts=False) as page:
        sign_in(page, "alice")
        page.goto(f"{TAB.format(key='orders')}?new=")
        page.fill('input[name="name"]', "by keyboard")
        page.fill('input[name="url"]', running.robot_url("a-robots-key-keyboard"))
        page.focus('input[name="events"][value="deploy.application.failed"]')
        page.keyboard.press("Space")
        page.focus('input[name="name"]')
        page.keyboard.press("Enter")
        expect(page.get_by_text("Saved. New events use it from now on.")).to_be_visible()
        expect(page.locator("dl").get_by_text("Deploy: Deploy application failed")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_an_error_leads_to_its_field_and_loses_nothing(
    chromium: Browser, running: RunningHouse, *, scripts: bool
) -> None:
    with browsing(chromium, running, scripts=scripts) as page:
        sign_in(page, "alice")
        page.goto(f"{TAB.format(key='risk')}?new=")
        page.fill('input[name="name"]', "half typed")
        page.fill('input[name="url"]', "qyapi.weixin.qq.com/x")
        page.check('input[name="events"][value="pipeline.run.paused"]')
        page.uncheck('input[name="content.pipeline"][value="trigger"]')
        page.get_by_role("button", name="OK", exact=True).click()
        summary = page.get_by_role("alert")
        expect(summary).to_contain_text("Not saved: 1 field needs a change")
        expect(summary).to_be_focused()
        expect(page.locator('input[name="url"]')).to_have_value("qyapi.weixin.qq.com/x")
        expect(page.locator('input[name="events"][value="pipeline.run.paused"]')).to_be_checked()
        expect(page.locator('input[name="content.pipeline"][value="trigger"]')).not_to_be_checked()
        summary.get_by_role("link").click()
        assert page.url.endswith("#url")
        expect(page.locator('input[name="url"]')).to_have_attribute("aria-invalid", "true")


def test_a_service_has_three_states_without_scripts(chromium: Browser, running: RunningHouse) -> None:
    with browsing(chromium, running, scripts=False) as page:
        sign_in(page, "alice")
        page.goto(f"{TAB.format(key='risk')}?new=")
        service = page.get_by_role("checkbox", name="Deploy", exact=True)
        expect(service).to_have_attribute("aria-checked", "false")
        service.click()
        expect(service).to_have_attribute("aria-checked", "true")
        page.uncheck('input[name="events"][value="deploy.application.failed"]')
        page.get_by_role("button", name="Show").click()
        expect(service).to_have_attribute("aria-checked", "mixed")


def test_who_may_only_look_has_no_button_to_press(chromium: Browser, running: RunningHouse) -> None:
    with browsing(chromium, running) as page:
        sign_in(page, "carol")
        page.goto(TAB.format(key="plain"))
        expect(page.get_by_text("You are a Developer in Plain.")).to_be_visible()
        expect(page.get_by_text("alice, bob")).to_be_visible()
        expect(page.locator("main").get_by_role("button")).to_have_count(0)
        expect(page.get_by_role("link", name="Add subscription")).to_have_count(0)


def test_outside_the_regions_of_the_channel_the_tab_says_why(chromium: Browser, running: RunningHouse) -> None:
    with browsing(chromium, running) as page:
        sign_in(page, "alice")
        page.goto(TAB.format(key="dublin"))
        expect(page.get_by_role("heading", name="WeCom is not offered in this region")).to_be_visible()


@pytest.mark.parametrize("width", [320, 390, 700, 1280])
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_no_page_scrolls_sideways(chromium: Browser, running: RunningHouse, language: str, width: int) -> None:
    with browsing(chromium, running, language=language, width=width) as page:
        page.goto("/sign-in")
        assert not too_wide(page)
        sign_in(page, "alice")
        for path in ("/", "/workspace", "/account", TAB.format(key="payments"), f"{TAB.format(key='payments')}?new="):
            page.goto(path)
            assert not too_wide(page), path


def test_with_scripts_the_form_answers_while_one_types(chromium: Browser, running: RunningHouse) -> None:
    with browsing(chromium, running) as page:
        sign_in(page, "alice")
        page.goto(f"{TAB.format(key='risk')}?new=")
        bubble = page.locator(".bubble").first
        expect(bubble).to_contain_text("Pipeline failed")
        page.fill('input[name="user_ids"]', "zhang.san")
        expect(page.locator("#user_ids-used")).to_have_text("9")
        expect(bubble).to_contain_text("@zhang.san")
        page.check('input[name="events"][value="deploy.application.stopped"]')
        expect(bubble).to_contain_text("Deployment stopped")
        expect(page.get_by_role("checkbox", name="Deploy", exact=True)).to_have_attribute("aria-checked", "mixed")
        page.get_by_role("radio", name="简体中文").check()
        expect(bubble).to_contain_text("应用部署中止")
        page.get_by_role("radio", name="Text").check()
        expect(page.get_by_text("of 2,048 bytes")).to_be_visible()
        page.fill('input[name="url"]', "qyapi.weixin.qq.com/x")
        page.keyboard.press("Tab")
        expect(page.locator("#url-told")).to_have_text("Start with http:// or https://.")
        page.fill('input[name="url"]', "https://qyapi.weixin.qq.com/x")
        expect(page.locator("#url-told")).to_have_text("")
        expect(page.locator('input[name="url"]')).to_have_value("https://qyapi.weixin.qq.com/x")
        expect(page.locator('input[name="user_ids"]')).to_have_value("zhang.san")
