"""How many calls a second a source may make."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell.domain.errors import TooOften
from shipbell.web.limits import SourceLimit

START = datetime(2026, 11, 24, 3, 5, tzinfo=UTC)


def admitted(limit: SourceLimit, source: str, seconds: float) -> bool:
    try:
        limit.check(source, START + timedelta(seconds=seconds))
    except TooOften:
        return False
    return True


def test_zero_means_no_limit() -> None:
    limit = SourceLimit(0)
    assert all(admitted(limit, "a", 0) for _ in range(10_000))


def test_a_burst_of_two_seconds_goes_and_then_the_pace() -> None:
    limit = SourceLimit(5)
    assert [admitted(limit, "a", 0) for _ in range(12)] == [True] * 10 + [False] * 2
    assert [admitted(limit, "a", 1) for _ in range(6)] == [True] * 5 + [False]


def test_a_source_over_its_limit_holds_up_no_other() -> None:
    limit = SourceLimit(1)
    assert [admitted(limit, "a", 0) for _ in range(3)] == [True, True, False]
    assert admitted(limit, "b", 0)


def test_the_seconds_to_wait_are_enough() -> None:
    limit = SourceLimit(0.25)
    assert admitted(limit, "a", 0)
    with pytest.raises(TooOften) as refusal:
        limit.check("a", START)
    assert refusal.value.retry_after == 4
    assert admitted(limit, "a", refusal.value.retry_after)


def test_a_long_silence_saves_up_no_more_than_the_burst() -> None:
    limit = SourceLimit(1)
    assert admitted(limit, "a", 0)
    assert [admitted(limit, "a", 3_600) for _ in range(4)] == [True, True, False, False]


def test_a_clock_that_is_set_back_shuts_no_source_out() -> None:
    limit = SourceLimit(1)
    assert admitted(limit, "a", 3_600)
    assert [admitted(limit, "a", seconds) for seconds in (0, 0, 1)] == [True, False, True]


def test_refused_calls_cost_nothing() -> None:
    limit = SourceLimit(1)
    for _ in range(100):
        admitted(limit, "a", 0)
    assert admitted(limit, "a", 1)


@given(st.floats(0.1, 50), st.lists(st.floats(0, 2), max_size=200))
def test_no_source_ever_passes_its_burst_and_pace(per_second: float, gaps: list[float]) -> None:
    limit = SourceLimit(per_second)
    at, count = 0.0, 0
    for gap in gaps:
        at += gap
        count += admitted(limit, "a", at)
    assert count <= max(1.0, per_second * 2) + at * per_second + 0.01
