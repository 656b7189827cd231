"""A message says for its preview where it was cut, and the numbers add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell.channels.wecom.about import ABOUT
from shipbell.channels.wecom.render import render
from shipbell.domain.messages import Field, Link, Message, Tone
from shipbell.domain.subscriptions import Format, Locale
from shipbell.domain.text import size_bytes


def message(*values: str, form: Format = Format.MARKDOWN, **more: object) -> Message:
    """A message of these values; the later, the sooner they are given up."""
    fields = tuple(
        Field(id=f"f{rank}", label=f"Label {rank}", value=value, rank=rank) for rank, value in enumerate(values)
    )
    facts: dict[str, object] = {"headline": "Pipeline failed", "link": Link(label="Open", url="https://x.example/1")}
    return Message(format=form, locale=Locale.EN, tone=Tone.BAD, fields=fields, **{**facts, **more})  # type: ignore[arg-type]


def test_what_fits_has_no_cuts() -> None:
    rendered = render(message("short", "shorter"))
    assert (rendered.cuts, rendered.gone, rendered.cut) == ((), (), False)


@pytest.mark.parametrize("form", list(Format))
def test_a_cut_line_is_named_with_the_bytes_that_are_missing(form: Format) -> None:
    value = "支付" * 2_000
    rendered = render(message("kept", value, "kept, too", form=form))
    [cut] = rendered.cuts
    line = rendered.content.split("\n")[cut.line]
    assert "Label 1" in line
    shown = line.partition(": ")[2].removesuffix("…")
    assert cut.lost_bytes == size_bytes(value) - size_bytes(shown)
    assert rendered.gone == ()


@pytest.mark.parametrize("form", list(Format))
def test_a_long_value_does_not_cost_a_short_one_its_words(form: Format) -> None:
    short = "a branch of ordinary length, /feature/JIRA-1234-refunds"
    rendered = render(message("x" * 9_000, short, short, form=form))
    assert rendered.content.count(f"{short}\n") == 2
    assert ABOUT.formats[form] - 4 <= rendered.content_bytes <= ABOUT.formats[form]
    several = render(message("x" * 9_000, "y" * 9_000, short, form=form))
    assert f"{short}\n" in several.content
    assert [one.line for one in several.cuts] == [1, 2]


def test_equally_long_values_are_cut_to_much_the_same_length() -> None:
    rendered = render(message(*["x" * 9_000] * 6))
    lengths = sorted(line.count("x") for line in rendered.content.split("\n")[1:-1])
    assert lengths[-1] <= 2 * lengths[0] + 10
    assert rendered.content_bytes == ABOUT.formats[Format.MARKDOWN]


VALUES = st.text(max_size=1_500) | st.sampled_from(["**", "<@a>", "名" * 900, "👩‍👩‍👧‍👦" * 90])


@given(st.lists(VALUES, max_size=8), st.sampled_from(Format))
def test_no_field_goes_while_a_value_is_longer_than_it_must_be(values: list[str], form: Format) -> None:
    rendered = render(message(*values, form=form))
    assert rendered.content_bytes == size_bytes(rendered.content) <= ABOUT.formats[form]
    assert rendered.gone == ()
    assert rendered.content.count("Label ") == len(values)


def test_fields_that_go_altogether_are_named_with_their_place() -> None:
    rendered = render(message(*(f"{number}" * 60 for number in range(100, 200)), user_ids=("a" * 900, "b" * 900)))
    assert rendered.gone
    assert set(rendered.gone) == {f"Label {number}" for number in range(100)} - {
        line.partition(": ")[0].removeprefix("> ") for line in rendered.content.split("\n")
    }
    assert rendered.content.split("\n")[rendered.gone_after].startswith("> Label")
    assert not rendered.content.split("\n")[rendered.gone_after + 1].startswith("> Label")


def test_a_long_headline_is_a_cut_of_the_first_line() -> None:
    headline = "x" * 1_000
    rendered = render(message("short", headline=headline))
    [cut] = rendered.cuts
    head = rendered.content.split("\n")[0]
    assert (cut.line, cut.lost_bytes) == (0, 1_000 - size_bytes(head.removesuffix("…")))


@pytest.mark.parametrize("form", list(Format))
def test_a_headline_that_is_cut_keeps_the_number_of_the_run(form: Format) -> None:
    room = ABOUT.formats[form] - 200
    url = "https://x.example/".ljust(room, "x")
    shown = message(
        "short", form=form, headline=f"❌ Pipeline failed: {'支付' * 60} #1284", link=Link(label="Open", url=url)
    )
    rendered = render(shown)
    head, *_, link = rendered.content.split("\n")
    assert head.startswith("❌ Pipeline failed: 支付支付")
    assert head.endswith("… #1284")
    assert url in link
    [cut] = [one for one in rendered.cuts if one.line == 0]
    assert cut.lost_bytes == size_bytes(shown.headline) - size_bytes(head) + size_bytes("…")


@pytest.mark.parametrize("form", list(Format))
def test_a_message_of_exactly_the_limit_is_whole_and_a_byte_more_is_cut(form: Format) -> None:
    room = ABOUT.formats[form] - render(message("", form=form)).content_bytes
    exact = render(message("x" * room, form=form))
    assert (exact.content_bytes, exact.cut) == (ABOUT.formats[form], False)
    over = render(message("x" * (room + 1), form=form))
    assert (over.content_bytes, over.cut, over.gone) == (ABOUT.formats[form], True, ())
