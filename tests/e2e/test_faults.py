"""Robots that misbehave: nothing is lost, what may be seen twice is marked, and only their own lane pauses."""

import asyncio
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from robots import SHORT, event, sender, set_faults, strict, times_shown, until
from server import Server, serving
from shipbell.simulator import RunningRobot

_NAME = r"ev-\d\d"
EVENTS = [f"ev-{number:02}" for number in range(5)]
# fault → is the message recorded when it strikes, result of the attempt, its code
FAULTS = {
    "busy": (False, "transient", "-1"),
    "bad-gateway": (False, "transient", "http-502"),
    "reset-before": (False, "transient", "cut-off"),
    "reset-after": (True, "transient", "cut-off"),
    "truncated": (True, "transient", "unreadable-answer"),
    "warning": (True, "rejected", "ok-with-warning"),
}


def attempts_of(server: Server, robot: str) -> list[dict[str, object]]:
    """The attempts on the lane of a subscription, in order."""
    rows = server.rows(
        "SELECT a.* FROM attempts a JOIN subscriptions s ON s.lane_id = a.lane_id"  # noqa: S608 - our own word
        f" WHERE s.name = '{robot}' ORDER BY a.id"
    )
    return [dict(row) for row in rows]


def states_of(server: Server, robot: str) -> Counter[str]:
    """How the deliveries of a subscription stand."""
    rows = server.rows(
        "SELECT d.state FROM deliveries d JOIN subscriptions s ON s.id = d.subscription_id"  # noqa: S608 - our own word
        f" WHERE s.name = '{robot}'"
    )
    return Counter(row["state"] for row in rows)


async def test_every_fault_is_survived_and_what_may_be_seen_twice_is_marked(tmp_path: Path) -> None:
    async with strict() as robot:
        for fault in FAULTS:
            set_faults(robot, fault, **{fault: 3})
        projects = {"all": {fault: {"url": robot.url(fault)} for fault in FAULTS}}
        async with serving(tmp_path, projects, SHORT) as server, sender(server.address) as post:
            for name in EVENTS:
                assert await post.post("all", event(name)) == 202
                await asyncio.sleep(0.2)
            await until(lambda: server.count("waiting") == 0, 120, "an end to every fault")
            for fault, (recorded, result, code) in FAULTS.items():
                _check(server, robot, fault, recorded=recorded, result=result, code=code)


def _check(server: Server, robot: RunningRobot, fault: str, *, recorded: bool, result: str, code: str) -> None:
    shown = times_shown(robot.messages(fault), _NAME)
    bad = [one for one in attempts_of(server, fault) if one["result"] != "delivered"]
    assert set(shown) == set(EVENTS), fault
    assert [(one["result"], one["code"]) for one in bad] == [(result, code)] * len(bad), fault
    assert bad, fault
    # A reset before the answer cannot be told from one after it.
    unsure = recorded or fault == "reset-before"
    assert {bool(one["maybe_delivered"]) for one in bad} == {unsure}, fault
    states = states_of(server, fault)
    if fault == "warning":
        assert states["dead"] >= 1
        assert states["dead"] + states["delivered"] == len(EVENTS)
        assert set(shown.values()) == {1}
    else:
        assert states == {"delivered": len(EVENTS)}, fault
        repeated = [count for count in shown.values() if count > 1]
        assert bool(repeated) == recorded, fault


async def test_a_robot_that_is_called_too_often_at_once_rests_for_seconds_and_alone(tmp_path: Path) -> None:
    async with strict(concurrency=1, stall_s=120.0) as robot, aiohttp.ClientSession() as http:
        projects = {"one": {"crowded": {"url": robot.url("crowded")}}, "two": {"free": {"url": robot.url("free")}}}
        async with serving(tmp_path, projects, SHORT) as server, sender(server.address) as post:
            set_faults(robot, "crowded", stall=1)
            other = asyncio.create_task(_say(http, robot, "crowded"))
            await until(lambda: robot.groups.of("crowded").in_flight == 1, 60)
            set_faults(robot, "crowded")
            assert await post.post("one", event("ev-00")) == 202
            await until(lambda: robot.groups.of("crowded").refused[45033] >= 1, 60, "a refusal")
            for number in range(3):
                assert await post.post("two", event(f"ev-{number:02}")) == 202
            # The other program holds the crowded robot until the lane beside it is done, however long that takes.
            await until(lambda: len(robot.messages("free")) == 3, 60, "the lane beside it")
            other.cancel()
            await asyncio.wait([other])
            await until(lambda: server.count("waiting") == 0, 60, "the lane's return")
            assert times_shown(robot.messages("crowded"), _NAME)["ev-00"] == 1
            *refused, last = attempts_of(server, "crowded")
            assert {(one["result"], one["code"]) for one in refused} == {("throttled", "45033")}
            assert last["result"] == "delivered"
            assert int(str(last["started_at"])) - int(str(refused[-1]["ended_at"])) >= 3_000
            assert server.rows("SELECT sum(failures) FROM deliveries")[0][0] == 0


async def _say(http: aiohttp.ClientSession, robot: RunningRobot, key: str) -> None:
    body = {"msgtype": "text", "text": {"content": "somebody else's program"}}
    async with http.post(robot.url(key), json=body) as reply:
        assert (await reply.json(content_type=None))["errcode"] == 0


async def test_a_throttled_robot_pauses_only_its_own_lane(tmp_path: Path) -> None:
    async with strict(60.0, limit=2) as robot, aiohttp.ClientSession() as http:
        for _ in range(2):
            await _say(http, robot, "shared")
        projects = {"one": {"shared": {"url": robot.url("shared")}}, "two": {"free": {"url": robot.url("free")}}}
        async with serving(tmp_path, projects, SHORT) as server, sender(server.address) as post:
            assert await post.post("one", event("ev-00")) == 202
            await until(lambda: robot.refused("shared") == 1, 60, "a refusal")
            for number in range(2):
                assert await post.post("two", event(f"ev-{number:02}")) == 202
            # The other rests for 65 s.
            await until(lambda: len(robot.messages("free")) == 2, 60, "the lane beside it")
            [attempt] = attempts_of(server, "shared")
            assert (attempt["result"], attempt["code"]) == ("throttled", "45009")
            [lane] = server.rows(
                "SELECT l.* FROM lanes l JOIN subscriptions s ON s.lane_id = l.id WHERE s.name = 'shared'"
            )
            assert (lane["state"], lane["cause"]) == ("paused", "45009")
            assert lane["due_at"] - int(str(attempt["ended_at"])) == 65_000
            assert states_of(server, "shared") == {"waiting": 1}
            assert robot.groups.of("shared").calls == 3


@pytest.mark.parametrize("latency", [3.0, 30.0])
async def test_a_server_that_is_asked_to_stop_settles_its_calls_and_ends(tmp_path: Path, latency: float) -> None:
    async with strict(latency_s=latency) as robot:
        projects = {f"p{number}": {"group": {"url": robot.url(f"slow-{number}")}} for number in range(3)}
        async with serving(tmp_path, projects, SHORT) as server, sender(server.address) as post:
            for number in range(3):
                assert await post.post(f"p{number}", event("ev-00")) == 202
            await until(lambda: all(robot.groups.of(f"slow-{number}").calls for number in range(3)), 60)
            code, seconds = await server.stop()
            assert code == 0
            # Fifteen are promised, which the drill of the stop holds; here a busy machine may take some more.
            assert seconds < 25
            assert "Traceback" not in server.said()
            assert server.rows("SELECT count(*) FROM lanes WHERE flight IS NOT NULL")[0][0] == 0
            results = Counter(str(row["result"]) for row in server.rows("SELECT result FROM attempts"))
            assert results == ({"delivered": 3} if latency < 10 else {"transient": 3})


async def test_a_digest_that_the_robot_rejects_is_taken_apart_and_the_good_ones_are_shown(tmp_path: Path) -> None:
    """The robot here takes only short texts: a digest is too long for it, each message alone is not."""
    async with strict(text_limit=420) as robot:
        projects = {"one": {"short": {"url": robot.url("short"), "format": "text"}}}
        async with serving(tmp_path, projects, SHORT) as server, sender(server.address) as post:
            body = [event(f"ev-{number:02}", number) for number in range(12)]
            assert await post.post("one", body) == 202
            await until(lambda: server.count("waiting") == 0, 90, "an end")
            assert states_of(server, "short") == {"delivered": 12}
            assert times_shown(robot.messages("short"), _NAME) == {f"ev-{number:02}": 1 for number in range(12)}
            first = attempts_of(server, "short")[0]
            assert (first["result"], first["carried"]) == ("rejected", 12)
