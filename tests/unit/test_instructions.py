"""Instructions of a source: the page's section as safe HTML, with address and secret in their places."""

import pytest

from shipbell import sources
from shipbell.web.console.project.setup_guide import connect

HOOK = "https://bell.example.com/hooks/payments/ci"


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("kind", sorted(sources.by_kind()))
def test_every_kind_says_in_every_language_how_to_connect_it(kind: str, language: str) -> None:
    said = str(connect(sources.instructions(kind, language), hook_url=HOOK, secret="s3cret"))
    assert HOOK in said
    assert "s3cret" in said
    assert "{" not in said.replace("{&#34;", "").replace('{"', "")
    assert ("发送" in said) is (language == "zh-CN")


def test_an_unknown_language_is_told_in_english() -> None:
    assert sources.instructions("generic", "fr") == sources.instructions("generic", "en")


def test_only_the_section_about_connecting_is_shown() -> None:
    said = connect(
        "# A\n\nNot this.\n\n## Connect it\n\nThis.\n\n## What it reads\n\nNor this.\n", hook_url="", secret=""
    )
    assert said == "<p>This.</p>"
    assert connect("# A\n\nNothing.\n", hook_url="", secret="") == ""


def test_what_stands_in_a_page_or_a_name_is_text() -> None:
    page = "## Connect it\n\n<b>{hook_url}</b> `<i>` **<u>**\n\n- one <s>\n- two\n  goes on\n\n```sh\n<script>\n```\n"
    said = connect(page, hook_url="<img>", secret="")
    assert "<img" not in said
    assert "<script" not in said
    assert "&lt;b&gt;&lt;img&gt;&lt;/b&gt; <code>&lt;i&gt;</code> <b>&lt;u&gt;</b>" in said
    assert "<li>one &lt;s&gt;</li><li>two goes on</li>" in said
    assert "<code>&lt;script&gt;</code>" in said
