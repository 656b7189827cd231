"""What a lane's next call carries: its oldest message, or a digest of as many as fit."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from happenings import WECOM, happening, head, waiting
from shipbell.channels.wecom.channel import WecomChannel
from shipbell.domain.compose import compose
from shipbell.domain.deliveries import Companion, Handout, Waiting
from shipbell.domain.messages import Message
from shipbell.domain.subscriptions import Format, Locale
from shipbell.ports.channel import Rendered
from shipbell.usecases.next_call import Pick

PICK = Pick({"wecom": WECOM})


def queue(
    count: int, *, form: Format = Format.MARKDOWN, subjects: int = 10**9, user_ids: tuple[str, ...] = ()
) -> list[Waiting]:
    """Waiting failures in order, `subjects` different ones in turn."""
    return [
        waiting(
            happening(name=f"job-{at % subjects}", number=str(at), url=f"https://ci.example.com/{at}"),
            id=at,
            form=form,
            user_ids=user_ids,
        )
        for at in range(1, count + 1)
    ]


def ids(handout: Handout) -> list[int]:
    """The deliveries that a call carries."""
    return [one.id for one in handout.carried]


def content(handout: Handout) -> str:
    """What the group reads."""
    return str(json.loads(handout.body)[handout.msgtype]["content"])


def drained(deliveries: Sequence[Waiting], *, room: int = 1) -> list[Handout]:
    """Every call until the lane is empty, when `room` may start at a time."""
    left, calls = list(deliveries), []
    while left:
        calls.append(PICK(head(*left, room=room)))
        gone = {one.id for one in calls[-1].carried}
        left = [one for one in left if one.id not in gone]
    return calls


def test_a_message_that_may_start_now_goes_alone() -> None:
    deliveries = queue(6)
    handout = PICK(head(*deliveries, room=6))
    assert ids(handout) == [1]
    assert handout.body == WECOM.render(compose(deliveries[:1])).body
    assert handout.lines == {}


def test_more_than_may_start_now_become_a_digest() -> None:
    handout = PICK(head(*queue(7), room=6))
    assert ids(handout) == [1, 2, 3, 4, 5, 6, 7]
    assert content(handout).startswith("❌ 7 failed: job-1, job-2, job-3 and 4 more\n")


def test_a_backlog_behind_the_look_ahead_counts_as_more() -> None:
    assert len(PICK(head(*queue(5), room=6, backlog=900)).carried) == 5


def test_an_unpaced_lane_sends_one_message_per_event() -> None:
    assert ids(PICK(head(*queue(500), room=None))) == [1]


def test_one_event_through_two_subscriptions_is_one_message_that_settles_both() -> None:
    event = happening()
    twice = [
        waiting(event, id=1, event_id=7, user_ids=("a",)),
        waiting(happening(name="other"), id=2),
        waiting(event, id=3, event_id=7, user_ids=("b",)),
    ]
    handout = PICK(head(*twice, room=2))
    assert ids(handout) == [1, 3]
    assert content(handout).endswith("<@a> <@b>")


def test_one_event_in_two_languages_is_two_messages() -> None:
    event = happening()
    both = [waiting(event, id=1, event_id=7), waiting(event, id=2, event_id=7, locale=Locale.ZH_CN)]
    assert ids(PICK(head(*both, room=2))) == [1]
    assert ids(PICK(head(*both, room=1))) == [1]


def test_a_digest_carries_only_the_rendering_of_its_oldest_and_passes_over_the_others() -> None:
    deliveries = queue(9)
    deliveries = [
        replace(one, rendering=replace(one.rendering, format=Format.TEXT, zone="UTC")) if one.id % 2 else one
        for one in deliveries
    ]
    assert [ids(one) for one in drained(deliveries)] == [[1, 3, 5, 7, 9], [2, 4, 6, 8]]


@pytest.mark.parametrize(("test", "alone"), [(True, False), (False, True)])
def test_tests_and_those_that_must_go_alone_do(*, test: bool, alone: bool) -> None:
    deliveries = queue(9)
    first = [replace(deliveries[0], test=test, alone=alone), *deliveries[1:]]
    assert ids(PICK(head(*first))) == [1]
    middle = [*deliveries[:4], replace(deliveries[4], test=test, alone=alone), *deliveries[5:]]
    assert ids(PICK(head(*middle))) == [1, 2, 3, 4, 6, 7, 8, 9]


def test_a_call_whose_answer_got_lost_draws_no_others_with_it() -> None:
    deliveries = [replace(one, uncertain=1) if one.id <= 2 else one for one in queue(6)]
    assert [ids(one) for one in drained(deliveries)] == [[1, 2], [3, 4, 5, 6]]


@pytest.mark.parametrize("form", Format)
def test_every_carried_delivery_has_its_line_in_what_the_group_reads(form: Format) -> None:
    handout = PICK(head(*queue(60, form=form)))
    assert set(handout.lines) == set(ids(handout))
    for delivery_id, line in handout.lines.items():
        heading, _, text = line.partition(" · ")
        assert text == f"job-{delivery_id} #{delivery_id}"
        assert heading in content(handout)
        assert text in content(handout)
        assert f"https://ci.example.com/{delivery_id}" in content(handout)


@pytest.mark.parametrize(("form", "limit"), [(Format.MARKDOWN, 4_096), (Format.TEXT, 2_048)])
def test_a_digest_takes_as_many_as_fit_and_no_more(form: Format, limit: int) -> None:
    handout = PICK(head(*queue(200, form=form)))
    size = len(content(handout).encode())
    assert limit - 100 < size <= limit


@pytest.mark.parametrize(("form", "least"), [(Format.MARKDOWN, 50), (Format.TEXT, 30)])
def test_short_names_and_links_stand_close(form: Format, least: int) -> None:
    deliveries = [
        waiting(
            happening(name=f"name-{at:07d}", number=str(at), url=f"https://ci.example.com/{at:017d}"), id=at, form=form
        )
        for at in range(1, 101)
    ]
    assert len(PICK(head(*deliveries)).carried) >= least


def test_a_digest_closes_before_its_mentions_overflow() -> None:
    deliveries = [
        replace(one, user_ids=tuple(f"member-{one.id:02d}-{at:02d}" for at in range(40))) for one in queue(10)
    ]
    calls = drained(deliveries)
    assert 1 < len(calls) < 10
    for call in calls:
        text = content(call)
        assert len(text.encode()) <= 4_096
        for one in call.carried:
            assert all(f"<@{member}>" in text for member in one.user_ids)


def test_one_event_with_more_mentions_than_fit_takes_several_messages() -> None:
    event = happening()
    deliveries = [
        waiting(event, id=at, event_id=1, user_ids=tuple(f"member-{at:02d}-{each:02d}" for each in range(60)))
        for at in range(1, 9)
    ]
    calls = drained(deliveries, room=18)
    assert 1 < len(calls) < 8
    for call in calls:
        assert all(f"<@{member}>" in content(call) for one in call.carried for member in one.user_ids)


def test_a_backlog_of_more_than_a_dozen_calls_folds_one_subject_and_type() -> None:
    deliveries = queue(1_000, subjects=7)
    lines = content(PICK(head(*deliveries[:60], backlog=60))).split("\n")
    assert not any("×" in line for line in lines)
    handout = PICK(head(*deliveries, backlog=2_000))
    assert len(handout.carried) == 1_000
    assert "[job-1 ×143, last #995](https://ci.example.com/995)" in content(handout)


def test_a_backlog_of_more_than_five_minutes_is_counted_per_subject() -> None:
    handout = PICK(head(*queue(1_000, subjects=7), backlog=100_000))
    assert len(handout.carried) == 1_000
    assert "[job-1 ×143 (143 failed)]" in content(handout)


def test_folding_that_saves_nothing_is_left_alone() -> None:
    handout = PICK(head(*queue(1_000)))
    assert "×" not in content(handout)


@pytest.mark.parametrize(("count", "form", "most"), [(1_000, Format.MARKDOWN, 12), (1_000, Format.TEXT, 22)])
def test_a_thousand_different_events_are_told_in_few_calls(count: int, form: Format, most: int) -> None:
    calls = drained(queue(count, form=form))
    assert len(calls) <= most
    assert Counter(one.id for call in calls for one in call.carried) == Counter(range(1, count + 1))


def test_a_last_single_one_is_a_normal_message() -> None:
    deliveries = queue(2)
    huge = [replace(one, user_ids=tuple(f"m-{one.id}-{at:03d}" for at in range(250))) for one in deliveries]
    handout = PICK(head(*huge))
    assert ids(handout) == [1]
    assert handout.lines == {}
    assert content(handout).startswith("❌ Pipeline failed: job-1 #1\n")


def test_all_in_markdown_asks_for_a_companion_and_in_text_does_not() -> None:
    for deliveries in (queue(1, user_ids=("@all",)), queue(9, user_ids=("zhang.san", "@all"))):
        handout = PICK(head(*deliveries))
        assert handout.companion is not None
        assert handout.companion.user_ids == ("@all",)
        assert content(handout).startswith(handout.companion.headline)
    assert PICK(head(*queue(9, form=Format.TEXT, user_ids=("@all",)))).companion is None
    assert PICK(head(*queue(9, user_ids=("zhang.san",)))).companion is None


def test_the_companion_becomes_a_text_that_alerts() -> None:
    msgtype, body = PICK.alert("wecom", Companion(headline="❌ 2 failed: a, b", locale=Locale.EN, user_ids=("@all",)))
    assert msgtype == "text"
    assert json.loads(body) == {
        "msgtype": "text",
        "text": {"content": "For all: ❌ 2 failed: a, b", "mentioned_list": ["@all"]},
    }


KINDS = st.sampled_from(["pipeline.run.failed", "pipeline.run.completed", "deploy.application.stopped"])


@st.composite
def lanes(draw: st.DrawFn) -> list[Waiting]:
    """Lanes of every sort: some tests, some that go alone, several renderings, events that come twice."""
    count = draw(st.integers(1, 40))
    return [
        waiting(
            happening(draw(KINDS), name=draw(st.sampled_from(["api", "名" * 60, "web" * 30])), number=str(at)),
            id=at,
            event_id=draw(st.integers(max(1, at - 1), at)) if at % 5 == 0 else at,
            form=draw(st.sampled_from(Format)),
            locale=draw(st.sampled_from(Locale)),
            user_ids=draw(st.sampled_from([(), ("a",), ("@all", "b"), tuple(f"member-{at}-{x}" for x in range(70))])),
            alone=draw(st.sampled_from([False, False, False, True])),
            uncertain=draw(st.sampled_from([0, 0, 0, 1])),
        )
        for at in range(1, count + 1)
    ]


@given(lanes(), st.integers(1, 18), st.integers(0, 3_000))
def test_whatever_waits_the_oldest_goes_and_each_goes_once(deliveries: list[Waiting], room: int, more: int) -> None:
    left = list(deliveries)
    while left:
        handout = PICK(head(*left, room=room, backlog=len(left) + more))
        carried = ids(handout)
        assert carried[0] == left[0].id
        # Folded lines bring later deliveries of their subject forward, so order is that of the lines.
        assert len(carried) == len(set(carried))
        assert {one.rendering for one in handout.carried} == {left[0].rendering}
        assert not handout.lines or set(handout.lines) == set(carried)
        assert len(content(handout).encode()) <= (4_096 if handout.msgtype == "markdown" else 2_048)
        left = [one for one in left if one.id not in carried]


@dataclass
class Counting(WecomChannel):
    """The WeCom channel, counting how often it is asked to render."""

    rendered: list[int] = field(default_factory=list)

    def render(self, message: Message) -> Rendered:
        """Count and render."""
        self.rendered.append(1)
        return super().render(message)


@pytest.mark.parametrize("backlog", [1_000, 100_000])
def test_finding_how_many_fit_takes_few_renderings(backlog: int) -> None:
    channel = Counting()
    Pick({"wecom": channel})(head(*queue(1_000), backlog=backlog))
    assert len(channel.rendered) <= 3 * (1_000).bit_length() + 8
