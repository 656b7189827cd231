"""A real server as a process of its own, on a data folder that outlives it."""

import asyncio
import contextlib
import io
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import aiohttp
import yaml

import shipbell as shipbell_package
from log_crawl import crawled
from shipbell.cli import app

_START_SECONDS = 120.0
_LISTENS = re.compile(r"Shipbell serves on http://127\.0\.0\.1:(\d+)")
_SOURCE_FOLDER = Path(shipbell_package.__file__).parents[1]
PASSWORD = "a-long-enough-password"
SECRET = "s3cret-of-ci"
HEADERS = {"Authorization": f"Bearer {SECRET}"}


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


def environment(folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of every process of a test: nothing of ours from outside, the simulator allowed."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("SHIPBELL_")}
    return {
        **outside,
        "PYTHONPATH": str(_SOURCE_FOLDER),
        "SHIPBELL_DATA": str(folder),
        "SHIPBELL_OUTBOUND_ALLOW": "127.0.0.0/8",
        "SHIPBELL_ADMIN_PASSWORD": PASSWORD,
        "SHIPBELL_LOG_LEVEL": "warning",
        **(more or {}),
    }


def shipbell(environ: Mapping[str, str], *words: str, stdin: str | None = None) -> Ran:
    """Run one command to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "shipbell", *words],
        env=dict(environ),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def shipbell_here(environ: Mapping[str, str], *words: str, stdin: str | None = None) -> Ran:
    """Run one command to its end in this process, which spares the start of another; not inside a loop."""
    out, err = io.StringIO(), io.StringIO()
    given = io.TextIOWrapper(io.BytesIO((stdin or "").encode()))
    with (
        mock.patch.dict(os.environ, dict(environ), clear=True),
        mock.patch.object(sys, "stdin", given),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            app(list(words))
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
    return Ran(code, out.getvalue(), err.getvalue())


def settings_file(folder: Path, projects: Mapping[str, Mapping[str, Mapping[str, object]]]) -> Path:
    """A file for apply: project key → subscription name → what differs from a subscription to everything."""
    told = [
        {
            "key": key,
            "name": key.title(),
            "sources": [{"name": "ci", "kind": "generic", "secret": SECRET}],
            "subscriptions": [
                {
                    "name": name,
                    "channel": "wecom",
                    "events": ["pipeline.run.failed", "pipeline.run.completed"],
                    **facts,
                }
                for name, facts in subscriptions.items()
            ],
        }
        for key, subscriptions in projects.items()
    ]
    path = folder / "shipbell.yaml"
    path.write_text(yaml.safe_dump({"projects": told}, allow_unicode=True), encoding="utf-8")
    return path


@dataclass(slots=True, kw_only=True)
class Server:
    """One data folder, and the server that works on it now."""

    folder: Path
    more: Mapping[str, str] = field(default_factory=dict)
    prefix: Sequence[str] = ()
    expected: Sequence[str] = ()
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def environ(self) -> dict[str, str]:
        """What the server and the commands are told."""
        return environment(self.folder / "data", self.more)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it says on stderr, over all of its lives."""
        return self.folder / "server.log"

    async def run(self, *words: str, stdin: str | None = None) -> Ran:
        """Run a command on its data folder."""
        return await asyncio.to_thread(shipbell_here, self.environ, *words, stdin=stdin)

    async def apply(self, projects: Mapping[str, Mapping[str, Mapping[str, object]]]) -> None:
        """Apply settings."""
        ran = await self.run("apply", str(settings_file(self.folder, projects)))
        assert ran.code == 0, ran.err

    async def start(self) -> None:
        """Start it, on the same port as before, and wait until it is ready."""
        seen = self.log.stat().st_size if self.log.exists() else 0
        self.process = self._launched()
        async with asyncio.timeout(_START_SECONDS):
            while not (found := _LISTENS.search(self.said()[seen:])):
                assert self.process.poll() is None, self.said()[seen:]
                await asyncio.sleep(0.02)
            self.port = int(found[1])
            async with aiohttp.ClientSession() as http:
                while not await _ready(http, self.address):
                    await asyncio.sleep(0.02)

    def _launched(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*self.prefix, sys.executable, "-m", "shipbell", "serve", "--port", str(self.port)],
                env=self.environ,
                stdout=log,
                stderr=log,
            )

    def said(self) -> str:
        """Everything that it has said."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def crawl(self) -> None:
        """Find nothing in its log but structured lines of what was foreseen, and what the test says it `expected`."""
        found = crawled(self.said(), self.expected)
        if found:
            raise AssertionError("\n".join(["The log holds what nobody expected:", *found]))

    def kill(self) -> None:
        """End it at once, as a power cut would, and look through its log."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)
        self.crawl()

    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self.process is not None and self.process.poll() is None

    async def stop(self, seconds: float = 60.0) -> tuple[int, float]:
        """Ask it to stop, and look through its log; its exit code and how long it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(self.process.wait, seconds)
        took = time.monotonic() - began
        self.crawl()
        return code, took

    def rows(self, statement: str) -> list[sqlite3.Row]:
        """Look into the database, as an operator might."""
        connection = sqlite3.connect(f"file:{self.folder / 'data' / 'shipbell.db'}?mode=ro", uri=True, timeout=10)
        connection.row_factory = sqlite3.Row
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    def count(self, state: str) -> int:
        """How many deliveries are in a state."""
        return int(self.rows(f"SELECT count(*) FROM deliveries WHERE state = '{state}'")[0][0])  # noqa: S608 - our own word


async def _ready(http: aiohttp.ClientSession, address: str) -> bool:
    try:
        async with http.get(f"{address}/readyz") as reply:
            return reply.status == 200
    except aiohttp.ClientError:
        return False


@asynccontextmanager
async def serving(
    folder: Path,
    projects: Mapping[str, Mapping[str, Mapping[str, object]]] | None = None,
    more: Mapping[str, str] | None = None,
    expected: Sequence[str] = (),
) -> AsyncIterator[Server]:
    """A server with these settings; it is ended whatever happens, and its log then holds nothing but what it may."""
    server = Server(folder=folder, more=more or {}, expected=expected)
    if projects is not None:
        await server.apply(projects)
    try:
        await server.start()
        yield server
    finally:
        if server.is_alive():
            server.kill()
