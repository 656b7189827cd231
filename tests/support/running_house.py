"""The house that the browser tests look at: who lives there, and what its robots were told."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from argon2 import PasswordHasher
from playwright.sync_api import Browser, Page, expect

import shipbell
from shipbell.assemble import assembled
from shipbell.ports.directory import By
from shipbell.settings import load

SECRET = "s3cret-of-ci"
PASSWORDS = {name: f"correct-horse-of-{name}" for name in ("admin", "alice", "bob", "carol", "nadia", "root")}
TAB = "/projects/{key}/settings/general/notifications/wecom"
_SOURCE_FOLDER = Path(shipbell.__file__).parents[1]
# The weakest parameters that argon2 takes: what is tested here is not how slow it is.
_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_SEEN_SECONDS = 60.0
_CLICK_MS = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningHouse:
    """A running server and the robots beside it."""

    address: str
    robots: str
    environ: Mapping[str, str]

    def robot_url(self, key: str) -> str:
        """The webhook of a simulated robot."""
        return f"{self.robots}/cgi-bin/webhook/send?key={key}"

    def call(self, source: str, secret: str, body: object) -> int:
        """Call the hook of `project/source` as a tool would; what it answered."""
        headers = {"Authorization": f"Bearer {secret}"}
        try:
            return _send(f"{self.address}/hooks/{source}", headers, body)[0]
        except urllib.error.HTTPError as error:
            return error.code

    def robot(self, method: str, path: str, body: object = None) -> None:
        """Tell the simulator what happens to a robot."""
        _send(f"{self.robots}/robots/{path}", {}, body, method)

    def emit(self, project: str, event: Mapping[str, object], source: str = "ci") -> list[str]:
        """Send an event through the hook: the ids of what was accepted."""
        reply = _call(f"{self.address}/hooks/{project}/{source}", {"Authorization": f"Bearer {SECRET}"}, event)
        accepted: list[str] = reply["events"]
        return accepted

    def seen(self, key: str, count: int) -> list[dict[str, Any]]:
        """What a group saw, once it is this much."""
        ends = time.monotonic() + _SEEN_SECONDS
        while True:
            messages: list[dict[str, Any]] = _call(f"{self.robots}/robots/{key}/messages", {})["messages"]
            if len(messages) >= count or time.monotonic() > ends:
                return messages
            time.sleep(0.05)


def _call(url: str, headers: Mapping[str, str], body: object = None) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(_send(url, headers, body)[1])
    return answer


def _send(url: str, headers: Mapping[str, str], body: object = None, method: str | None = None) -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    sent = {**headers, "Content-Type": "application/json"}
    request = urllib.request.Request(url, data, sent, method=method)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310 - loopback
        return reply.status, reply.read()


def failed_run(number: int, name: str = "build-and-release") -> dict[str, object]:
    """What a tool tells of a run that failed."""
    return {
        "id": f"{name}-{number}",
        "type": "pipeline.run.failed",
        "subject": {"name": name},
        "run": {"number": str(number), "status": "FAILED", "url": f"https://ci.example.com/p/{number}"},
    }


def environment(folder: Path) -> dict[str, str]:
    """The environment of the server: nothing of ours from outside, the simulator allowed."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("SHIPBELL_")}
    return {
        **outside,
        "PYTHONPATH": str(_SOURCE_FOLDER),
        "SHIPBELL_DATA": str(folder / "data"),
        "SHIPBELL_OUTBOUND_ALLOW": "127.0.0.0/8",
        "SHIPBELL_ADMIN_PASSWORD": PASSWORDS["admin"],
        "SHIPBELL_LOG_LEVEL": "warning",
    }


def command(environ: Mapping[str, str], *words: str, said: str = "") -> None:
    """Run one command to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "shipbell", *words],
        env=dict(environ),
        input=said,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


async def admit(environ: Mapping[str, str], passwords: Mapping[str, str]) -> None:
    """Give people accounts, `admin` and `root` as administrators; their passwords cost little to check."""
    by = By(actor="test", via="cli")
    async with assembled(load(environ)) as parts:
        accounts = replace(parts.manage_accounts, hashed=_HASHER.hash)
        for name, password in passwords.items():
            await accounts.add(name, password, is_admin=name in {"admin", "root"}, by=by)


def settings_file(folder: Path, robots: str) -> Path:
    """Projects for the tests, each with a source, so that no test meets another's subscriptions."""
    members = {"alice": "project_administrator", "bob": "project_manager", "carol": "developer"}
    sources = [{"name": "ci", "kind": "generic", "secret": SECRET}]
    projects: list[dict[str, object]] = [
        {"key": key, "name": key.title(), "time_zone": "Asia/Singapore", "members": members, "sources": sources}
        for key in ("payments", "orders", "risk", "zh-1280", "zh-390", "en-1280", "en-390", "plain")
    ]
    projects.append({"key": "dublin", "name": "Dublin", "region": "eu-west-101", "members": members})
    projects.append(
        {**_full(members, robots), "sources": [*sources, {**sources[0], "name": "tower", "kind": "codearts"}]}
    )
    projects.append({"key": "bare", "name": "Bare"})
    projects.append(_long(members, robots))
    file = folder / "settings.yaml"
    file.write_text(yaml.safe_dump({"projects": projects}), "utf-8")
    return file


def _long(members: Mapping[str, str], robots: str) -> dict[str, object]:
    """A project whose names are as long as names may be, without a place to break."""
    subscription = {
        "name": "risk_rules_of_settlement_" * 4,
        "channel": "wecom",
        "url": f"{robots}/cgi-bin/webhook/send?key=a-robot-of-long",
        "events": ["pipeline.run.failed"],
    }
    source = {"name": "s" * 64, "kind": "generic", "secret": SECRET}
    return {
        "key": "long",
        "name": "PaymentsAndSettlement" * 4,
        "members": {**members, "u" * 64: "viewer"},
        "sources": [source],
        "subscriptions": [subscription],
    }


def _full(members: Mapping[str, str], robots: str) -> dict[str, object]:
    """A project in which everything is there at once; `full_house` fills it with what happened."""
    subscriptions = [
        {
            "name": name,
            "channel": "wecom",
            "url": f"{robots}/cgi-bin/webhook/send?key={key}",
            "events": ["pipeline.run.failed", "check.task.completed"],
            "user_ids": "zhang.san;li.si",
            **more,
        }
        for name, key, more in (
            ("release group", "a-robot-of-full-that-is-fine", {}),
            (
                "nightly builds · 支付与结算平台夜间构建与回归测试通知",
                "a-robot-of-full-that-is-gone",
                {"locale": "zh-CN", "format": "text"},
            ),
            ("often busy", "a-robot-of-full-that-is-busy", {}),
            ("switched off", "a-robot-of-full-that-is-unused", {"enabled": False}),
        )
    ]
    return {
        "key": "full",
        "name": "Full",
        "time_zone": "Asia/Singapore",
        "members": members,
        "subscriptions": subscriptions,
    }


@contextmanager
def browsing(
    browser: Browser,
    running: RunningHouse,
    *,
    language: str = "en",
    scripts: bool = True,
    width: int = 1280,
    colours: str = "light",
) -> Iterator[Page]:
    """A fresh browser window; calls to any other host than ours fail the test."""
    context = browser.new_context(
        base_url=running.address,
        viewport={"width": width, "height": 900},
        java_script_enabled=scripts,
        color_scheme="dark" if colours == "dark" else "light",
        locale="zh-CN" if language == "zh-CN" else "en-GB",
    )
    page = context.new_page()
    page.set_default_timeout(_CLICK_MS)
    foreign: list[str] = []
    page.on("request", lambda request: None if request.url.startswith(running.address) else foreign.append(request.url))
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda said: broken.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    context.close()
    assert foreign == []
    assert broken == []


def sign_in(page: Page, name: str) -> None:
    """Sign in from the first page."""
    page.goto("/")
    page.fill('input[name="username"]', name)
    page.fill('input[name="password"]', PASSWORDS[name])
    page.click('form button[type="submit"]')


def enter(page: Page, name: str) -> None:
    """Sign in and wait for the homepage."""
    sign_in(page, name)
    page.wait_for_url("/")


def subscribe(page: Page, project: str, url: str, name: str) -> None:
    """Tell a robot of failed runs, by the form."""
    page.goto(f"{TAB.format(key=project)}?new")
    page.fill('input[name="name"]', name)
    page.fill('input[name="url"]', url)
    page.check('input[name="events"][value="pipeline.run.failed"]')
    page.locator(".card-foot .btn-main").click()
    expect(page.locator(".notice-ok").first).to_be_visible()


def too_wide(page: Page) -> bool:
    """Whether the page scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))
