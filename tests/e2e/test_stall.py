"""Robots that stall and one that is deleted delay nobody else; what was for the deleted one is kept."""

from pathlib import Path

from stalling import Story, stalled

EVENTS = 4


def told_in_words(story: Story) -> None:
    """The deleted robot is closed, its deliveries are kept, and both commands say why."""
    assert story.lane_state == "closed"
    assert len(story.dead) == EVENTS // 2
    assert story.why is not None
    assert story.shown is not None
    for ran in (story.why, story.shown):
        assert ran.code == 0, ran.err
        assert "The robot was removed from its group" in ran.out
        assert "paste its new URL, then replay" in ran.out


async def test_sixty_stalled_robots_and_a_deleted_one_hold_up_none_of_ten_healthy_ones(
    tmp_path: Path,
) -> None:
    story = await stalled(tmp_path, stalling=60, healthy=10, events=EVENTS, pace={})
    assert story.missing == []
    # A stalled call takes ten seconds; the drill asks for less than one, on a machine that has nothing else to do.
    assert story.worst_delay < 5
    told_in_words(story)
    assert story.replayed is not None
    assert story.replayed.code == 0, story.replayed.err
    assert story.after_the_fix == {f"run-{number}x" for number in range(EVENTS // 2, EVENTS)}
