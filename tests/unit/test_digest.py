"""A digest tells many events at once: failures first, nothing lost, each told once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from happenings import happening, waiting
from shipbell.domain.deliveries import Waiting
from shipbell.domain.digest import Fold, digest
from shipbell.domain.events import Gate
from shipbell.domain.messages import Message, Tone
from shipbell.domain.subscriptions import Format, Locale

NAMES = st.sampled_from(["api", "web", "core", "mobile", "docs"])
TYPES = st.sampled_from(
    [
        "pipeline.run.failed",
        "pipeline.run.completed",
        "pipeline.run.paused",
        "check.task.completed",
        "pipeline.run.ignored",
    ]
)


@st.composite
def lanes(draw: st.DrawFn) -> list[Waiting]:
    """Deliveries of one rendering, some of them for the same event."""
    events = draw(st.lists(st.tuples(TYPES, NAMES, st.integers(1, 99)), min_size=1, max_size=20))
    repeats = draw(st.lists(st.integers(0, len(events) - 1), max_size=10))
    order = [*range(len(events)), *repeats]
    return [
        waiting(happening(events[at][0], name=events[at][1], number=str(events[at][2])), id=place, event_id=at)
        for place, at in enumerate(order)
    ]


def told(message: Message) -> list[int]:
    """Every delivery id that a line speaks for."""
    return [one for section in message.sections for line in section.lines for one in line.delivery_ids]


def some(*kinds: str) -> list[Waiting]:
    """One delivery of each event type, each of a subject of its own."""
    return [
        waiting(happening(kind, name=f"s{at}", number=str(at), url=f"https://ci.example.com/{at}"), id=at)
        for at, kind in enumerate(kinds)
    ]


@given(lanes(), st.sampled_from(Fold))
def test_every_delivery_is_in_exactly_one_line(deliveries: list[Waiting], fold: Fold) -> None:
    message = digest(deliveries, fold)
    assert sorted(told(message)) == sorted(one.id for one in deliveries)


@given(lanes(), st.sampled_from(Fold))
def test_the_counts_of_a_digest_add_up_to_its_events(deliveries: list[Waiting], fold: Fold) -> None:
    message = digest(deliveries, fold)
    lines = [line for section in message.sections for line in section.lines]
    assert sum(line.count for line in lines) == len({one.event_id for one in deliveries})
    assert all(f"×{line.count}" in line.text for line in lines if line.count > 1)


@given(lanes(), st.sampled_from(Fold))
def test_failures_stand_before_all_else(deliveries: list[Waiting], fold: Fold) -> None:
    order = [Tone.BAD, Tone.WARN, Tone.GOOD, Tone.NEUTRAL]
    tones = [order.index(section.tone) for section in digest(deliveries, fold).sections]
    assert tones == sorted(tones)


@given(lanes())
def test_lines_of_one_heading_keep_the_order_of_acceptance(deliveries: list[Waiting]) -> None:
    for section in digest(deliveries, Fold.LINES).sections:
        firsts = [line.delivery_ids[0] for line in section.lines]
        assert firsts == sorted(firsts)


def test_each_result_has_one_heading_with_its_lines_and_links() -> None:
    message = digest(some("pipeline.run.completed", "pipeline.run.failed", "pipeline.run.failed"), Fold.LINES)
    assert [(one.heading, [(line.text, line.url) for line in one.lines]) for one in message.sections] == [
        (
            "❌ Pipeline failed (2)",
            [("s1 #1", "https://ci.example.com/1"), ("s2 #2", "https://ci.example.com/2")],
        ),
        ("✅ Pipeline completed (1)", [("s0 #0", "https://ci.example.com/0")]),
    ]


def test_a_check_stands_under_the_heading_of_its_gate() -> None:
    deliveries = [
        waiting(happening("check.task.completed", name="a", gate=Gate.PASSED), id=1),
        waiting(happening("check.task.completed", name="b", gate=Gate.FAILED), id=2),
    ]
    assert [one.heading for one in digest(deliveries, Fold.LINES).sections] == [
        "❌ Check completed, gate failed (1)",
        "✅ Check completed, gate passed (1)",
    ]


def test_one_event_through_two_subscriptions_is_one_line_that_settles_both() -> None:
    event = happening()
    deliveries = [waiting(event, id=1, event_id=7), waiting(event, id=2, event_id=7)]
    message = digest(deliveries, Fold.LINES)
    assert [line.delivery_ids for line in message.sections[0].lines] == [(1, 2)]
    assert message.sections[0].heading.endswith("(1)")


def test_folded_lines_carry_their_count_and_the_last_link() -> None:
    deliveries = [
        waiting(happening(name="api", number=str(run), url=f"https://ci.example.com/{run}"), id=run)
        for run in (1, 2, 3)
    ]
    (line,) = digest(deliveries, Fold.SUBJECT_AND_TYPE).sections[0].lines
    assert (line.text, line.url, line.count) == ("api ×3, last #3", "https://ci.example.com/3", 3)
    chinese = [replace(one, rendering=replace(one.rendering, locale=Locale.ZH_CN)) for one in deliveries]
    assert digest(chinese, Fold.SUBJECT_AND_TYPE).sections[0].lines[0].text == "api ×3，最近 #3"


def test_a_long_number_takes_no_more_room_in_a_folded_line_than_elsewhere() -> None:
    deliveries = [waiting(happening(name="api", number="#" + "9" * 3_000), id=run) for run in (1, 2)]
    (line,) = digest(deliveries, Fold.SUBJECT_AND_TYPE).sections[0].lines
    assert line.text == f"api ×2, last #{'9' * 37}…"


def test_long_names_that_begin_alike_are_counted_apart() -> None:
    long = "the-payments-service-of-the-whole-company-"
    deliveries = [waiting(happening(name=long + end), id=at) for at, end in enumerate("abcde")]
    cut = "the-payments-service-of-the-whole-com…"
    assert digest(deliveries, Fold.LINES).headline == f"❌ 5 failed: {cut}, {cut}, {cut} and 2 more"


def test_the_heading_of_paused_pipelines_has_their_sign() -> None:
    message = digest(some("pipeline.run.paused", "pipeline.run.suspended"), Fold.LINES)
    assert [one.heading for one in message.sections] == ["⏸️ Pipeline paused (1)", "⚠️ Pipeline suspended (1)"]


def test_counts_per_subject_join_all_results_of_a_subject_under_its_worst() -> None:
    deliveries = [
        waiting(happening("pipeline.run.completed", name="api", number="1"), id=1),
        waiting(happening("pipeline.run.completed", name="web", number="1"), id=2),
        waiting(happening("pipeline.run.failed", name="api", number="2"), id=3),
    ]
    message = digest(deliveries, Fold.SUBJECT)
    assert [[line.text for line in one.lines] for one in message.sections] == [
        ["api ×2 (1 failed, 1 succeeded)"],
        ["web ×1 (1 succeeded)"],
    ]


def test_the_headline_of_a_digest_counts_and_names_the_worst_first() -> None:
    kinds = ["pipeline.run.completed"] * 4 + ["pipeline.run.failed"]
    message = digest(some(*kinds), Fold.LINES)
    assert message.headline == "❌ 1 failed, ✅ 4 succeeded: s4, s0, s1 and 2 more"
    assert message.tone is Tone.BAD
    chinese = [replace(one, rendering=replace(one.rendering, locale=Locale.ZH_CN)) for one in some(*kinds)]
    assert digest(chinese, Fold.LINES).headline == "❌ 1 条失败，✅ 4 条成功：s4、s0、s1 等 5 项"


@pytest.mark.parametrize("fold", Fold)
def test_the_mentions_of_all_are_united_in_order(fold: Fold) -> None:
    deliveries = [
        replace(one, user_ids=ids)
        for one, ids in zip(some(*["pipeline.run.failed"] * 3), [("a", "b"), ("c",), ("b", "@all")], strict=True)
    ]
    assert digest(deliveries, fold).user_ids == ("a", "b", "c", "@all")


def test_a_digest_keeps_format_and_language() -> None:
    deliveries = [
        replace(one, rendering=replace(one.rendering, format=Format.TEXT, locale=Locale.ZH_CN))
        for one in some("pipeline.run.failed", "pipeline.run.paused")
    ]
    message = digest(deliveries, Fold.LINES)
    assert (message.format, message.locale) == (Format.TEXT, Locale.ZH_CN)
    assert message.fields == ()
    assert message.link is None
