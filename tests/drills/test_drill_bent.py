"""A commit that hangs for longer than a lease, a clock that jumps there and back, a robot silent for ten minutes."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from robots import SHORT, event, sender, set_faults, strict, times_shown, until
from server import Server

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1_500)]
_NAME = r"run-\d+x"
_LEFT = "SELECT state, cause, failures, uncertain, maybe_delivered FROM deliveries WHERE state != 'delivered'"
HUNG_SECONDS = 36
ROBOTS = 60
HOUR = 3_600
SILENT_SECONDS = 600
Projects = dict[str, dict[str, dict[str, object]]]


@dataclass(slots=True, kw_only=True)
class BentServer(Server):
    """A server whose clock and commits the drill bends."""

    def _launched(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("bent_serve.py")), "serve", "--port", str(self.port)],
                env={**self.environ, "BENT": str(self.folder)},
                stdout=log,
                stderr=log,
            )

    def bend(self, name: str, seconds: float) -> None:
        """Move the clock, or let the next commit hang."""
        path = self.folder / f"{name}.new"
        path.write_text(str(seconds), "ascii")
        path.rename(self.folder / name)


@asynccontextmanager
async def bent(folder: Path, projects: Projects) -> AsyncIterator[BentServer]:
    server = BentServer(folder=folder, more=SHORT)
    await server.apply(projects)
    try:
        await server.start()
        yield server
    finally:
        if server.is_alive():
            server.kill()


async def test_a_commit_that_hangs_for_longer_than_a_lease_leaves_no_robot_silent(tmp_path: Path) -> None:
    async with strict(stall_s=9.0) as robot:
        slow = "always-in-the-air"
        set_faults(robot, slow, stall=1)
        keys = [f"robot-{number}" for number in range(ROBOTS)]
        groups: dict[str, dict[str, object]] = {key: {"url": robot.url(key)} for key in keys}
        projects: Projects = {"all": groups, "slow": {slow: {"url": robot.url(slow)}}}
        async with bent(tmp_path, projects) as server, sender(server.address) as post:
            assert await post.post("slow", event("run-999x")) == 202
            await until(lambda: robot.groups.of(slow).calls > 0, 20)
            server.bend("hang", HUNG_SECONDS)
            assert await post.post("all", event("run-1x")) == 202
            # It is answered as soon as the database is back; so is what comes while it hangs.
            assert await post.post("all", event("run-2x")) in {0, 202}
            await until(lambda: all(len(robot.messages(key)) >= 1 for key in keys), HUNG_SECONDS + 20)
            await until(lambda: server.count("waiting") <= 1, 30, "every delivery but the stalled one")
            shown = [times_shown(robot.messages(key), _NAME) for key in keys]
            assert all(names["run-1x"] == 1 for names in shown)
            assert server.count("delivered") >= ROBOTS


@pytest.mark.parametrize("seconds", [2 * HOUR, -2 * HOUR, 40 * 24 * HOUR, -40 * 24 * HOUR])
async def test_a_clock_that_jumps_there_and_back_loses_and_silences_nothing(tmp_path: Path, seconds: float) -> None:
    async with strict() as robot:
        set_faults(robot, "failing", bad_gateway=1)
        keys = ("failing", "healthy")
        groups: dict[str, dict[str, object]] = {key: {"url": robot.url(key)} for key in keys}
        async with bent(tmp_path, {"all": groups}) as server, sender(server.address) as post:
            for number in range(4):
                assert await post.post("all", event(f"run-{number}x")) == 202
            await until(lambda: len(times_shown(robot.messages("healthy"), _NAME)) == 4, 20)
            server.bend("offset", seconds)
            await asyncio.sleep(5)
            for number in range(4, 8):
                assert await post.post("all", event(f"run-{number}x")) == 202
            await until(lambda: len(times_shown(robot.messages("healthy"), _NAME)) == 8, 75)
            server.bend("offset", 0)
            await asyncio.sleep(5)
            assert "clock.jumped" in server.said()
            set_faults(robot, "failing", bad_gateway=0)
            for number in range(8, 12):
                assert await post.post("all", event(f"run-{number}x")) == 202
            for key in keys:
                await until(lambda key=key: len(times_shown(robot.messages(key), _NAME)) == 12, 90, key)  # type: ignore[misc]
            await until(lambda: server.count("delivered") == 24, 10, str([dict(row) for row in server.rows(_LEFT)]))
            assert server.rows("SELECT count(*) FROM events")[0][0] == 12


async def test_ten_minutes_of_silence_cost_no_message(tmp_path: Path) -> None:
    async with strict(stall_s=15.0) as robot:
        group: Projects = {"all": {"group": {"url": robot.url("group")}}}
        async with bent(tmp_path, group) as server, sender(server.address) as post:
            set_faults(robot, "group", stall=1)
            for number in range(30):
                assert await post.post("all", event(f"run-{number}x")) == 202
                await asyncio.sleep(SILENT_SECONDS / 30)
            set_faults(robot, "group", stall=0)
            await until(lambda: len(times_shown(robot.messages("group"), _NAME)) == 30, 420, "the thirty")
            await until(lambda: server.count("delivered") == 30, 60)
            assert server.count("dead") == 0
