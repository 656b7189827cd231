"""What a result means for deliveries and lanes: a table of results and pasts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from happenings import happening, waiting
from shipbell.domain.deliveries import Waiting
from shipbell.domain.results import Delivered, Gone, Refused, Rejected, Result, Throttled, Transient
from shipbell.domain.retry import (
    REJECTED_IN_A_ROW,
    Again,
    Buried,
    Close,
    Decision,
    GoOn,
    Onward,
    Past,
    Pause,
    Policy,
    Shown,
    Stop,
    decide,
    pause_for,
)

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
POLICY = Policy()
FRESH = Past()
LOST = Transient(code="cut-off", uncertain=True)
BUSY = Transient(code="-1")
BAD = Rejected(code="40058")


def one(number: int = 1, **facts: Any) -> Waiting:  # noqa: ANN401 - any of its facts
    return replace(waiting(happening(), id=number), **facts)


def decided(result: Result, *carried: Waiting, past: Past = FRESH, chance: float = 0.5) -> Decision:
    return decide(result, carried=carried, past=past, policy=POLICY, now=NOW, chance=chance)


RESULTS: list[tuple[Result, object, Onward]] = [
    (Delivered(), Shown(), GoOn()),
    (
        Throttled(code="45009", pause=65 * SECOND),
        Again(counted=False),
        Pause(until=NOW + 65 * SECOND, drained=True, failed=False),
    ),
    (
        Throttled(code="45033", pause=3 * SECOND, drained=False),
        Again(counted=False),
        Pause(until=NOW + 3 * SECOND, drained=False, failed=False),
    ),
    (BUSY, Again(counted=True), Pause(until=NOW + 5 * SECOND, drained=False, failed=True)),
    (LOST, Again(counted=True, uncertain=True), Pause(until=NOW + 5 * SECOND, drained=False, failed=True)),
    (BAD, Buried(), GoOn(rejected=(1,))),
    (Rejected(code="ok-with-warning", maybe=True), Buried(maybe=True), GoOn()),
    (Gone(code="93000"), Buried(), Close()),
    (Refused(code="http-404"), Buried(), Close()),
]


@pytest.mark.parametrize(("result", "fate", "onward"), RESULTS)
def test_each_result_has_its_meaning_for_a_message_alone(result: Result, fate: object, onward: Onward) -> None:
    assert decided(result, one()) == Decision(fates={1: fate}, onward=onward)  # type: ignore[dict-item]


@pytest.mark.parametrize(("result", "fate", "onward"), RESULTS)
def test_every_delivery_that_was_carried_gets_a_fate(result: Result, fate: object, onward: Onward) -> None:
    carried = [one(number) for number in range(1, 40)]
    assert set(decided(result, *carried).fates) == set(range(1, 40))


@pytest.mark.parametrize(("result", "fate", "onward"), RESULTS)
def test_a_companion_text_carries_no_delivery_and_decides_for_the_lane_alone(
    result: Result, fate: object, onward: Onward
) -> None:
    told = decided(result)
    assert told.fates == {}
    assert type(told.onward) is type(onward)


# --- transient ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 5), (1, 10), (2, 20), (3, 40), (4, 80), (5, 160), (6, 300), (7, 300), (1_000, 300)]
)
def test_pauses_double_from_five_seconds_to_five_minutes(failures: int, seconds: int) -> None:
    onward = decided(BUSY, one(), past=Past(failures=failures)).onward
    assert onward == Pause(until=NOW + seconds * SECOND, drained=False, failed=True)


@given(st.integers(1, 50), st.floats(0, 1, exclude_max=True))
def test_chance_spreads_a_pause_by_a_fifth_at_most(failures: int, chance: float) -> None:
    middle = pause_for(failures, POLICY, 0.5)
    assert middle * 0.8 - SECOND / 1_000 <= pause_for(failures, POLICY, chance) <= middle * 1.2 + SECOND / 1_000


def test_a_delivery_that_fails_for_more_than_a_minute_steps_aside_once() -> None:
    long_ago = NOW - 61 * SECOND
    fate = decided(BUSY, one(failing_since=long_ago)).fates[1]
    assert fate == Again(counted=True, aside=True)
    assert decided(BUSY, one(failing_since=NOW - 60 * SECOND)).fates[1] == Again(counted=True)
    assert decided(BUSY, one(failing_since=long_ago, stepped_aside=True)).fates[1] == Again(counted=True)


@pytest.mark.parametrize(
    ("uncertain", "answered_after", "buried"),
    [(0, True, False), (1, True, False), (2, True, True), (3, True, True), (2, False, False), (50, False, False)],
)
def test_a_lost_call_is_repeated_at_most_twice_while_the_robot_answers_others(
    uncertain: int,
    answered_after: bool,  # noqa: FBT001 - a column of the table
    buried: bool,  # noqa: FBT001 - a column of the table
) -> None:
    since = NOW - 30 * SECOND
    past = Past(answered_at=NOW - SECOND if answered_after else since - SECOND)
    fate = decided(LOST, one(uncertain=uncertain, uncertain_since=since), past=past).fates[1]
    waits = Again(counted=True, uncertain=True)
    assert fate == (Buried(maybe=True, cause="answers-lost") if buried else waits)


def test_a_call_that_was_lost_twice_lets_others_try_if_there_are_any() -> None:
    facts: dict[str, Any] = {"uncertain": 1, "uncertain_since": NOW - 9 * SECOND, "failing_since": NOW - 9 * SECOND}
    others = Past(failures=3, others=True)
    told = decided(LOST, one(**facts), past=others)
    assert told.fates[1] == Again(counted=True, uncertain=True, aside=True)
    assert told.onward == Pause(until=NOW + 5 * SECOND, drained=False, failed=True)
    assert decided(LOST, one(**facts)).fates[1] == Again(counted=True, uncertain=True)
    assert decided(LOST, one(), past=others).fates[1] == Again(counted=True, uncertain=True)
    assert decided(BUSY, one(**facts), past=others).fates[1] == Again(counted=True)


def test_when_a_delivery_steps_aside_the_next_is_tried_after_the_first_pause() -> None:
    told = decided(BUSY, one(failing_since=NOW - 61 * SECOND), past=Past(failures=6, others=True))
    assert told.onward == Pause(until=NOW + 5 * SECOND, drained=False, failed=True)


def test_one_that_stepped_aside_does_so_again_only_for_others_that_never_did() -> None:
    facts: dict[str, Any] = {"failing_since": NOW - 900 * SECOND, "stepped_aside": True}
    assert decided(BUSY, one(**facts), past=Past(failures=6, others=True)).fates[1] == Again(counted=True, aside=True)
    told = decided(BUSY, one(**facts), past=Past(failures=6))
    assert told.fates[1] == Again(counted=True)
    alone = Pause(until=NOW + 300 * SECOND, drained=False, failed=True, others_at=NOW + 5 * SECOND)
    assert told.onward == alone


@pytest.mark.parametrize(("result", "fate", "onward"), RESULTS)
def test_a_test_is_one_call_and_says_nothing_of_other_messages(result: Result, fate: object, onward: Onward) -> None:
    past = Past(failures=4, rejected=(11, 12, 13, 14))
    told = decided(result, one(test=True), past=past)
    maybe = result in (LOST, Rejected(code="ok-with-warning", maybe=True))
    assert told.fates == {1: Shown() if isinstance(result, Delivered) else Buried(maybe=maybe)}
    match result:
        case Delivered():
            assert told.onward == GoOn()
        case Throttled():
            assert told.onward == onward
        case Rejected():
            assert told.onward == GoOn(rejected=past.rejected)
        case _:
            assert told.onward == Pause(until=NOW + 5 * SECOND, drained=False, failed=False)


def test_a_robot_that_never_answered_keeps_a_lost_call_waiting() -> None:
    fate = decided(LOST, one(uncertain=9, uncertain_since=NOW - 3_600 * SECOND)).fates[1]
    assert isinstance(fate, Again)


def test_a_call_that_surely_did_not_arrive_is_repeated_for_as_long_as_it_may_wait() -> None:
    since = NOW - 3_600 * SECOND
    past = Past(answered_at=NOW - SECOND, failures=90)
    fate = decided(BUSY, one(failures=90, uncertain=2, uncertain_since=since), past=past).fates[1]
    assert fate == Again(counted=True)


# --- rejected -------------------------------------------------------------------------------------------------


def test_a_rejected_digest_is_taken_apart_before_anything_is_buried() -> None:
    told = decided(BAD, one(1), one(2), one(3))
    assert told.fates == dict.fromkeys((1, 2, 3), Again(counted=True, alone=True))
    assert told.onward == GoOn(rejected=(1,))


def test_one_event_for_two_subscriptions_is_one_message_and_buried_whole() -> None:
    told = decided(BAD, one(1, event_id=7), one(2, event_id=7))
    assert told.fates == {1: Buried(), 2: Buried()}


def test_the_fifth_message_rejected_in_a_row_stops_the_lane_and_keeps_what_waits() -> None:
    past = FRESH
    for number in range(1, REJECTED_IN_A_ROW):
        told = decided(BAD, one(number), past=past)
        assert told.fates == {number: Buried()}
        assert isinstance(told.onward, GoOn)
        past = Past(rejected=told.onward.rejected)
    told = decided(BAD, one(5), past=past)
    assert told == Decision(fates={5: Again(counted=True, alone=True)}, onward=Stop(rejected=(1, 2, 3, 4, 5)))


def test_the_same_message_rejected_again_counts_once() -> None:
    told = decided(BAD, one(4), past=Past(rejected=(1, 2, 3, 4)))
    assert told == Decision(fates={4: Buried()}, onward=GoOn(rejected=(1, 2, 3, 4)))


def test_an_answer_in_between_ends_the_row() -> None:
    assert decided(Delivered(), one(9), past=Past(rejected=(1, 2, 3, 4))).onward == GoOn()


def test_a_message_with_a_warning_is_never_sent_again_nor_counted_as_rejected() -> None:
    warned = Rejected(code="ok-with-warning", maybe=True)
    told = decided(warned, one(1), one(2), past=Past(rejected=(5, 6, 7, 8)))
    assert told == Decision(fates={1: Buried(maybe=True), 2: Buried(maybe=True)}, onward=GoOn())


# --- every result ---------------------------------------------------------------------------------------------

ANY_RESULT = st.sampled_from([result for result, _, _ in RESULTS])
ANY_PAST = st.builds(
    Past,
    failures=st.integers(0, 100),
    answered_at=st.none() | st.just(NOW - SECOND),
    rejected=st.lists(st.integers(100, 110), unique=True, max_size=4).map(tuple),
)
ANY_FACTS = st.fixed_dictionaries(
    {
        "alone": st.booleans(),
        "failures": st.integers(0, 9),
        "uncertain": st.integers(0, 4),
        "failing_since": st.none() | st.just(NOW - 90 * SECOND),
        "uncertain_since": st.none() | st.just(NOW - 90 * SECOND),
        "stepped_aside": st.booleans(),
    }
)


@given(ANY_RESULT, ANY_PAST, st.lists(ANY_FACTS, min_size=1, max_size=8), st.floats(0, 1, exclude_max=True))
def test_equal_facts_give_equal_decisions_and_no_delivery_is_forgotten(
    result: Result, past: Past, facts: list[dict[str, Any]], chance: float
) -> None:
    carried = tuple(one(number, **each) for number, each in enumerate(facts, 1))
    first, second = (decided(result, *carried, past=past, chance=chance) for _ in range(2))
    assert first == second
    assert set(first.fates) == {each.id for each in carried}
    shown = [fate for fate in first.fates.values() if isinstance(fate, Shown)]
    assert bool(shown) == isinstance(result, Delivered)
    if isinstance(first.onward, Pause):
        assert NOW < first.onward.until <= NOW + timedelta(minutes=6)


@given(ANY_PAST, ANY_FACTS)
def test_a_throttled_call_counts_as_no_attempt(past: Past, facts: dict[str, Any]) -> None:
    told = decided(Throttled(code="45009", pause=65 * SECOND), one(**facts), past=past)
    assert told.fates == {1: Again(counted=False, alone=bool(facts["alone"]))}
