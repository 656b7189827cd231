"""`kill -9` under load: nothing that was answered 202 is lost, and no pace is broken."""

import asyncio
from pathlib import Path

from killing import ROBOTS, killed
from robots import event, sender, strict, until
from server import serving


async def test_what_was_answered_202_is_shown_though_the_server_is_killed_under_load(tmp_path: Path) -> None:
    story = await killed(tmp_path, rounds=3, seconds=1.5)
    assert story.accepted
    assert story.lost() == set()
    assert story.too_often_shown() == {}
    assert story.refused == 0
    assert 0 < len(story.flights) <= 3 * ROBOTS
    assert story.interrupted_attempts == len(story.flights)


async def test_a_restart_gives_a_robot_no_second_burst(tmp_path: Path) -> None:
    """The usual pace here: six at once, then one each 3.34 s, however often the process dies."""
    async with strict(60.0) as robot:
        projects = {"one": {"group": {"url": robot.url("group")}}}
        async with serving(tmp_path, projects) as server, sender(server.address) as post:
            for life in range(3):
                for number in range(8):
                    assert await post.post("one", event(f"run-{life}-{number}")) == 202
                    await asyncio.sleep(0.05)
                server.kill()
                await server.start()
            # By then the burst is used up; on a busy machine fewer messages may carry everything.
            await until(lambda: len(robot.messages("group")) >= 6 or server.count("waiting") == 0, 60)
        at = [one.at_ms / 1_000 for one in robot.messages("group")]
        assert at
        # One more for what a busy machine holds up on its way.
        assert len(at) <= 6 + (at[-1] - at[0]) / 3.34 + 1
