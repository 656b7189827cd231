"""What comes from outside is harmless, readable, and cut without hurting what stays."""

import html
import re
from collections.abc import Callable

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from shipbell.domain.text import (
    clean,
    defuse,
    defuse_line,
    defuse_link_text,
    defuse_text,
    link_target,
    shorten,
    size_bytes,
)

# Pieces that build what a reader's program would take for markup, with what hides between them.
PIECES = st.sampled_from(
    [
        *("<@", "<", "@", "@all", "<@all>", "<font", 'color="warning">', "</font>", "<FONT", "f", "ont"),
        *("](", "]", "(", "[x](http://evil.example)", "**", "*", "`", "#", "# ", ">", "> ", "- "),
        *(
            "&lt;",
            "&#60;",
            "&#x3c;",
            "&#93;",
            "&#x5D",
            "&rsqb;",
            "&#40;",
            "&lpar;",
            "&amp;",
            "\u200d",
            "\u3164",
            "\U000e0020",
            "\ufe0f",
            "\u00ad",
        ),
        *("\n", "\r\n", "\t", "\v", "\x0b", "\x85", "\u2028", "\u2029", "\x00", "\x1b", "\x7f"),
        *("\u200b", "\u200e", "\u202e", "\u2066", "\ufeff", "\ud800", "\udfff", "\u061c"),
        *(" ", "a", "名", "👩‍👩‍👧‍👦", "🇸🇬", "e\u0301", "한", "https://a.example/?b=(c)", "&lt;@all&gt;"),
    ],
)
HOSTILE = st.lists(PIECES | st.characters(), max_size=30).map("".join)
BIDI_AND_CONTROLS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]",
)
READERS_SKIP = regex.compile(r"\p{Default_Ignorable_Code_Point}")
ORDINARY = (
    "feature_x_y",
    "a < b",
    "a <b> c",
    "[WIP] fix",
    "C++ && x > y",
    "fix: issue #42 (again)",
    "2 * 3 * 4",
    "a@b.example",
    "@zhang.san",
    "naïve — 修复 “重复记账”",
    "https://ci.example.com/a_b?c=d&e=f",
    "x <- y -> z",
    "#123 is flaky",
    "# of retries > 3",
    "> 90 % covered",
    "Option<A> and </a>",
    "R&D, a &lt; b, AT&T",
    "&amp; and &#93; alone, &#931;(x) and ]&#400;",
    "C:\\path\\to [JIRA-1]",
    "v1.2* and __init__.py",
    "user@host",
    "1. first",
    "👩‍👩‍👧‍👦 family",
    "میل\u200cها",
)


@pytest.mark.parametrize("text", ORDINARY)
@pytest.mark.parametrize("safe", [defuse, defuse_text])
def test_ordinary_text_stays_as_it_is(safe: Callable[[str], str], text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("<@all>", "＜@all>"),
        ("<@zhang.san> look", "＜@zhang.san> look"),
        ("<\u200b@all>", "＜@all>"),
        ('<font color="warning">x</font>', '＜font color="warning">x＜/font>'),
        ("<FONT color=info>", "＜FONT color=info>"),
        ("[free money](http://evil.example)", "[free money]（http://evil.example)"),
        ("<\u200d@all> <\ufe0ffont>", "＜\u200d@all> ＜\ufe0ffont>"),
        ("[free money]\u00ad\u200d(http://evil.example)", "[free money]\u00ad\u200d（http://evil.example)"),
        ("[free money&#93;&#40;http://evil.example)", "[free money&#93;（http://evil.example)"),
        (
            "[a]&#x28;b) [c&#X05d(d) [e&rsqb;&lpar;f) [g&rbrack;\u200d&#0040h)",
            "[a]（b) [c&#X05d（d) [e&rsqb;（f) [g&rbrack;\u200d（h)",
        ),
        ("`rm -rf`", "'rm -rf'"),
        ("**loud**", "∗∗loud∗∗"),
        ("*\u200d*loud*\ufe0f*", "∗\u200d∗loud∗\ufe0f∗"),
        ("&lt;@all> &#60;@a> &#x03C;font &lt&commat;all", "＜@all> ＜@a> ＜font ＜&commat;all"),
        ("<\u3164@all> <\U000e0041@a>", "＜\u3164@all> ＜\U000e0041@a>"),
        ("\u206aabc\u206f", "abc"),
        ("one\ntwo\r\nthree\u2028four", "one two three four"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("bell\x07 and \x1b[31mred", "bell and [31mred"),
        ("half \ud83d of a pair", "half of a pair"),
    ],
)
def test_only_what_is_dangerous_is_touched_in_markdown(hostile: str, harmless: str) -> None:
    assert defuse(hostile) == harmless


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# heading", "＃ heading"),
        ("### heading", "＃## heading"),
        ("#", "＃"),
        ("> quote", "＞ quote"),
        (">> quote", "＞> quote"),
        ("\n\n# heading", "＃ heading"),
        ("\u200d# heading", "\u200d＃ heading"),
        ("\u115f> quote", "\u115f＞ quote"),
        ("#\u200d heading", "＃\u200d heading"),
        ("#123 is flaky", "#123 is flaky"),
        ("C# > D#", "C# > D#"),
    ],
)
def test_a_whole_line_begins_neither_as_a_heading_nor_as_a_quote(text: str, line: str) -> None:
    assert defuse_line(text) == line


@pytest.mark.parametrize("safe", [defuse, defuse_text])
def test_no_letter_carries_more_marks_than_scripts_put_there(safe: Callable[[str], str]) -> None:
    assert safe("a" + "\u0301" * 500 + "b") == "a" + "\u0301" * 8 + "b"
    assert safe("a" + "\u0301\u200d" * 500 + "  b") == "a" + "\u0301\u200d" * 4 + " b"
    for ordinary in (
        "Tiếng Việt",
        "Tie\u0302\u0301ng",
        "שָׁלוֹם",
        "ที่นี่",
        "བསྒྲུབས",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "1️⃣",
    ):
        assert safe(ordinary) == ordinary


def test_text_loses_only_what_text_would_obey() -> None:
    assert defuse_text("<@all> # `x` **y** [a](b)") == "＜@all> # `x` **y** [a]（b)"


@given(HOSTILE)
def test_no_hostile_text_becomes_markup_in_markdown(text: str) -> None:
    safe = defuse(text)
    for seen in (safe, READERS_SKIP.sub("", safe)):
        for token in ("<@", "<font", "</font", "&lt;@", "](", "`", "**"):
            assert token not in seen.lower()
    # Should a reader decode entities, it finds no more.
    for token in ("<@", "<font", "]("):
        assert token not in READERS_SKIP.sub("", html.unescape(safe)).lower()
    assert not safe.startswith(" ")
    assert not re.match(r">|#+( |$)", READERS_SKIP.sub("", defuse_line(text)))
    assert not BIDI_AND_CONTROLS.search(safe)
    assert len(safe.splitlines()) <= 1


@given(HOSTILE)
def test_no_hostile_text_mentions_or_links_in_text(text: str) -> None:
    safe = defuse_text(text)
    assert "<@" not in safe
    assert "](" not in safe
    assert not BIDI_AND_CONTROLS.search(safe)
    assert len(safe.splitlines()) <= 1


@given(HOSTILE)
def test_a_link_text_cannot_end_its_link(text: str) -> None:
    safe = defuse_link_text(text)
    assert "[" not in safe
    assert "]" not in safe
    assert "<@" not in safe


@given(HOSTILE)
def test_defusing_twice_changes_nothing_more(text: str) -> None:
    assert defuse(defuse(text)) == defuse(text)
    assert defuse_line(defuse_line(text)) == defuse_line(text)
    assert defuse_text(defuse_text(text)) == defuse_text(text)
    assert clean(clean(text)) == clean(text)


@given(HOSTILE, st.integers(min_value=0, max_value=80))
def test_a_cut_makes_no_markup_of_what_was_harmless(text: str, limit: int) -> None:
    for token in ("<@", "<font", "](", "**", "`"):
        assert token not in shorten(defuse(text), limit).lower()
    # What was cut is defused once more when it is written, and must not grow by that.
    for safe in (defuse, defuse_text):
        assert safe(shorten(safe(text), limit)) == shorten(safe(text), limit)


@given(
    st.lists(st.sampled_from(["👩‍👩‍👧‍👦", "🇸🇬", "e\u0301", "名", "a", " ", "각"]), max_size=40).map("".join),
    st.integers(0, 90),
)
def test_a_cut_never_splits_what_a_reader_sees_as_one_letter(text: str, limit: int) -> None:
    cut = shorten(text, limit)
    assert size_bytes(cut) <= limit
    if cut and cut != text:
        assert cut.endswith("…")
        whole = regex.findall(r"\X", text)
        kept = regex.findall(r"\X", cut.removesuffix("…"))
        assert kept == whole[: len(kept)]


@given(HOSTILE.map(clean), st.integers(min_value=0, max_value=60))
def test_a_text_that_fits_is_not_cut(text: str, more: int) -> None:
    assert shorten(text, size_bytes(text) + more) == text


def test_a_cut_is_visible_and_uses_its_room() -> None:
    assert shorten("abcdefgh", 8) == "abcdefgh"
    assert shorten("abcdefghi", 8) == "abcde…"
    assert shorten("名名名名", 9) == "名名…"
    assert shorten("abc", 2) == ""
    assert shorten("ab\ud800cdefgh", 8) == "ab\ud800…"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://ci.example.com/p/128", "https://ci.example.com/p/128"),
        ("http://10.0.0.1:8080/a?b=c#d", "http://10.0.0.1:8080/a?b=c#d"),
        ("HTTPS://CI.example.com/", "HTTPS://CI.example.com/"),
        ("https://a.example/wiki/x_(y)", "https://a.example/wiki/x_%28y%29"),
        ("https://a.example/a b", "https://a.example/a%20b"),
        ("https://a.example/a%20b", "https://a.example/a%20b"),
        ("https://a.example/名", "https://a.example/%E5%90%8D"),
        ('https://a.example/">x', "https://a.example/%22%3Ex"),
        ("https://a.example/x](http://evil.example", "https://a.example/x%5D%28http://evil.example"),
        ("https://[2001:db8::1]/x", "https://[2001:db8::1]/x"),
        ("  https://a.example/  ", "https://a.example/"),
        ("https://bücher.example/b", "https://xn--bcher-kva.example/b"),
        (
            "http://ci.例え.example:8080/名?q=值#节",
            "http://ci.xn--r8jz45g.example:8080/%E5%90%8D?q=%E5%80%BC#%E8%8A%82",
        ),
        ("https://straße.example", "https://xn--strae-oqa.example"),
        ("https://BÜCHER。example/", "https://xn--bcher-kva.example/"),
        ("https://li@bücher.example/", "https://li@xn--bcher-kva.example/"),
        ("\u200b https://a.example/x", "https://a.example/x"),
        (" \ufeff \u202a https://a.example/x \u202c ", "https://a.example/x"),
    ],
)
def test_a_link_leads_where_it_did_and_cannot_end_early(url: str, target: str) -> None:
    assert link_target(url) == target


@pytest.mark.parametrize(
    "url",
    [
        *(None, "", "javascript:alert(1)", "ftp://a.example/x", "//a.example/x", "/p/128", "a.example/x", "https://"),
        *("https:///x", "data:text/html,x", "https://a.example:99999/", "https://[::1/", "https://a.example/\nx"),
        *("https://a.example\\@evil.example/", "mailto:a@b.example", "weixin://dl/chat"),
        *("https://a\u0301\u0300☃.\u0301/", "https://ü..example/", "https://" + "ü" * 80 + ".example/"),
        "https://bücher.example/\nx",
        "https://a.example/" + "x" * 10_000,
    ],
)
def test_anything_but_http_and_https_is_no_link(url: str | None) -> None:
    assert link_target(url) is None


@given(HOSTILE)
def test_no_hostile_host_is_anything_but_an_address_in_ascii(host: str) -> None:
    target = link_target(f"https://{host}/x")
    assert target is None or re.fullmatch(r"https://[!-'*-;=?-_a-~]+", target)


@given(HOSTILE.map(lambda tail: "https://a.example/" + tail))
def test_no_hostile_address_ends_its_link(url: str) -> None:
    target = link_target(url)
    if target is not None:
        assert re.fullmatch(r"https://a\.example/[!-~]*", target)
        assert not re.search(r"[()\[\]<>\"`\\ ]", target)
