"""No word from outside becomes markup of a WeCom message."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from happenings import WECOM, attacked, body_of, happening, sent, waiting
from shipbell.domain.digest import Fold, digest
from shipbell.domain.events import Trigger
from shipbell.domain.subscriptions import Format
from shipbell.ports.channel import Rendered

LIMITS = {Format.MARKDOWN: 4_096, Format.TEXT: 2_048}
OUR_TAGS = re.compile(r'<font color="(?:info|comment|warning)">|</font>|<@[A-Za-z0-9._@-]+>')
ATTACKS = [
    "<@all>",
    "<@boss>",
    '<font color="warning">red</font>',
    "</font>",
    "[click](http://evil.example)",
    "](http://evil.example)",
    "**bold**",
    "`code`",
    "# heading",
    "> quote",
    "line\nbreak\r\n# heading\n> quote\n<@all>",
    "\u2028# heading\u2029> quote",
    "<\u200b@all>",
    "\u202egnp.exe",
    "half a pair \ud83d",
    "&lt;@all&gt;",
    "]( ](((",
    "<" * 200,
    "**" * 2_000,
    "[" * 3_000,
    "<@a>" * 1_500,
    "名" * 3_000,
    "👩‍👩‍👧‍👦" * 500,
]


def check_markdown(rendered: Rendered, user_ids: tuple[str, ...]) -> None:
    """Hold a markdown content to what only we may write in it."""
    content = rendered.content
    assert re.findall(r"<@([^>]*)>", content) == list(user_ids)
    assert (
        len(re.findall("<font", content))
        == len(re.findall("</font>", content))
        == len(re.findall(r'<font color="(?:info|comment|warning)">[^\n<]*</font>', content))
    )
    assert not re.search(r"<(?:@|/?font)", OUR_TAGS.sub("", content), re.IGNORECASE)
    assert re.findall(r"\]\(([^)]*)\)", content) == ["https://ci.example.com/p/128"] * content.count("](")
    assert content.count("](") == 1
    assert "`" not in content
    assert "**" not in content
    for line in content.split("\n")[1:]:
        assert re.match(r"> [A-Z][a-z]+|\[Open the run\]\(|<@", line)
    assert len(content.splitlines()) == len(content.split("\n"))


def check_text(rendered: Rendered) -> None:
    """Hold a text content to what nobody may write in it."""
    assert "<@" not in rendered.content
    assert "](" not in rendered.content
    assert len(rendered.content.splitlines()) == len(rendered.content.split("\n")) <= 9


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda text: ascii(text[:20]))
@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("before", ["", "x ", "[x]"])
def test_no_word_from_outside_mentions_colours_links_or_breaks_the_layout(
    attack: str, form: Format, before: str
) -> None:
    rendered = sent(waiting(attacked(before + attack), form=form, user_ids=("zhang.san",)))
    assert rendered.content_bytes == len(rendered.content.encode()) <= LIMITS[form]
    if form is Format.MARKDOWN:
        check_markdown(rendered, ("zhang.san",))
    else:
        check_text(rendered)
        assert body_of(rendered)["text"]["mentioned_list"] == ["zhang.san"]


@given(st.lists(st.sampled_from(ATTACKS[:17]) | st.text(max_size=40), min_size=1, max_size=6).map("".join))
def test_no_mixture_of_hostile_words_gets_through(text: str) -> None:
    check_markdown(sent(waiting(attacked("a" + text), user_ids=("zhang.san",))), ("zhang.san",))
    check_text(sent(waiting(attacked("a" + text), form=Format.TEXT)))


@given(st.lists(st.sampled_from(ATTACKS[:17]) | st.text(max_size=40), min_size=2, max_size=5), st.sampled_from(Fold))
def test_no_hostile_name_gets_through_a_digest(names: list[str], fold: Fold) -> None:
    events = [
        happening(name="a" + name, url=None if at % 2 else "https://ci.example.com/p") for at, name in enumerate(names)
    ]
    events = [replace(one, subject=replace(one.subject, url=None)) for one in events]
    message = digest([waiting(one, id=at) for at, one in enumerate(events)], fold)
    content = WECOM.render(message).content
    lines = content.split("\n")
    assert len(lines) == 2 + len(message.sections[0].lines) == len(content.splitlines())
    assert not re.search(r"<@|</?font", content, re.IGNORECASE)
    assert set(re.findall(r"\]\(([^)]*)\)", content)) <= {"https://ci.example.com/p"}
    assert all(re.fullmatch(r"\[[^\[\]]*\]\([^()]*\)|[^#>].*", line) for line in lines[2:])
    assert content.count("**") == 2


def test_ordinary_names_are_shown_as_they_are() -> None:
    event = replace(happening(description="[WIP] fix: a < b && C++ > 3 (#12)"), trigger=Trigger(branch="feature_x_y"))
    for form in Format:
        content = sent(waiting(event, form=form)).content
        assert "[WIP] fix: a < b && C++ > 3 (#12)" in content
        assert ": feature_x_y\n" in content


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("word", ["#123", "# of runs", "> 90 %", "2 > 1", "Option<A>"])
def test_a_value_that_begins_with_a_sign_is_shown_as_it_is(form: Format, word: str) -> None:
    content = sent(waiting(attacked(word, "deploy.application.deployed"), form=form)).content
    assert f"Execution ID: {word}\n" in content
    assert f"Application name: {word}\n" in content
