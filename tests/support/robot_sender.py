"""A sender for the tests of the simulator: posts messages and reads the control side."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp

from shipbell.simulator import RobotSettings, RunningRobot, serve_robot

KEY = "release-group"


@dataclass
class Time:
    """A time that moves when a test says so."""

    at: datetime = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """The time now."""
        return self.at

    def pass_by(self, seconds: float) -> None:
        """Move on."""
        self.at += timedelta(seconds=seconds)


@dataclass
class Sender:
    """Posts to one simulator and reads its control side."""

    robot: RunningRobot
    http: aiohttp.ClientSession
    time: Time
    codes: Counter[int] = field(default_factory=Counter)

    async def post(self, body: bytes, key: str = KEY) -> int:
        """Post a body; the errcode of the answer."""
        async with self.http.post(self.robot.url(key), data=body) as reply:
            assert reply.status == 200
            code = int(json.loads(await reply.read())["errcode"])
        self.codes[code] += 1
        return code

    async def say(self, words: str = "hello", key: str = KEY) -> int:
        """Post a markdown message."""
        return await self.post(markdown(words), key)

    async def control(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
        """Ask the control side."""
        async with self.http.request(method, self.robot.address + path, json=body) as reply:
            text = await reply.read()
            return reply.status, json.loads(text) if text else {}

    def shown(self, key: str = KEY) -> list[str]:
        """The contents that the group saw."""
        return [one.content for one in self.robot.messages(key)]


@asynccontextmanager
async def simulator(**settings: object) -> AsyncIterator[Sender]:
    time = Time()
    given = {"port": 0, "limit": 0, **settings}
    async with await serve_robot(RobotSettings(**given), now=time.now) as robot, aiohttp.ClientSession() as http:  # type: ignore[arg-type]
        yield Sender(robot, http, time)


def body_of(msgtype: str, part: object) -> bytes:
    return json.dumps({"msgtype": msgtype, msgtype: part}, ensure_ascii=False).encode()


def markdown(words: str) -> bytes:
    return body_of("markdown", {"content": words})


def text(words: str, **more: object) -> bytes:
    return body_of("text", {"content": words, **more})
