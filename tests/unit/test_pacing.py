"""The pace of a robot: never more than its rule in any window, whatever happens to time, calls and processes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipbell.domain.pacing import Pace, PaceRule, drained, ended, ready_at, room, started

T0 = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
MS = timedelta(milliseconds=1)
# Exactly 20 calls in 60 s were seen refused, so nobody may come near.
WINDOW = timedelta(seconds=60.5)
USUAL = PaceRule(per_minute=18, burst=6)
UNPACED = PaceRule(per_minute=0, burst=0)


@dataclass
class Lane:
    """A lane with a real time and a clock that may lie behind it."""

    rule: PaceRule
    pace: Pace = field(default_factory=Pace)
    real: datetime = T0
    behind: timedelta = timedelta(0)
    held_until: datetime = T0
    starts: list[datetime] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.real - self.behind

    def start(self) -> bool:
        """Start a call if the pace allows it."""
        space = room(self.pace, self.rule, self.now)
        if space == 0 or self.now < self.held_until:
            return False
        self.pace = started(self.pace, self.rule, self.now)
        self.starts.append(self.real)
        return True

    def wait(self) -> None:
        """Wait as long as the pace says."""
        self.real += max(timedelta(0), max(ready_at(self.pace, self.rule, self.now), self.held_until) - self.now)

    def throttled(self, pause: timedelta) -> None:
        self.held_until = self.now + pause
        self.pace = drained(self.pace, self.rule, self.held_until)

    def jump_back(self, by: timedelta) -> None:
        self.behind += by
        self.held_until = min(self.held_until, self.now + timedelta(seconds=65))


@st.composite
def rules(draw: st.DrawFn) -> PaceRule:
    per_minute = draw(st.integers(2, 40))
    return PaceRule(per_minute=per_minute, burst=draw(st.integers(1, per_minute - 1)))


STEPS = st.one_of(
    st.tuples(st.just("start"), st.integers(1, 8)),
    st.tuples(st.just("wait-and-start"), st.integers(1, 30)),
    st.tuples(st.just("pass"), st.integers(1, 90_000)),
    st.tuples(st.just("pause"), st.integers(1_000, 90_000)),
    st.tuples(st.just("throttled"), st.integers(3_000, 65_000)),
    st.tuples(st.just("jump-back"), st.integers(1, 200_000)),
    st.tuples(st.just("jump-ahead"), st.integers(1, 200_000)),
)


def take(lane: Lane, step: tuple[str, int]) -> None:
    name, amount = step
    match name:
        case "start":
            for _ in range(amount):
                lane.start()
        case "wait-and-start":
            for _ in range(amount):
                lane.wait()
                lane.start()
        case "pass" | "jump-ahead":
            # A clock that leaps ahead cannot be told from time that has passed.
            lane.real += amount * MS
        case "pause":
            lane.held_until = max(lane.held_until, lane.now + amount * MS)
        case "throttled":
            lane.throttled(amount * MS)
        case "jump-back":
            lane.jump_back(amount * MS)


def crowded(starts: list[datetime], rule: PaceRule) -> list[tuple[datetime, datetime]]:
    """Pairs of starts that are too near: one more than the rule's number within the window."""
    return [
        (first, last) for first, last in zip(starts, starts[rule.per_minute :], strict=False) if last - first < WINDOW
    ]


@given(rules(), st.lists(STEPS, max_size=40))
@settings(max_examples=300, deadline=None)
def test_no_robot_ever_gets_more_than_its_pace_in_any_window(rule: PaceRule, steps: list[tuple[str, int]]) -> None:
    lane = Lane(rule)
    for step in steps:
        take(lane, step)
    assert crowded(lane.starts, rule) == []


CALLS = st.tuples(st.integers(0, 20_000), st.integers(0, 10_000), st.floats(0, 1))


@given(rules(), st.lists(CALLS, min_size=20, max_size=60))
@settings(max_examples=200, deadline=None)
def test_a_robot_gets_its_pace_at_most_however_late_a_call_arrives(
    rule: PaceRule, calls: list[tuple[int, int, float]]
) -> None:
    """A call arrives somewhere between its start and its end; the next one starts after that."""
    lane, arrived = Lane(rule), []
    for idle, took, share in calls:
        lane.real += idle * MS
        lane.wait()
        assert lane.start()
        arrived.append(lane.real + share * took * MS)
        lane.real += took * MS
        lane.pace = ended(lane.pace, lane.now)
    assert crowded(arrived, rule) == []


@given(st.lists(STEPS, max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_sender_ever_passes_eighteen_in_any_minute(steps: list[tuple[str, int]]) -> None:
    lane = Lane(USUAL)
    for step in steps:
        take(lane, step)
    assert crowded(lane.starts, USUAL) == []


# A clock that goes back, or a bucket emptied as of a time to come, makes a lane ask once more.
CALM = STEPS.filter(lambda step: step[0] not in {"throttled", "pause", "jump-back"})


@given(rules(), st.lists(CALM, max_size=40))
@settings(max_examples=200, deadline=None)
def test_what_the_pace_promises_as_ready_has_room_and_nothing_earlier_has(
    rule: PaceRule, steps: list[tuple[str, int]]
) -> None:
    lane = Lane(rule)
    for step in steps:
        take(lane, step)
        at = ready_at(lane.pace, rule, lane.now)
        space = room(lane.pace, rule, lane.now)
        assert space is not None
        assert (space > 0) == (at == lane.now)
        assert (room(lane.pace, rule, at) or 0) >= 1
        if at > lane.now:
            assert room(lane.pace, rule, at - MS) == 0


@given(rules(), st.lists(STEPS, max_size=40))
@settings(max_examples=200, deadline=None)
def test_after_a_jump_back_a_robot_never_rests_longer_than_a_window_and_a_full_bucket(
    rule: PaceRule, steps: list[tuple[str, int]]
) -> None:
    lane = Lane(rule)
    for step in steps:
        take(lane, step)
        assert ready_at(lane.pace, rule, lane.now) - lane.now <= max(WINDOW, rule.gap * rule.burst)


@given(rules(), st.lists(STEPS, max_size=20))
@settings(max_examples=100, deadline=None)
def test_a_lane_remembers_no_more_starts_than_it_needs(rule: PaceRule, steps: list[tuple[str, int]]) -> None:
    lane = Lane(rule)
    for step in steps:
        take(lane, step)
        assert len(lane.pace.starts) <= rule.per_minute


def test_a_fresh_robot_takes_a_burst_of_six_and_then_one_every_three_and_a_third_seconds() -> None:
    lane = Lane(USUAL)
    while lane.start():
        pass
    assert len(lane.starts) == 6
    waits = []
    for _ in range(4):
        before = lane.real
        lane.wait()
        waits.append(lane.real - before)
        assert lane.start()
    assert waits == [timedelta(seconds=3.34)] * 4


def test_eighteen_starts_fill_a_window_and_the_nineteenth_waits_for_its_end() -> None:
    lane = Lane(USUAL)
    while len(lane.starts) < 19:
        lane.wait()
        assert lane.start()
    assert lane.starts[17] - lane.starts[0] < timedelta(seconds=42)
    assert lane.starts[18] - lane.starts[0] == WINDOW


def test_a_robot_that_is_behind_gets_no_second_burst() -> None:
    lane = Lane(USUAL)
    while lane.real < T0 + timedelta(minutes=5):
        lane.wait()
        assert lane.start()
    assert all(after - before >= timedelta(seconds=3.34) for before, after in pairwise(lane.starts[5:]))


def test_a_robot_that_rested_gets_its_burst_again() -> None:
    lane = Lane(USUAL)
    while len(lane.starts) < 18:
        lane.wait()
        assert lane.start()
    lane.real += WINDOW + 6 * timedelta(seconds=3.34)
    assert [lane.start() for _ in range(7)] == [True] * 6 + [False]


def test_a_busy_robot_gets_nearly_its_whole_pace() -> None:
    lane = Lane(USUAL)
    while lane.real < T0 + timedelta(minutes=10):
        lane.wait()
        assert lane.start()
    assert len(lane.starts) >= 175


def test_a_throttled_robot_resumes_with_an_empty_bucket() -> None:
    lane = Lane(USUAL)
    lane.throttled(timedelta(seconds=65))
    assert not lane.start()
    lane.wait()
    assert lane.real == T0 + timedelta(seconds=65)
    assert lane.start()
    assert not lane.start()
    lane.wait()
    assert lane.real == T0 + timedelta(seconds=65) + USUAL.gap


def test_an_idle_robot_has_its_burst_again_after_twenty_seconds() -> None:
    lane = Lane(USUAL)
    while lane.start():
        pass
    lane.real += USUAL.gap * 6
    assert room(lane.pace, USUAL, lane.now) == 6


def test_a_start_that_seems_to_lie_ahead_counts_as_now() -> None:
    pace = Pace((T0 + timedelta(hours=1),) * 18)
    assert room(pace, USUAL, T0) == 0
    assert ready_at(pace, USUAL, T0) == T0 + WINDOW


@pytest.mark.parametrize(
    ("per_minute", "gap_ms"), [(18, 3_340), (20, 3_000), (120, 500), (7, 8_580), (60, 1_000), (1, 60_000)]
)
def test_a_gap_is_a_minute_over_the_pace_rounded_up(per_minute: int, gap_ms: int) -> None:
    gap = PaceRule(per_minute=per_minute, burst=1).gap
    assert gap == gap_ms * MS
    assert gap * per_minute >= timedelta(minutes=1)


def test_an_unpaced_robot_is_always_ready_and_remembers_nothing() -> None:
    pace = Pace((T0,) * 50)
    assert room(pace, UNPACED, T0) is None
    assert ready_at(pace, UNPACED, T0) == T0
    assert started(pace, UNPACED, T0) == Pace()
    assert drained(Pace(), UNPACED, T0) == Pace()
