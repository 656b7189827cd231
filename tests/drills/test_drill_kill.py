"""The long version: twenty-five kills under load, and a real minute's pace."""

from pathlib import Path

import pytest

from killing import ROBOTS, killed

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1_800)]


@pytest.mark.parametrize("seed", [1, 2])
async def test_twenty_five_kills_lose_nothing_and_break_no_pace(tmp_path: Path, seed: int) -> None:
    story = await killed(tmp_path, rounds=25, seconds=2.5, seed=seed)
    assert story.accepted
    assert story.lost() == set()
    assert story.too_often_shown() == {}
    assert story.refused == 0
    assert 0 < len(story.flights) <= 25 * ROBOTS
    assert story.interrupted_attempts == len(story.flights)
