"""Every page that links lead to, read in Chinese: no English word is left but names that have no other."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from api_house import KEY
from console_house import TAB, ConsoleHouse, console_house, wish
from crawl import crawled, opened
from shipbell.domain.access import Role
from shipbell.domain.ids import Prefix, encode
from shipbell.ports.directory import By, Edit, MemberRecord, PutMember, PutProject, PutSubscription

WORD = re.compile(r"[A-Za-z][A-Za-z'’-]+")
# Names of things, which are the same in both languages.
NAMES = {
    *(
        "Shipbell",
        "WeCom",
        "CodeArts",
        "CloudEvents",
        "OpenID",
        "Connect",
        "Markdown",
        "Standard",
        "Webhooks",
        "Bearer",
    ),
    *("API", "CI", "HTTP", "Hook", "ID", "JSON", "URL", "UTC", "UserID", "Webhook", "English"),
}
# What this house itself is called: people, projects, sources, robots and what its tools sent.
DATA = {*("alice", "bob", "carol", "dave", "mallory", "root", "test", "ci"), *("payments", "Payments")}
# Parts that show what came from outside, or the words of the settings file, as they are.
AS_IT_IS = ("code.", "pre.", "time.", ".mono", "bubble", "chip", "changes", "[en]")


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    async with console_house(tmp_path) as made:
        url = f"{made.house.robots.address}/cgi-bin/webhook/send?key=aaaaaaaa-1111-4bc4-97a0-0ec2a1fa5aaa"
        gone = url.replace("aaaaaaaa-1111", "bbbbbbbb-2222")
        await made.house.robot("DELETE", "/robots/bbbbbbbb-2222-4bc4-97a0-0ec2a1fa5aaa")
        for name, at, more in (
            ("发布群", url, {}),
            ("值班群", gone, {"gate": "failed"}),
            ("停用", url, {"enabled": ""}),
        ):
            fields = [one for one in wish(name=name, url=at, **more) if one != ("enabled", "")]
            assert (await made["alice"].post(TAB, [*fields, ("action", "ok")])).status_code == 303
        for place, kind in enumerate(("pipeline.run.failed", "check.task.completed", "deploy.application.stopped")):
            await made.house.emit(kind, f"event-{place}")
        await made.house.deliveries("delivered", 1)
        await made.house.deliveries("dead", 1)
        yield made


def english(text: str) -> list[str]:
    """The words of a text that a Chinese reader should not meet."""
    bare = re.sub(r"https?://\S*|\S+@\S+|\w+[._/-]\w[\w./-]*|#\w+|@\w+", " ", text)
    return [one for one in WORD.findall(bare) if one not in NAMES | DATA]


async def test_no_page_has_an_english_word_left_in_chinese(console: ConsoleHouse) -> None:
    left: dict[str, set[str]] = {}
    for who in ("root", "dave"):
        pages = await crawled(console[who], **{"Accept-Language": "zh-CN"})
        pages += [await opened(console[who], f"/projects/{KEY}/nowhere", **{"Accept-Language": "zh-CN"})]
        for page in pages:
            assert '<html lang="zh-CN">' in page.html, page.path
            for text, around in page.texts:
                shown_as_it_is = any(mark in place for place in around for mark in AS_IT_IS)
                if not shown_as_it_is and english(text):
                    left.setdefault(text, set()).add(page.path)
    assert sorted((text, min(paths)) for text, paths in left.items()) == []


async def test_chinese_sentences_stand_without_spaces_and_with_their_own_marks(console: ConsoleHouse) -> None:
    found: dict[str, str] = {}
    pages = [one for who in ("root", "dave") for one in await crawled(console[who], **{"Accept-Language": "zh-CN"})]
    for page in pages:
        shown = page.html[page.html.index("<body") :]
        for one in re.findall(r".{0,20}[。，；：？！](?:</\w+>)?[ \n]+(?:<[ab]\b[^>]*>)?[\u4e00-\u9fff].{0,9}", shown):
            found.setdefault(one, page.path)
        for one in re.findall(r".{0,20}[\u4e00-\u9fff] ?\([^()<]*\).{0,9}|[\u4e00-\u9fff](?:</\w+>)?, ?.{9}", shown):
            found.setdefault(one, page.path)
    assert found == {}


async def test_who_worked_on_the_command_line_is_named_in_chinese_and_found_by_that_name(console: ConsoleHouse) -> None:
    root, directory = console["root"], console.house.parts.directory
    whole = await directory.whole(KEY)
    assert whole is not None
    subscription = whole.subscriptions[0]
    edits: list[Edit] = [
        PutProject(project=replace(whole.project, name="新名称")),
        PutMember(project=KEY, member=MemberRecord(user="dave", role=Role.DEVELOPER)),
        PutSubscription(project=KEY, subscription=replace(subscription, user_ids="li.si")),
    ]
    await directory.change(edits, By(actor="command line", via="cli"))
    named = encode(Prefix.SUBSCRIPTION, subscription.id)
    chinese = {"Accept-Language": "zh-CN"}
    for path in (
        f"/projects/{KEY}/settings/general",
        f"/projects/{KEY}/settings/members",
        f"/projects/{KEY}/settings/audit",
        "/admin/projects",
        TAB,
        f"{TAB}?show={named}",
        f"{TAB}?edit={named}",
    ):
        page = (await root.get(path, **chinese)).text
        assert ("命令行" in page, "command line" in page) == (True, False), path
    found = (await root.get("/admin/audit?actor=命令行", **chinese)).text
    assert re.findall(r"<code>([\w.]+)</code>", found) == ["subscription.updated", "member.set", "project.updated"]
