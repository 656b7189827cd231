"""How much one server carries: 1,000 robots, pace off, one event a POST, everything committed.

Run: `make bench`. Figures are of this machine at this moment; compare ratios, not numbers.
"""

import argparse
import asyncio
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

_ROBOTS = 1_000
_TICKS = os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        port: int = made.getsockname()[1]
        return port


def _settings(robots: int, robot_port: int) -> str:
    return msgspec.json.encode(
        {
            "projects": [
                {
                    "key": f"p{number}",
                    "sources": [{"name": "ci", "kind": "generic", "secret": "bench-secret"}],
                    "subscriptions": [
                        {
                            "name": "all",
                            "url": f"http://127.0.0.1:{robot_port}/cgi-bin/webhook/send?key=bench-{number:012}",
                            "events": ["pipeline.run.failed", "pipeline.run.completed"],
                            "user_ids": "zhang.san",
                        }
                    ],
                }
                for number in range(robots)
            ]
        }
    ).decode()


def _request(number: int, robots: int) -> bytes:
    body = msgspec.json.encode(
        {
            "id": f"run-{number}",
            "type": "pipeline.run.failed" if number % 5 == 0 else "pipeline.run.completed",
            "subject": {"name": "build-and-release"},
            "run": {
                "number": str(number),
                "status": "FAILED",
                "description": "Merge #42 Fix double booking of refunds",
                "url": f"https://ci.example.com/p/{number}",
                "started_at": "2026-11-24T03:00:00Z",
                "finished_at": "2026-11-24T03:04:12Z",
            },
            "actor": {"name": "zhang.san"},
            "trigger": {"kind": "push", "branch": "main", "commit": "0123abcdef"},
        }
    )
    head = (
        f"POST /hooks/p{number % robots}/ci HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer bench-secret\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _sender(port: int, numbers: Iterable[int], robots: int) -> int:
    """Post one event after another on one connection; how many were answered 202."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    accepted = 0
    for number in numbers:
        writer.write(_request(number, robots))
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        accepted += head.startswith(b"HTTP/1.1 202")
    writer.close()
    return accepted


def _cpu_seconds(process_id: int) -> float:
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _peak_mib(process_id: int) -> float:
    for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


async def _robot_calls(port: int) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /robots HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
    body = (await reader.read()).partition(b"\r\n\r\n")[2]
    writer.close()
    found = msgspec.json.decode(body)
    return sum(one["accepted"] for one in (found["robots"] if isinstance(found, dict) else found))


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run measured."""

    events: int
    accepted_per_second: float
    delivered_per_second: float
    cpu_us_per_event: float
    peak_mib: float

    def tell(self) -> str:
        """The figures in one line each."""
        return (
            f"events                       {self.events}\n"
            f"accepted per second          {self.accepted_per_second:.0f}\n"
            f"delivered per second         {self.delivered_per_second:.0f}\n"
            f"server CPU per event         {self.cpu_us_per_event:.0f} us\n"
            f"delivered per second of CPU  {1e6 / self.cpu_us_per_event:.0f}\n"
            f"peak memory of the server    {self.peak_mib:.0f} MiB"
        )


async def _spawn(environ: dict[str, str], *words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "shipbell", *words, env=environ, stdout=asyncio.subprocess.DEVNULL
    )


async def _ready(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise SystemExit("The server did not start.")


async def measure(events: int, senders: int, robots: int, folder: Path) -> Figures:
    """One run in this folder."""
    port, robot_port = _free_port(), _free_port()
    environ = {
        **os.environ,
        "SHIPBELL_DATA": str(folder / "data"),
        "SHIPBELL_OUTBOUND_ALLOW": "127.0.0.0/8",
        "SHIPBELL_WECOM_PER_MINUTE": "0",
        "SHIPBELL_LOG_LEVEL": "warning",
        "SHIPBELL_ADMIN_PASSWORD": "bench-administrator",
    }
    file = folder / "bench.yaml"
    file.write_text(_settings(robots, robot_port))
    robot = await _spawn(environ, "simulate", "--port", str(robot_port), "--limit", "0", "--concurrency", "0")
    applied = await _spawn(environ, "apply", str(file))
    if await applied.wait():
        raise SystemExit("apply failed")
    server = await _spawn(environ, "serve", "--port", str(port))
    try:
        await asyncio.gather(_ready(port), _ready(robot_port))
        return await _load(events, senders, robots, (server.pid, port, robot_port))
    finally:
        for one in (server, robot):
            one.send_signal(signal.SIGTERM)
            await one.wait()


async def _load(events: int, senders: int, robots: int, at: tuple[int, int, int]) -> Figures:
    process_id, port, robot_port = at
    await _sender(port, range(-200, 0), robots)
    await asyncio.sleep(0.5)
    before, cpu, began = await _robot_calls(robot_port), _cpu_seconds(process_id), time.perf_counter()
    accepted = sum(
        await asyncio.gather(*(_sender(port, range(one, events, senders), robots) for one in range(senders)))
    )
    accepted_in = time.perf_counter() - began
    while await _robot_calls(robot_port) - before < accepted:
        if time.perf_counter() - began > 300:
            break
        await asyncio.sleep(0.02)
    delivered = await _robot_calls(robot_port) - before
    delivered_in = time.perf_counter() - began
    await asyncio.sleep(0.3)
    spent = _cpu_seconds(process_id) - cpu
    if accepted != events or delivered != events:
        raise SystemExit(f"{events} events, {accepted} accepted, {delivered} delivered: something is wrong.")
    return Figures(
        events, accepted / accepted_in, delivered / delivered_in, spent / events * 1e6, _peak_mib(process_id)
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--senders", type=int, default=64)
    parser.add_argument("--robots", type=int, default=_ROBOTS)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(chosen.events, chosen.senders, chosen.robots, Path(folder)))
    sys.stdout.write(figures.tell() + "\n")


if __name__ == "__main__":
    main()
