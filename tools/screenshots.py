"""Photograph the console's main pages into docs/screenshots: `make screenshots`.

Starts the simulator and a server on free ports with made-up projects, sends events, and takes pictures with
Chromium; everything ends with it.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import aiohttp
from playwright.async_api import Browser, Page, async_playwright

from chromium import FLAGS, SHOWN_SCROLLBARS, chromium
from shipbell.demo import events
from shipbell.simulator import RobotSettings, RunningRobot, serve_robot

_FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
_KEY = "demo-robot-0000-0000-0000-000000000001"
_GONE = "demo-robot-0000-0000-0000-000000000002"
_PASSWORD = "demo-administrator"  # noqa: S105 - of a server that lives for this run
_SECRETS = {"ci": "demo-secret-of-ci", "codearts": "demo-secret-of-codearts"}
_ENOUGH_SECONDS = 60
_TAB = "/projects/payments/settings/general/notifications/wecom"
# Name, path, language, width, colours.
_PICTURES = (
    ("workspace", "/workspace", "en", 1280, "light"),
    ("wecom-tab", f"{_TAB}?done=saved", "en", 1280, "light"),
    ("wecom-form", f"{_TAB}?new", "en", 1280, "light"),
    ("wecom-form-zh", f"{_TAB}?new", "zh-CN", 1280, "dark"),
    ("wecom-form-phone", f"{_TAB}?new", "en", 390, "light"),
    ("overview", "/projects/payments", "en", 1280, "dark"),
    ("deliveries", "/projects/payments/deliveries", "en", 1280, "light"),
    ("deliveries-phone-zh", "/projects/payments/deliveries", "zh-CN", 390, "dark"),
    ("robots", "/projects/payments/robots", "en", 1280, "light"),
    ("sources", "/projects/payments/sources", "en", 1280, "light"),
    ("why", "/projects/payments/why?q=run-128-failed", "en", 1280, "light"),
)


def _second(robot: RunningRobot) -> str:
    return f"""\
      - name: nightly builds · 支付与结算平台夜间构建与回归测试通知
        url: {robot.url(_GONE)}
        events: [pipeline.run.failed]
        locale: zh-CN
        format: text
"""


async def _words(environ: dict[str, str], *words: str) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "shipbell", *words, env=environ)
    if await process.wait():
        raise SystemExit(f"shipbell {words[0]} failed")


async def _emit(address: str) -> None:
    async with aiohttp.ClientSession(address) as session:
        for source, event in (*events.single(events.now()), events.hostile(), *events.burst()):
            headers = {"Authorization": f"Bearer {_SECRETS[source]}"}
            async with session.post(f"/hooks/payments/{source}", data=json.dumps(event), headers=headers) as reply:
                reply.raise_for_status()


async def _served(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None  # noqa: S101 - it was asked for as a pipe
    async for line in process.stderr:
        if b"Shipbell serves on" in line:
            return line.decode().rsplit(" ", 1)[1].strip()
    raise SystemExit("The server did not start.")


async def _sign_in(page: Page) -> None:
    await page.goto("/sign-in")
    await page.fill("[name=username]", "admin")
    await page.fill("[name=password]", _PASSWORD)
    await page.press("[name=password]", "Enter")
    await page.wait_for_load_state()


async def _photograph(browser: Browser, address: str, picture: tuple[str, str, str, int, str]) -> None:
    name, path, language, width, colours = picture
    context = await browser.new_context(
        base_url=address,
        viewport={"width": width, "height": 900},
        locale=language,
        color_scheme="dark" if colours == "dark" else "light",
    )
    page = await context.new_page()
    await _sign_in(page)
    await page.goto(path)
    # As tall as the page: a bar that sticks to the window's foot then stands where it belongs.
    height: int = await page.evaluate("document.documentElement.scrollHeight")
    await page.set_viewport_size({"width": width, "height": max(900, height)})
    await page.screenshot(path=_FOLDER / f"{name}.png")
    await context.close()


async def _all(folder: Path, path: str, wanted: Sequence[str]) -> None:
    robot = await serve_robot(RobotSettings(port=0))
    environ = {
        **os.environ,
        "SHIPBELL_DATA": str(folder / "data"),
        "SHIPBELL_OUTBOUND_ALLOW": "127.0.0.0/8",
        "SHIPBELL_ADMIN_PASSWORD": _PASSWORD,
        "SHIPBELL_LOG_LEVEL": "error",
    }
    file = folder / "shipbell.yaml"
    file.write_text(events.settings_file(robot.url(_KEY)) + _second(robot))
    robot.groups.of(_GONE).removed = True
    await _words(environ, "apply", str(file))
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "shipbell", "serve", "--port", "0", env=environ, stderr=asyncio.subprocess.PIPE
    )
    try:
        address = await _served(server)
        await _emit(address)
        await asyncio.sleep(6)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=path, args=FLAGS, ignore_default_args=SHOWN_SCROLLBARS
            )
            for picture in _PICTURES:
                if not wanted or picture[0] in wanted:
                    await asyncio.wait_for(_photograph(browser, address, picture), _ENOUGH_SECONDS)
            await browser.close()
    finally:
        server.terminate()
        await server.wait()
        await robot.stop()


def main() -> None:
    """Take all pictures, or those that are named."""
    path = chromium()
    if path is None:
        raise SystemExit("There is no Chromium on this machine: `make deps` as root installs it.")
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_all(Path(folder), path, sys.argv[1:]))
    sys.stdout.write(f"The pictures stand in {_FOLDER}.\n")


if __name__ == "__main__":
    main()
