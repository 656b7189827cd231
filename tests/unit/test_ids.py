"""Ids: they sort by time, read back, and never repeat."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell.domain.ids import Prefix, decode, encode, first_at, made_at
from shipbell.storage.database.ids import TimeOrderedIds

T0 = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
NUMBERS = st.integers(0, 2**63 - 1)
PREFIXES = st.sampled_from(list(Prefix))


@dataclass
class Time:
    at: datetime = T0

    def now(self) -> datetime:
        return self.at

    def steady(self) -> float:
        return self.at.timestamp()

    def chance(self) -> float:
        return 0.5


@given(PREFIXES, NUMBERS)
def test_an_id_reads_back_as_its_number(prefix: Prefix, number: int) -> None:
    text = encode(prefix, number)
    assert text.startswith(f"{prefix.value}_")
    assert decode(prefix, text) == number


@given(NUMBERS, NUMBERS)
def test_ids_of_a_kind_sort_as_their_numbers_do(one: int, other: int) -> None:
    assert (encode(Prefix.EVENT, one) < encode(Prefix.EVENT, other)) == (one < other)


@given(PREFIXES, PREFIXES, NUMBERS)
def test_an_id_of_another_kind_is_none_of_this_kind(prefix: Prefix, other: Prefix, number: int) -> None:
    assert (decode(other, encode(prefix, number)) is None) == (other is not prefix)


@pytest.mark.parametrize(
    "text",
    [
        "", "evt", "evt_", "evt_123", "evt_00000000000000", "evt_000000000000i", "evt_000000000000O",
        "dlv_0000000000001", "evt_zzzzzzzzzzzzz", "EVT_0000000000001", "evt_000000000000A", "evt_00000 0000001",
        "run-128",
    ],
)  # fmt: skip
def test_what_is_no_id_is_told_apart(text: str) -> None:
    assert decode(Prefix.EVENT, text) is None


@given(st.text(max_size=30))
def test_any_text_may_be_asked_for(text: str) -> None:
    number = decode(Prefix.EVENT, text)
    assert number is None or encode(Prefix.EVENT, number) == text


@given(st.datetimes(datetime(2026, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_an_id_tells_when_it_was_made(time: datetime) -> None:
    assert timedelta(0) <= time - made_at(first_at(time)) < timedelta(milliseconds=1)


def test_numbers_of_one_process_grow_and_never_repeat_even_when_the_clock_goes_back() -> None:
    time = Time()
    ids = TimeOrderedIds(time)
    made = [ids.next() for _ in range(10_000)]
    time.at -= timedelta(hours=1)
    made += [ids.next() for _ in range(10_000)]
    time.at += timedelta(hours=2)
    made += [ids.next() for _ in range(10)]
    assert made == sorted(set(made))
    assert made[-1] < 2**63
    assert made_at(made[-1]) == time.at


def test_retention_goes_by_the_time_in_an_id() -> None:
    time = Time()
    ids = TimeOrderedIds(time)
    before = ids.next()
    time.at += timedelta(milliseconds=1)
    after = ids.next()
    assert before < first_at(time.at) <= after
