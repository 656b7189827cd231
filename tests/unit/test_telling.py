"""Telling: moments of another day name the day."""

from datetime import UTC, datetime

import pytest

from shipbell.domain.subscriptions import Locale
from shipbell.web.console.project_words import Telling
from shipbell.web.console.words import Words

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "english", "chinese"),
    [
        (datetime(2026, 11, 24, 2, 4, 5, 67_000, UTC), "10:04:05.067", "10:04:05.067"),
        # Already the 24th where the reader is.
        (datetime(2026, 11, 23, 23, 4, 5, 0, UTC), "07:04:05.000", "07:04:05.000"),
        (datetime(2026, 11, 23, 3, 4, 5, 67_000, UTC), "23 Nov 2026, 11:04:05.067", "2026-11-23 11:04:05.067"),
        (datetime(2025, 11, 24, 3, 4, 5, 67_000, UTC), "24 Nov 2025, 11:04:05.067", "2025-11-24 11:04:05.067"),
    ],
)
def test_the_time_of_a_step_names_the_day_unless_it_is_today(time: datetime, english: str, chinese: str) -> None:
    for language, told in ((Locale.EN, english), (Locale.ZH_CN, chinese)):
        assert Telling(Words(language=language, zone="Asia/Shanghai"), NOW).precise(time) == told
