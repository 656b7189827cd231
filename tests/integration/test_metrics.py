"""Metrics of a real server: each one moves, and none names a project, a source or a robot."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from robots import SHORT, event, sender, strict, until
from server import Server, serving
from shipbell.domain.ids import Prefix, encode
from shipbell.ports.intake import Accepted
from shipbell.telemetry import Metrics


async def scraped(server: Server) -> str:
    """What Prometheus reads."""
    async with aiohttp.ClientSession() as http, http.get(f"{server.address}/metrics") as reply:
        assert reply.status == 200
        return await reply.text()


def values(text: str) -> dict[str, float]:
    """Each sample by its name and labels."""
    return {
        f"{one.name}{''.join(f' {key}={value}' for key, value in sorted(one.labels.items()))}": one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
        if "le" not in one.labels and not one.name.endswith("_created")
    }


async def test_a_server_counts_what_comes_in_what_goes_out_and_tells_each_attempt_by_its_ids(tmp_path: Path) -> None:
    async with strict() as robot:
        gone = "marker-robot-97a0"
        projects = {
            "marker-project": {
                "marker group": {"url": robot.url("group")},
                "closed group": {"url": robot.url(gone)},
            }
        }
        async with (
            serving(tmp_path, projects, {**SHORT, "SHIPBELL_LOG_LEVEL": "info"}) as server,
            sender(server.address) as post,
            aiohttp.ClientSession() as http,
        ):
            await http.delete(f"{robot.address}/robots/{gone}")
            for number in (1, 2, 3):
                assert await post.post("marker-project", event("build", number)) == 202
            assert await post.post("marker-project", event("build", 3)) == 202
            assert await post.post("marker-project", {"id": "no event"}) == 400
            await until(lambda: server.count("waiting") == 0, 90, "an end")

            text = ""
            for _ in range(100):
                text = await scraped(server)
                if values(text).get("shipbell_lanes state=closed") == 1:
                    break
                await asyncio.sleep(0.1)
            found = values(text)
            rows = server.rows("SELECT id, lane_id FROM attempts")
            known = {(encode(Prefix.ATTEMPT, one["id"]), encode(Prefix.ROBOT, one["lane_id"])) for one in rows}
    lines = [json.loads(line) for line in server.said().splitlines() if line.startswith("{")]
    told = [(one["attempt"], one["robot"]) for one in lines if one["event"] == "attempt.ended"]
    assert len(told) == len(known)
    assert set(told) == known
    assert found["shipbell_events_total fate=accepted kind=generic"] == 3
    assert found["shipbell_events_total fate=duplicate kind=generic"] == 1
    assert found["shipbell_hook_calls_total code=accepted"] == 4
    assert found["shipbell_hook_calls_total code=malformed-event"] == 1
    assert found["shipbell_attempts_total channel=wecom result=delivered"] >= 1
    assert found["shipbell_attempts_total channel=wecom result=gone"] == 1
    assert found["shipbell_accept_seconds_count"] == 5
    assert found["shipbell_deliver_seconds_count"] == 3
    assert 0 < found["shipbell_deliver_seconds_sum"] < 60
    assert found["shipbell_open_calls"] == 0
    assert found["shipbell_lanes state=open"] == 1
    assert found["shipbell_lanes state=closed"] == 1
    assert found["shipbell_waiting_deliveries"] == 0
    assert "marker" not in text
    _checked(text)


def _checked(text: str) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool (Debian package prometheus) is not installed; all before it holds")
    done = subprocess.run(  # noqa: S603 - found on the path a line above
        [promtool, "check", "metrics"], input=text.encode(), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


async def test_a_call_in_the_air_is_counted_while_it_is_there(tmp_path: Path) -> None:
    async with strict(stall_s=60) as robot:
        from_now_on = {"stall": 1}
        async with serving(tmp_path, {"payments": {"group": {"url": robot.url("group")}}}, SHORT) as server:
            async with (
                aiohttp.ClientSession() as http,
                http.put(f"{robot.address}/robots/group/faults", json=from_now_on) as reply,
            ):
                assert reply.status in {200, 204}
            async with sender(server.address) as post:
                await post.post("payments", event("build"))
            seen = set()
            for _ in range(400):
                seen.add(values(await scraped(server))["shipbell_open_calls"])
                if 1.0 in seen:
                    break
                await asyncio.sleep(0.05)
    assert 1.0 in seen


@pytest.mark.parametrize(
    ("accepted", "counted"),
    [
        (Accepted(event_ids=(1, 2), duplicates=0, ignored=0), {"accepted": 2.0}),
        (Accepted(event_ids=(), duplicates=3, ignored=0), {"duplicate": 3.0}),
        (Accepted(event_ids=(), duplicates=0, ignored=1), {"ignored": 1.0}),
        (Accepted(event_ids=(1,), duplicates=1, ignored=1), {"accepted": 1.0, "duplicate": 1.0, "ignored": 1.0}),
    ],
)
def test_events_are_counted_by_kind_and_fate(accepted: Accepted, counted: dict[str, float]) -> None:
    metrics = Metrics()
    metrics.took_in("codearts", accepted)
    found = values(metrics.render().decode())
    assert {name: value for name, value in found.items() if name.startswith("shipbell_events")} == {
        f"shipbell_events_total fate={fate} kind=codearts": value for fate, value in counted.items()
    }
