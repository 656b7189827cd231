"""`kill -9` under load: nothing that was answered 202 is lost, and no pace is broken."""

from pathlib import Path

from killing import ROBOTS, killed


async def test_what_was_answered_202_is_shown_though_the_server_is_killed_under_load(tmp_path: Path) -> None:
    story = await killed(tmp_path, rounds=3, seconds=1.5)
    assert story.accepted
    assert story.lost() == set()
    assert story.too_often_shown() == {}
    assert story.refused == 0
    assert 0 < len(story.flights) <= 3 * ROBOTS
    assert story.interrupted_attempts == len(story.flights)
