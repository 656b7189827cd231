"""Times and spans read as the language wants them, in the zone of the project."""

from datetime import UTC, datetime, timedelta

import pytest

from shipbell.domain.subscriptions import Locale
from shipbell.domain.times import in_words, took


def test_a_time_is_told_in_the_zone_and_the_language() -> None:
    time = datetime(2026, 11, 24, 2, 7, tzinfo=UTC)
    assert in_words(time, "Asia/Singapore", Locale.EN) == "24 Nov 2026, 10:07"
    assert in_words(time, "Asia/Singapore", Locale.ZH_CN) == "2026-11-24 10:07"
    assert in_words(time, "America/New_York", Locale.EN) == "23 Nov 2026, 21:07"


def test_summer_time_is_that_of_the_zone_at_that_moment() -> None:
    assert in_words(datetime(2026, 7, 1, 12, tzinfo=UTC), "Europe/Berlin", Locale.ZH_CN) == "2026-07-01 14:00"
    assert in_words(datetime(2026, 12, 1, 12, tzinfo=UTC), "Europe/Berlin", Locale.ZH_CN) == "2026-12-01 13:00"


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0, "0 s", "0 秒"),
        (0.9, "0 s", "0 秒"),
        (59, "59 s", "59 秒"),
        (60, "1 min", "1 分"),
        (232, "3 min 52 s", "3 分 52 秒"),
        (3_600, "1 h", "1 小时"),
        (3_661, "1 h 1 min", "1 小时 1 分"),
        (90_061, "1 d 1 h", "1 天 1 小时"),
        (-5, "0 s", "0 秒"),
    ],
)
def test_a_span_is_told_by_its_two_largest_units(seconds: float, english: str, chinese: str) -> None:
    assert took(timedelta(seconds=seconds), Locale.EN) == english
    assert took(timedelta(seconds=seconds), Locale.ZH_CN) == chinese
