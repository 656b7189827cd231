"""The long version: a robot that somebody else has used up rests for its block, then goes on."""

from pathlib import Path

import aiohttp
import pytest

from robots import event, sender, strict, times_shown, until
from server import serving

pytestmark = [pytest.mark.drill, pytest.mark.timeout(600)]
_NAME = r"ev-\d\d"


async def test_a_throttled_robot_pauses_alone_and_resumes_when_its_block_is_over(tmp_path: Path) -> None:
    async with strict(60.0) as robot, aiohttp.ClientSession() as http:
        body = {"msgtype": "text", "text": {"content": "somebody else's program"}}
        for _ in range(20):
            async with http.post(robot.url("shared"), json=body) as reply:
                assert reply.status == 200
        projects = {"one": {"shared": {"url": robot.url("shared")}}, "two": {"free": {"url": robot.url("free")}}}
        async with serving(tmp_path, projects) as server, sender(server.address) as post:
            for number in range(12):
                assert await post.post("one", event(f"ev-{number:02}")) == 202
                assert await post.post("two", event(f"ev-{number:02}")) == 202
            await until(lambda: len(times_shown(robot.messages("free"), _NAME)) == 12, 30, "the lane beside it")
            assert times_shown(robot.messages("shared"), _NAME) == {}
            await until(lambda: server.count("waiting") == 0, 100, "the lane's return")
            assert set(times_shown(robot.messages("shared"), _NAME).values()) == {1}
            assert len(times_shown(robot.messages("shared"), _NAME)) == 12
            assert robot.refused("shared") == 1
