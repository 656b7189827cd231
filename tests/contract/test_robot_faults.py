"""What goes wrong on demand, and how the simulator starts and ends."""

import asyncio
import json
import re
import signal
import sys
from dataclasses import dataclass

import aiohttp
import pytest

from robot_sender import KEY, Sender, markdown, simulator
from shipbell.domain.errors import CannotListen, InvalidValue
from shipbell.simulator import RobotSettings, read_faults, serve_robot

pytestmark = pytest.mark.asyncio


@dataclass(frozen=True)
class Struck:
    """What a sender sees of one struck call, and whether the group saw the message."""

    sees: str
    shown: bool


FAULTS = {
    "busy": Struck("-1", shown=False),
    "bad-gateway": Struck("502", shown=False),
    "reset-before": Struck("reset", shown=False),
    "reset-after": Struck("reset", shown=True),
    "truncated": Struck("unreadable", shown=True),
    "warning": Struck("0 ok. Warning: wrong json format. ", shown=True),
    "stall": Struck("no answer", shown=True),
}


async def sees(sender: Sender, words: str, key: str = KEY) -> str:
    """One call in words."""
    try:
        async with sender.http.post(sender.robot.url(key), data=markdown(words)) as reply:
            body = await reply.read()
            if reply.status != 200:
                assert reply.content_type == "text/html"
                return str(reply.status)
            said = json.loads(body)
    except (aiohttp.ClientError, ConnectionResetError):
        return "reset"
    except json.JSONDecodeError:
        return "unreadable"
    if said["errcode"] == -1:
        assert said["errmsg"].startswith("system busy, hint: [")
        return "-1"
    return f"{said['errcode']} {said['errmsg']}"


async def hung_up(sender: Sender, words: str) -> str:
    """One call in words, which is hung up when no answer comes after the group saw its message."""
    call = asyncio.ensure_future(sees(sender, words))
    while not call.done() and words not in sender.shown():
        await asyncio.sleep(0)
    done, _ = await asyncio.wait([call], timeout=0.3)
    call.cancel()
    return call.result() if done else "no answer"


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_strikes_every_second_call_and_no_other(name: str) -> None:
    struck = FAULTS[name]
    async with simulator(faults={name: 2}) as sender:
        ask_second = hung_up if name == "stall" else sees
        answers = [await ask(sender, str(number)) for number, ask in enumerate([sees, ask_second] * 2, 1)]
        assert answers == ["0 ok", struck.sees, "0 ok", struck.sees]
        assert sender.shown() == (["1", "2", "3", "4"] if struck.shown else ["1", "3"])
        _, told = await sender.control("GET", f"/robots/{KEY}/messages")
        assert told["calls"] == 4


async def test_a_reset_is_a_reset_and_not_a_polite_end() -> None:
    async with simulator(faults={"reset-after": 1}) as sender:
        reader, writer = await asyncio.open_connection("127.0.0.1", sender.robot.port)
        body = markdown("x")
        path = f"/cgi-bin/webhook/send?key={KEY}"
        writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
        assert sender.shown() == ["x"]


async def test_a_stalled_robot_delays_no_other_and_its_caller_may_hang_up() -> None:
    async with simulator(concurrency=1) as sender:
        await sender.control("PUT", f"/robots/{KEY}/faults", {"stall": 1})
        stalled = asyncio.ensure_future(sees(sender, "late"))
        while not sender.shown():
            await asyncio.sleep(0)
        assert [await sees(sender, "x", "another-group") for _ in range(50)] == ["0 ok"] * 50
        assert not stalled.done()
        stalled.cancel()
        await asyncio.wait([stalled])
        await sender.control("PUT", f"/robots/{KEY}/faults", {})
        assert await sees(sender, "next") == "0 ok", "a call that was hung up is not in flight"


async def test_a_stall_ends_with_the_answer() -> None:
    async with simulator(faults={"stall": 1}, stall_s=0.05) as sender:
        assert await sees(sender, "late") == "0 ok"


async def test_a_call_that_is_refused_is_refused_under_a_warning_too() -> None:
    async with simulator(faults={"warning": 1}) as sender:
        assert (await sees(sender, "")).startswith("44004 empty content, hint: [")


async def test_faults_in_front_use_up_nothing_of_the_pace() -> None:
    async with simulator(limit=2, faults={"busy": 2}) as sender:
        answers = [await sees(sender, "x") for _ in range(5)]
        assert answers[:4] == ["0 ok", "-1", "0 ok", "-1"]
        assert answers[4].startswith("45009 api freq out of limit, hint: [")


async def test_a_removed_robot_answers_so_whatever_faults_are_set() -> None:
    async with simulator(faults={"bad-gateway": 1}) as sender:
        await sender.control("DELETE", f"/robots/{KEY}")
        assert (await sees(sender, "x")).startswith("93000 invalid webhook url, hint: [")


async def test_a_robots_own_faults_win_over_everyones_and_zero_is_off() -> None:
    async with simulator() as sender:
        assert (await sender.control("PUT", "/robots/*/faults", {"busy": 1}))[0] == 200
        await sender.control("PUT", f"/robots/{KEY}/faults", {"busy": 0})
        assert await sees(sender, "x") == "0 ok"
        assert await sees(sender, "x", "another-group") == "-1"
        assert await sender.control("GET", "/robots/*/faults") == (200, {"faults": {"busy": 1}})
        await sender.control("PUT", "/robots/*/faults", {})
        assert await sees(sender, "x", "another-group") == "0 ok"


async def test_calls_are_counted_from_when_the_faults_were_set() -> None:
    async with simulator() as sender:
        await sees(sender, "x")
        await sender.control("PUT", f"/robots/{KEY}/faults", {"busy": 3})
        assert [await sees(sender, "x") for _ in range(3)] == ["0 ok", "0 ok", "-1"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("faults", {"flood": 1}, "flood"),
        ("faults", {"busy": -1}, "busy"),
        ("faults", {"busy": True}, "busy"),
        ("faults", {"busy": "3"}, "busy"),
        ("faults", [1], "body"),
        ("", {"disabled": "yes"}, "disabled"),
        ("", {"enabled": True}, "disabled"),
    ],
)
async def test_a_wrong_switch_is_told_in_a_sentence_and_changes_nothing(path: str, body: object, field: str) -> None:
    async with simulator() as sender:
        status, told = await sender.control("PUT", f"/robots/{KEY}/{path}".rstrip("/"), body)
        assert status == 422
        assert told["code"] == "invalid-value"
        assert field in str(told["detail"])
        assert await sees(sender, "x") == "0 ok"


async def calls(http: aiohttp.ClientSession, address: str) -> int:
    """How many calls all robots of a simulator got."""
    async with http.get(f"{address}/robots") as reply:
        return sum(one["calls"] for one in (await reply.json())["robots"])


async def test_a_taken_port_and_an_unknown_fault_are_told_in_a_sentence() -> None:
    async with simulator() as sender:
        with pytest.raises(
            CannotListen, match=r"cannot listen on 127\.0\.0\.1:\d+ \(.+\): choose another --port or --host"
        ):
            await serve_robot(RobotSettings(port=sender.robot.port))
    with pytest.raises(InvalidValue, match=r"“flood” is no fault; there are bad-gateway, .*warning"):
        read_faults(["busy=3", "flood=1"])
    with pytest.raises(InvalidValue, match=r"busy takes a count"):
        read_faults(["busy=often"])
    assert read_faults(["busy=3", "stall=0"]) == {"busy": 3, "stall": 0}


async def test_the_process_says_its_address_and_ends_on_sigterm_though_a_call_stalls() -> None:
    code = "from shipbell.simulator import *; run_robot(RobotSettings(port=0, faults={'stall': 1}))"
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=pipe, stderr=pipe)
    assert process.stdout is not None
    address = (await process.stdout.readline()).decode().strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", address)
    async with aiohttp.ClientSession() as http:
        send = f"{address}/cgi-bin/webhook/send?key=k"
        stalled = asyncio.ensure_future(http.post(send, data=markdown("x")))
        while await calls(http, address) < 1:
            await asyncio.sleep(0)
        assert not stalled.done()
        process.send_signal(signal.SIGTERM)
        _, said = await asyncio.wait_for(process.communicate(), timeout=25)
        with pytest.raises(aiohttp.ClientError):
            await stalled
    assert process.returncode == 0
    assert said.decode().startswith(f"robot listening on {address};")
    assert "Traceback" not in said.decode()
