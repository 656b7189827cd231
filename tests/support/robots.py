"""Groups that watch, and senders that load: what end-to-end tests and drills share."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from server import HEADERS
from shipbell.simulator import Fault, RobotSettings, RunningRobot, Seen, serve_robot

# Ten times shorter than the service's minute: the same rules in a tenth of the time.
SHORT = {"SHIPBELL_WECOM_PER_MINUTE": "120", "SHIPBELL_WECOM_BURST": "6"}
SHORT_SECONDS = 6.0
Event = dict[str, object]


@asynccontextmanager
async def strict(window: float = SHORT_SECONDS, **more: object) -> AsyncIterator[RunningRobot]:
    """A simulator that counts over this window and blocks as long."""
    given = {"port": 0, "window_s": window, "block_s": window, **more}
    async with await serve_robot(RobotSettings(**given)) as robot:  # type: ignore[arg-type]
        yield robot


def event(name: str, number: int = 1, *, failed: bool = True, **more: object) -> Event:
    """One event of the generic kind."""
    return {
        "id": f"{name}-{number}",
        "type": "pipeline.run.failed" if failed else "pipeline.run.completed",
        "subject": {"name": name},
        "run": {"number": str(number), "url": f"https://ci.example.com/r/{number}"},
        **more,
    }


def name_of(one: Event) -> str:
    """The subject's name."""
    subject = one["subject"]
    assert isinstance(subject, dict)
    return str(subject["name"])


@dataclass(slots=True)
class Sender:
    """Posts events and remembers which were answered 202, and when."""

    http: aiohttp.ClientSession
    address: str
    accepted: dict[str, float] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)

    async def post(self, project: str, body: Event | list[Event]) -> int:
        """Post one event (or a list); the status, 0 when there was no answer."""
        url = f"{self.address}/hooks/{project}/ci"
        try:
            async with self.http.post(url, json=body, headers=HEADERS) as reply:
                await reply.read()
                status = reply.status
        except (aiohttp.ClientError, TimeoutError):
            status = 0
        self.answers[status] += 1
        if status == 202:
            now = time.time()
            for one in body if isinstance(body, list) else [body]:
                self.accepted[name_of(one)] = now
        return status


@asynccontextmanager
async def sender(address: str) -> AsyncIterator[Sender]:
    """A sender with its own connections."""
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=64)) as http:
        yield Sender(http, address)


async def until(holds: Callable[[], bool], seconds: float, what: str = "it") -> None:
    """Wait until something holds."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, f"{what} did not come true in {seconds} s"
        await asyncio.sleep(0.05)


def named(messages: Iterable[Seen], pattern: str) -> list[set[str]]:
    """The names that each message speaks of."""
    token = re.compile(pattern)
    return [set(token.findall(one.content)) for one in messages]


def times_shown(messages: Iterable[Seen], pattern: str) -> Counter[str]:
    """In how many messages each name stands."""
    return Counter(name for names in named(messages, pattern) for name in names)


def first_shown(messages: Iterable[Seen], pattern: str) -> Mapping[str, float]:
    """When each name was first shown, in epoch seconds."""
    token = re.compile(pattern)
    found: dict[str, float] = {}
    for one in messages:
        for name in token.findall(one.content):
            found.setdefault(name, one.at_ms / 1_000)
    return found


def set_faults(robot: RunningRobot, key: str, **faults: int) -> None:
    """Let a robot misbehave: `busy=3` is every third call."""
    robot.groups.of(key).set_faults({Fault(name.replace("_", "-")): every for name, every in faults.items()})
