"""Kill a server again and again while events come in, then compare what was promised with what was shown."""

import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from robots import SHORT, Sender, event, sender, strict, times_shown, until
from server import Server, serving
from shipbell.simulator import RunningRobot

ROBOTS = 6
_NAME = r"k\d{6}x"
_SENDERS = 8
# An answer takes this long, so that a kill finds calls in the air.
_LATENCY_SECONDS = 0.15


@dataclass(slots=True, kw_only=True)
class Story:
    """What was promised, what was in the air at each kill, and what the groups saw."""

    accepted: set[str] = field(default_factory=set)
    shown: Counter[str] = field(default_factory=Counter)
    flights: list[frozenset[str]] = field(default_factory=list)
    refused: int = 0
    interrupted_attempts: int = 0
    worst_start_seconds: float = 0.0

    def lost(self) -> set[str]:
        """Accepted and never shown."""
        return {name for name in self.accepted if not self.shown[name]}

    def too_often_shown(self) -> dict[str, int]:
        """Shown more often than once and once more for each time that a kill caught it in the air."""
        caught = Counter(name for flight in self.flights for name in flight)
        return {name: count for name, count in self.shown.items() if count > 1 + caught[name]}


async def killed(folder: Path, *, rounds: int, seconds: float, seed: int = 7) -> Story:
    """Load the server for about `seconds` a round, kill it, start it again; at the end let it finish."""
    story, chance = Story(), random.Random(seed)  # noqa: S311 - the moment of a kill is no secret
    async with strict(latency_s=_LATENCY_SECONDS) as robot:
        projects = {f"p{number}": {"group": {"url": robot.url(f"robot-{number}")}} for number in range(ROBOTS)}
        async with serving(folder, projects, SHORT) as server, sender(server.address) as post:
            for _ in range(rounds):
                await _round(server, post, robot, seconds * chance.uniform(0.6, 1.4))
                story.flights += _flights(server)
                began = time.monotonic()
                await server.start()
                story.worst_start_seconds = max(story.worst_start_seconds, time.monotonic() - began)
            story.accepted = set(post.accepted)
            await until(lambda: server.count("waiting") == 0, 60 + 3 * rounds, "an empty queue")
            code, _ = await server.stop()
            assert code == 0
            found = server.rows("SELECT count(*) FROM attempts WHERE result = 'interrupted'")
            story.interrupted_attempts = int(found[0][0])
        _look(robot, story)
    return story


async def _round(server: Server, post: Sender, robot: RunningRobot, seconds: float) -> None:
    """Senders go on until the server is gone, with a call in the air."""
    senders = [asyncio.create_task(_send(post, number)) for number in range(_SENDERS)]
    await asyncio.sleep(seconds)
    groups = [robot.groups.of(f"robot-{number}") for number in range(ROBOTS)]
    await until(lambda: any(one.in_flight for one in groups), 60, "a call in the air")
    server.kill()
    await asyncio.gather(*senders)


_numbers = iter(range(1, 1_000_000))


async def _send(post: Sender, number: int) -> None:
    while True:
        name = f"k{next(_numbers):06}x"
        status = await post.post(f"p{(number + next(_numbers)) % ROBOTS}", event(name))
        if status == 0:
            return
        assert status == 202
        await asyncio.sleep(0.05)


def _flights(server: Server) -> list[frozenset[str]]:
    """The names in the air when the server died."""
    found = []
    for row in server.rows("SELECT flight FROM lanes WHERE flight IS NOT NULL"):
        ids = ",".join(str(one) for one in json.loads(row["flight"])["delivery_ids"])
        names = server.rows(
            f"SELECT name_key FROM events JOIN deliveries ON events.id = event_id WHERE deliveries.id IN ({ids})"  # noqa: S608 - numbers
        )
        found.append(frozenset(one["name_key"] for one in names))
    return found


def _look(robot: RunningRobot, story: Story) -> None:
    for number in range(ROBOTS):
        story.shown += times_shown(robot.messages(f"robot-{number}"), _NAME)
        story.refused += robot.refused(f"robot-{number}")
