"""Starts and stops the simulator: inside a test's own loop, or as a process of its own."""

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from urllib.parse import quote

import uvloop
from aiohttp import web

from shipbell.domain.errors import CannotListen
from shipbell.simulator.calls import Calls
from shipbell.simulator.control import Control
from shipbell.simulator.faults import known_faults
from shipbell.simulator.group import Groups, Seen, seen
from shipbell.simulator.page import Page
from shipbell.simulator.settings import RobotSettings

# A picture of 2 MiB in base64, and room to spare.
_BODY_BYTES = 8 * 1024 * 1024
# Calls that stall are cut off at the end; nothing waits for them.
_GRACE_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningRobot:
    """A simulator that listens; leave it by `stop` or as an async context."""

    host: str
    port: int
    groups: Groups
    _runner: web.AppRunner

    @property
    def address(self) -> str:
        """Where it listens, without a path."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def url(self, key: str) -> str:
        """The webhook of a robot; any key will do."""
        return f"{self.address}/cgi-bin/webhook/send?key={quote(key, safe='')}"

    def messages(self, key: str) -> Sequence[Seen]:
        """What the group saw, oldest first."""
        return [seen(*one) for one in self.groups.look(key).messages]

    def refused(self, key: str) -> int:
        """How many calls a robot has refused."""
        return sum(self.groups.look(key).refused.values())

    async def stop(self) -> None:
        """Stop listening and cut what is in flight."""
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        """Enter with the simulator listening."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def serve_robot(settings: RobotSettings, *, now: Callable[[], datetime] = _utc_now) -> RunningRobot:
    """Listen in this loop; port 0 takes a free one.

    Raises InvalidValue for an unknown fault and CannotListen when the address cannot be had.
    """
    groups = Groups(settings, known_faults(settings.faults))
    app = web.Application(client_max_size=_BODY_BYTES)
    calls = Calls(settings=settings, groups=groups, now=now)
    app.router.add_route("*", "/cgi-bin/webhook/send", calls.send)
    app.router.add_routes([*Control(groups).routes(), *Page(groups).routes()])
    # A caller that hung up is not in flight any longer: its handler ends at once.
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=_GRACE_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port, backlog=4096).start()
    except (OSError, UnicodeError) as error:
        await runner.cleanup()
        reason = getattr(error, "strerror", None) or "no address of this machine"
        where = f"{settings.host}:{settings.port}"
        raise CannotListen(
            f"The robot cannot listen on {where} ({reason}): choose another --port or --host."
        ) from error
    return RunningRobot(host=settings.host, port=runner.addresses[0][1], groups=groups, _runner=runner)


def run_robot(settings: RobotSettings) -> None:
    """Listen until SIGINT or SIGTERM; the address goes to stdout, a sentence for people to stderr."""
    uvloop.run(_until_told(settings))


async def _until_told(settings: RobotSettings) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, told.set)
    async with await serve_robot(settings) as robot:
        sys.stdout.write(f"{robot.address}\n")
        sys.stdout.flush()
        sys.stderr.write(f"robot listening on {robot.address}; any key is a robot: {robot.url('KEY')}\n")
        sys.stderr.flush()
        await told.wait()
