"""`demo`: the main job in a minute, on the real server with the simulator as the group."""

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import aiohttp
import msgspec
import typer

from shipbell.cli.output import put
from shipbell.cli.running import fail, run
from shipbell.demo import events
from shipbell.domain.errors import Unusable
from shipbell.simulator import RobotSettings, RunningRobot, Seen, serve_robot

_KEY = "demo-robot-0000-0000-0000-000000000001"
_SECRETS = {"ci": "demo-secret-of-ci", "codearts": "demo-secret-of-codearts"}
# The simulator counts over 6 s instead of 60, and the pace is ten times faster to match: the rules are the same.
_WINDOW_SECONDS = 6.0
_PER_MINUTE = "120"
_START_SECONDS = 20
_SHOWN_SECONDS = 40
_STOP_SECONDS = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="demo", short_help="Show events reaching a simulated group.")(demo)


def demo() -> None:
    """Show events reaching a group: a real server, a simulated robot, a burst, a hostile text."""
    try:
        run(_demo())
    except TimeoutError:
        fail(Unusable("The demo did not get to its end in time: is this machine very busy?"))


async def _demo() -> None:
    with tempfile.TemporaryDirectory(prefix="shipbell-demo-") as folder:
        robot = await serve_robot(RobotSettings(port=0, window_s=_WINDOW_SECONDS, block_s=_WINDOW_SECONDS))
        try:
            await _with_server(robot, Path(folder))
        finally:
            await robot.stop()


async def _with_server(robot: RunningRobot, folder: Path) -> None:
    file = folder / "shipbell.yaml"
    file.write_text(events.settings_file(robot.url(_KEY)))
    port = _free_port()
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SHIPBELL_")},
        "SHIPBELL_DATA": str(folder / "data"),
        "SHIPBELL_OUTBOUND_ALLOW": "127.0.0.0/8",
        "SHIPBELL_WECOM_PER_MINUTE": _PER_MINUTE,
        "SHIPBELL_ADMIN_PASSWORD": "demo-administrator",
        "SHIPBELL_LOG_LEVEL": "error",
    }
    _step("1. Settings: one project, two sources, one subscription (shipbell apply)")
    await _command(environ, "apply", str(file))
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "shipbell", "serve", "--port", str(port), env=environ, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            await _started(session)
            await _show(robot, session)
    finally:
        if server.returncode is None:
            server.terminate()
            await asyncio.wait_for(server.wait(), _STOP_SECONDS)


async def _show(robot: RunningRobot, session: aiohttp.ClientSession) -> None:
    _step("2. A pipeline fails, a check misses its gate, an application is deployed")
    for source, event in events.single(events.now()):
        await _post(session, source, event)
    shown = await _seen(robot, 3)
    _step("3. A hostile event: it can neither mention, colour, link nor break the layout")
    await _post(session, *events.hostile())
    shown = await _seen(robot, 4, shown)
    _step(f"4. {events.BURST} runs end at once: the robot takes 20 messages in its window, so they go as a digest")
    await asyncio.gather(*(_post(session, source, event) for source, event in events.burst()))
    await _burst_shown(robot, shown)
    refused = robot.refused(_KEY)
    put("")
    put(f"{events.BURST + 4} events accepted, all shown in {len(robot.messages(_KEY))} messages, {refused} refused.")


async def _burst_shown(robot: RunningRobot, shown: int) -> None:
    """Wait until each run of the burst stands in some message."""
    wanted = {f"service-{number:02}" for number in range(1, events.BURST + 1)}
    await _until(lambda: wanted <= _names(robot.messages(_KEY), wanted))
    await _seen(robot, len(robot.messages(_KEY)), shown)


def _names(messages: Sequence[Seen], wanted: set[str]) -> set[str]:
    content = "\n".join(one.content for one in messages)
    return {one for one in wanted if one in content}


async def _seen(robot: RunningRobot, count: int, shown: int = 0) -> int:
    """Wait for messages and print the new ones as the group sees them."""
    await _until(lambda: len(robot.messages(_KEY)) >= count)
    for one in robot.messages(_KEY)[shown:count]:
        put("   ┌" + "─" * 70)
        for line in one.view.splitlines():
            put(f"   │ {line}")
        if one.mentions:
            put(f"   │ (alerts {', '.join(one.mentions)})")
        put("   └" + "─" * 70)
    return count


async def _until(holds: Callable[[], bool]) -> None:
    """Look ten times a second until something holds; raises TimeoutError."""
    async with asyncio.timeout(_SHOWN_SECONDS):
        while not holds():  # noqa: ASYNC110 - the simulator tells nobody when it has heard something
            await asyncio.sleep(0.1)


async def _post(session: aiohttp.ClientSession, source: str, event: object) -> None:
    headers = {"Authorization": f"Bearer {_SECRETS[source]}", "Content-Type": "application/json"}
    async with session.post(f"/hooks/payments/{source}", data=msgspec.json.encode(event), headers=headers) as response:
        if response.status != 202:  # noqa: PLR2004 - accepted
            raise Unusable(f"The hook answered {response.status}: {await response.text()}")


async def _command(environ: dict[str, str], *words: str) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "shipbell", *words, env=environ)
    if await process.wait():
        raise Unusable(f"shipbell {words[0]} failed.")


async def _started(session: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while True:
            try:
                async with session.get("/readyz") as response:
                    if response.ok:
                        return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        port: int = made.getsockname()[1]
        return port


def _step(text: str) -> None:
    put("")
    put(text)
