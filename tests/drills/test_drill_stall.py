"""The long version: three hundred stalled robots, fifty healthy ones, one that is deleted."""

from pathlib import Path

import pytest

from stalling import stalled

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]
EVENTS = 6


async def test_three_hundred_stalled_robots_delay_fifty_healthy_ones_by_less_than_a_second(tmp_path: Path) -> None:
    story = await stalled(tmp_path, stalling=300, healthy=50, events=EVENTS, pace={})
    assert story.missing == []
    assert story.worst_delay < 1
    assert story.lane_state == "closed"
    assert len(story.dead) == EVENTS // 2
    for ran in (story.why, story.shown):
        assert ran is not None
        assert "The robot was removed from its group" in ran.out
    assert story.after_the_fix == {f"run-{number}x" for number in range(EVENTS // 2, EVENTS)}
