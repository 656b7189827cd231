"""Robots that stall and one that is deleted, beside healthy ones that must not notice."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from robots import event, first_shown, sender, set_faults, strict, until
from server import Ran, Server, serving
from shipbell.simulator import RunningRobot

DELETED = "deleted-robot"
REPLACED = "replacement-robot"
_NAME = r"run-\d+x"
_BETWEEN_SECONDS = 1.0


@dataclass(slots=True, kw_only=True)
class Story:
    """What the healthy groups and the deleted robot's people saw."""

    worst_delay: float = 0.0
    missing: list[tuple[str, str]] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    lane_state: str = ""
    why: Ran | None = None
    shown: Ran | None = None
    replayed: Ran | None = None
    after_the_fix: set[str] = field(default_factory=set)


async def stalled(folder: Path, *, stalling: int, healthy: int, events: int, pace: Mapping[str, str]) -> Story:
    """Send events to all of them, delete one robot in the middle, then mend it and replay."""
    story = Story()
    async with strict(60.0, stall_s=30.0) as robot:
        keys = [f"healthy-{number}" for number in range(healthy)]
        sick = [f"stalling-{number}" for number in range(stalling)]
        for key in sick:
            set_faults(robot, key, stall=1)
        projects = {"all": {key: {"url": robot.url(key)} for key in [*sick, *keys, DELETED]}}
        async with serving(folder, projects, pace) as server, sender(server.address) as post:
            for number in range(events):
                if number == events // 2:
                    robot.groups.of(DELETED).removed = True
                assert await post.post("all", event(f"run-{number}x")) == 202
                await asyncio.sleep(_BETWEEN_SECONDS)
            await _watch(robot, keys, post.accepted, story)
            await _mend(robot, server, projects, story)
    return story


async def _watch(robot: RunningRobot, keys: list[str], accepted: Mapping[str, float], story: Story) -> None:
    await until(lambda: all(len(robot.messages(key)) >= len(accepted) for key in keys), 60, "healthy groups")
    for key in keys:
        seen = first_shown(robot.messages(key), _NAME)
        story.missing += [(key, name) for name in accepted if name not in seen]
        delays = [seen[name] - at for name, at in accepted.items() if name in seen]
        story.worst_delay = max([story.worst_delay, *delays])


async def _mend(
    robot: RunningRobot, server: Server, projects: dict[str, dict[str, dict[str, str]]], story: Story
) -> None:
    """Look as people do, then give the subscription a new robot and replay what is dead."""
    lane = _lane(server)
    story.lane_state = str(server.rows(f"SELECT state FROM lanes WHERE id = {lane}")[0]["state"])  # noqa: S608 - a number
    listed = await server.run("deliveries", "list", "--state", "dead")
    story.dead = [line.split("\t")[0] for line in listed.out.splitlines()[1:]]
    last = max(server.rows("SELECT tool_id FROM events"), key=lambda row: row["tool_id"])["tool_id"]
    story.why = await server.run("why", last)
    story.shown = await server.run("deliveries", "show", story.dead[0])
    projects["all"][DELETED]["url"] = robot.url(REPLACED)
    await server.apply(projects)
    story.replayed = await server.run("deliveries", "replay", *story.dead)
    await until(lambda: len(robot.messages(REPLACED)) >= len(story.dead), 60, "the replay")
    story.after_the_fix = set(first_shown(robot.messages(REPLACED), _NAME))


def _lane(server: Server) -> int:
    found = server.rows(f"SELECT lane_id FROM subscriptions WHERE name = '{DELETED}'")  # noqa: S608 - our own word
    return int(found[0]["lane_id"])
