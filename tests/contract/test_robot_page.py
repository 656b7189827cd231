"""The simulator's page and its reading of the markdown dialect."""

import re

import pytest

from robot_sender import KEY, Sender, body_of, markdown, simulator, text
from shipbell.channels.wecom import dialect

HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(1)> \"'& [x](javascript:alert(1)) **<b>** `<i>`"
VIEWS = {
    "# Big": "Big",
    "####### seven": "####### seven",
    "#none": "#none",
    "a **b** c": "a b c",
    "**open": "**open",
    "[go](https://ci.example/1)": "go (https://ci.example/1)",
    "[go](javascript:x)": "[go](javascript:x)",
    "`a **b**`": "a **b**",
    "> quoted\nplain": "│ quoted\nplain",
    '<font color="info">ok</font>': "ok",
    '<font color="red">no</font>': '<font color="red">no</font>',
    "<@li.si> <@all>": "@li.si <@all>",
    "feature_x_y a < b *i*": "feature_x_y a < b *i*",
    '**<font color="warning">[x](http://a.example)</font>**': "x (http://a.example)",
}


@pytest.mark.parametrize("content", VIEWS)
def test_the_dialect_reads_as_its_members_see_it(content: str) -> None:
    assert dialect.as_text(content) == VIEWS[content]


def test_version_2_has_neither_colours_nor_mentions() -> None:
    content = '**b** <font color="info">x</font> <@li.si>'
    assert dialect.as_text(content, own=False) == 'b <font color="info">x</font> <@li.si>'


def test_mentions_alert_once_each_but_not_inside_code_and_not_everybody() -> None:
    assert dialect.mentions("<@a> > **<@b>** <@a> `<@c>` <@all> <@@all>\n> <@d@e.f>") == ("a", "b", "d@e.f")


@pytest.mark.parametrize("unit", ["[", "**", "`", '<font color="info">', "<@", "[x](", "**[`"])
def test_a_full_message_of_openings_is_read_in_no_time(unit: str) -> None:
    content = unit * (4096 // len(unit))
    assert "".join(dialect.as_text(content).split()) != ""


async def page(sender: Sender, query: str = "") -> str:
    async with sender.http.get(f"{sender.robot.address}/{query}") as reply:
        assert reply.status == 200
        assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
        return await reply.text()


@pytest.mark.asyncio
async def test_the_page_shows_messages_as_bubbles_with_their_markup() -> None:
    async with simulator() as sender:
        assert "No robot was called yet." in await page(sender)
        said = '# T\n> by **zhang** <font color="warning">bad</font> `c`\n[run](https://ci.example/?a=1&b=2) <@li.si>'
        await sender.post(markdown(said))
        await sender.post(text("two\nlines", mentioned_list=["@all"]))
        html = await page(sender, f"?robot={KEY}&every=2")
        for part in (
            '<p class="h h1">T</p>',
            '<blockquote>by <strong>zhang</strong> <span class="md-warning">bad</span> <code>c</code></blockquote>',
            '<a href="https://ci.example/?a=1&amp;b=2" rel="noopener noreferrer nofollow" target="_blank">run</a>',
            '<b class="at">@li.si</b>',
            "<p>two</p><p>lines</p>",
            '<b class="at">@all</b>',
            '<meta http-equiv="refresh" content="2">',
            "2 shown",
        ):
            assert part in html


@pytest.mark.asyncio
async def test_nothing_that_comes_from_outside_becomes_markup_of_the_page() -> None:
    async with simulator() as sender:
        hostile_key = '"><script>k</script>'
        for body in (
            markdown(HOSTILE),
            text(HOSTILE, mentioned_list=[HOSTILE]),
            body_of("markdown_v2", {"content": HOSTILE}),
        ):
            assert await sender.post(body, hostile_key) == 0
        for view in ("wecom", "wechat", "preview", "%22%3E%3Cscript%3E"):
            html = await page(sender, f"?view={view}&every=%22%3E")
            assert set(re.findall(r"<(\w+)", html)) <= {
                *("html", "head", "meta", "title", "link", "body", "nav", "h1", "ul", "li", "a", "b", "small", "main"),
                *("header", "h2", "p", "span", "section", "article", "div", "time", "strong", "code", "svg", "path"),
            }
            assert "onerror=alert(1)>" not in html
            assert 'href="javascript:' not in html


@pytest.mark.asyncio
async def test_personal_wechat_shows_text_only_and_the_chat_list_shows_raw_text() -> None:
    async with simulator() as sender:
        await sender.post(markdown("**failed** build"))
        await sender.post(text("plain words"))
        wechat = await page(sender, "?view=wechat")
        assert wechat.count("暂不支持此消息类型") == 1
        assert "failed" not in wechat
        assert "plain words" in wechat
        assert "<p>**failed** build</p>" in await page(sender, "?view=preview")


@pytest.mark.asyncio
async def test_the_style_is_a_file_of_its_own() -> None:
    async with simulator() as sender, sender.http.get(f"{sender.robot.address}/page.css") as reply:
        assert (reply.status, reply.content_type) == (200, "text/css")
