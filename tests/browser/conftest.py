"""A real server, a simulated robot and a real browser."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from chromium import FLAGS, SHOWN_SCROLLBARS, chromium
from full_house import FullHouse, happen, read_names
from log_crawl import crawled
from running_house import PASSWORDS, RunningHouse, admit, browsing, command, enter, environment, settings_file

_START_SECONDS = 120.0
# How long a page may take to show what it will: an upper bound for a busy machine, which no passing test waits for.
_SHOWN_MS = 30_000


@pytest.fixture(scope="session", name="chromium")
def _chromium() -> Iterator[Browser]:
    """Chromium; without one the browser tests are skipped and say so."""
    path = chromium()
    if path is None:
        pytest.skip("No Chromium on this machine: install the package chromium to run the browser tests.")
    expect.set_options(timeout=_SHOWN_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS, ignore_default_args=SHOWN_SCROLLBARS)
        yield browser
        browser.close()


def _started(environ: dict[str, str], log: Path, said: str, *words: str) -> tuple[subprocess.Popen[bytes], str]:
    """A process and the address that it says it listens on."""
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "shipbell", *words], env=environ, stdout=out, stderr=subprocess.STDOUT
        )
    ends = time.monotonic() + _START_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        if (found := re.search(rf"{said} (http://127\.0\.0\.1:\d+)", log.read_text("utf-8"))) is not None:
            return process, found[1]
        time.sleep(0.05)
    process.kill()
    raise AssertionError(log.read_text("utf-8"))


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    """The server on a port of its own with the simulator beside it, for all browser tests together."""
    folder = tmp_path_factory.mktemp("browser")
    environ = environment(folder)
    robot, robot_address = _started(environ, folder / "robot.log", "robot listening on", "simulate", "--port", "0")
    command(environ, "apply", str(settings_file(folder, robot_address)))
    # In a thread of its own: the driver of the browser has left its loop in this one.
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, admit(environ, PASSWORDS)).result()
    server, address = _started(environ, folder / "server.log", "Shipbell serves on", "serve", "--port", "0")
    yield RunningHouse(address=address, robots=robot_address, environ=environ)
    for process in (server, robot):
        os.kill(process.pid, signal.SIGTERM)
        process.wait(30)
    assert crawled((folder / "server.log").read_text("utf-8")) == []


@pytest.fixture(scope="session")
def full(chromium: Browser, running: RunningHouse) -> FullHouse:
    """The project `full`, once everything happened there."""
    happen(running)
    with browsing(chromium, running) as page:
        enter(page, "admin")
        return read_names(page)
