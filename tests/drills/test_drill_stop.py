"""The promised time of a stop: asked by SIGTERM, a server with stalled calls in the air ends within fifteen seconds."""

from pathlib import Path

import pytest

from robots import event, sender, strict, until
from server import serving

pytestmark = [pytest.mark.drill, pytest.mark.timeout(300)]
ROBOTS = 50
STALLED = 30.0


async def test_a_server_whose_robots_all_stall_ends_within_fifteen_seconds(tmp_path: Path) -> None:
    async with strict(latency_s=STALLED) as robot:
        projects = {f"p{number}": {"group": {"url": robot.url(f"slow-{number}")}} for number in range(ROBOTS)}
        async with serving(tmp_path, projects, {}) as server, sender(server.address) as post:
            for number in range(ROBOTS):
                assert await post.post(f"p{number}", event("ev-00")) == 202
            await until(lambda: all(robot.groups.of(f"slow-{number}").calls for number in range(ROBOTS)), 60)
            code, seconds = await server.stop()
            assert code == 0
            assert seconds < 15
            assert server.rows("SELECT count(*) FROM lanes WHERE flight IS NOT NULL")[0][0] == 0
