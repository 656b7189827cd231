"""Telling: moments of another day name the day, and a robot is quoted with its own words alone."""

from datetime import UTC, datetime

import pytest

from shipbell.cli.render_history import attempt_lines
from shipbell.domain.subscriptions import Locale
from shipbell.ports.history import AttemptLine
from shipbell.web.console.frame.project_words import Telling
from shipbell.web.console.frame.words import Words

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


@pytest.mark.parametrize(("status", "whose"), [(502, "robot's words: "), (None, "detail: ")])
def test_what_no_robot_said_is_not_told_as_its_words(status: int | None, whose: str) -> None:
    attempt = AttemptLine(
        id=1, started_at=NOW, ended_at=NOW, result="transient", code="name-not-found", detail="gaierror", status=status,
        maybe_delivered=False, companion=False, carried=1, body=None, line=None,
    )  # fmt: skip
    assert [line.strip() for line in attempt_lines(1, attempt, "wecom")][1:] == [f"{whose}gaierror"]
