"""The scenario of CodeArts: from signing in to a message in the group, in a real browser."""

import itertools

import pytest
from playwright.sync_api import Browser, Page, expect

from running_house import RunningHouse, browsing, sign_in

pytestmark = pytest.mark.browser

WORDS = {
    "en": {
        "workspace": "Go to workspace",
        "notifications": "Notifications",
        "add": "Add subscription",
        "ok": "OK",
        "saved": "Saved. New events use it from now on.",
        "failed": "Pipeline failed: build-and-release #128",
        "gate": "Gate check failed",
        "menu": "Menu",
    },
    "zh-CN": {
        "workspace": "进入工作台",
        "notifications": "通知设置",
        "add": "新建订阅",
        "ok": "确定",
        "saved": "已保存，对新事件立即生效。",
        "failed": "流水线失败：build-and-release #128",
        "gate": "门禁不通过",
        "menu": "菜单",
    },
}
EVENT = {
    "type": "pipeline.run.failed",
    "subject": {"name": "build-and-release"},
    "run": {"number": "128", "status": "FAILED", "url": "https://ci.example.com/p/128"},
    "actor": {"name": "zhang.san"},
}


def go_to_tab(page: Page, project: str, words: dict[str, str], width: int) -> None:
    """From the homepage to the WeCom tab by what a person clicks."""
    page.get_by_role("button", name=words["workspace"]).click()
    page.get_by_role("link", name=project.title(), exact=True).click()
    if width < 832:
        page.get_by_role("link", name=words["menu"]).click()
    page.locator("#nav").get_by_role("link", name=words["notifications"], exact=True).click()


def fill_in(page: Page, url: str, words: dict[str, str]) -> None:
    """The form, as somebody would who reads it."""
    page.get_by_role("link", name=words["add"]).first.click()
    page.fill('input[name="name"]', "release group")
    page.fill('input[name="url"]', url)
    page.check('input[name="events"][value="pipeline.run.failed"]')
    page.check('input[name="events"][value="check.task.completed"]')
    page.get_by_role("radio", name=words["gate"], exact=True).check()
    page.fill('input[name="user_ids"]', "zhang.san;li.si")
    page.get_by_role("button", name=words["ok"], exact=True).click()


@pytest.mark.parametrize(
    ("language", "scripts", "width", "colours"),
    list(itertools.product(["en", "zh-CN"], [True, False], [1280, 390], ["light", "dark"])),
)
def test_from_signing_in_to_a_message_in_the_group(
    chromium: Browser, running: RunningHouse, language: str, *, scripts: bool, width: int, colours: str
) -> None:
    project = f"{language[:2]}-{width}"
    words, key = WORDS[language], f"a-robots-key-{project}-{scripts}-{colours}"
    with browsing(chromium, running, language=language, scripts=scripts, width=width, colours=colours) as page:
        sign_in(page, "bob")
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == colours
        go_to_tab(page, project, words, width)
        fill_in(page, running.robot_url(key), words)
        expect(page.get_by_text(words["saved"])).to_be_visible()
        expect(page.get_by_text("bob").first).to_be_visible()
        assert key not in page.content()
        running.emit(project, {**EVENT, "id": f"run-{scripts}-{colours}"})
        (message,) = running.seen(key, 1)
        assert message["mentions"] == ["zhang.san", "li.si"]
        assert words["failed"] in message["content"]
        # The next of these scenarios finds the project as this one did.
        page.get_by_role("link", name="“release group”").nth(-1).click()
        page.locator("main form button.btn-danger").click()
        expect(page.get_by_role("link", name=words["add"])).to_be_visible()
