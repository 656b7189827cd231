"""Secrets that are planted everywhere turn up nowhere: not at rest, not in logs, answers, metrics or exports."""

import asyncio
import base64
import tarfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
import yaml
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from commands import command
from robots import SHORT, event, strict, until
from server import Server
from shipbell.simulator import RunningRobot
from shipbell.storage.database.engine import Database
from shipbell.storage.database.migrate import migrate
from shipbell.storage.tables.flow import counters

KEY = base64.urlsafe_b64encode(b"marker-secret-key-of-32-bytes-xy").decode()
ROBOT, GONE, DEAF, OPERATOR = (
    f"marker{number}-7a0c-4bc4-97a0-0ec2a1fa5aaa" for number in ("robot", "gone", "deaf", "operator")
)
SOURCE, WRONG, PASSWORD, WRONG_PASSWORD = (
    f"marker-{name}-0123456789" for name in ("source-secret", "wrong-secret", "password", "wrong-password")
)
PLANTED = {
    "secret key": KEY,
    "robot": ROBOT,
    "gone robot": GONE,
    "deaf robot": DEAF,
    "operator's robot": OPERATOR,
    "source secret": SOURCE,
    "wrong secret": WRONG,
    "password": PASSWORD,
    "wrong password": WRONG_PASSWORD,
}


def forms(secret: str) -> set[bytes]:
    """A secret as it may be written: plain, in an address, in base64."""
    plain = secret.encode()
    packed = {base64.b64encode(b"x" * pad + plain)[4:-4] for pad in range(3)}
    return {plain, quote(secret, safe="").encode(), plain.hex().encode(), *packed}


def turned_up(planted: Mapping[str, str], where: bytes) -> list[str]:
    """The names of the secrets that stand there."""
    return [name for name, secret in planted.items() if any(form in where for form in forms(secret))]


def settings_of(robot: RunningRobot) -> dict[str, object]:
    """A project with three robots: one that takes, one that is gone, one that nobody hears."""
    urls = {
        "takes": robot.url(ROBOT),
        "gone": robot.url(GONE),
        "deaf": f"http://127.0.0.1:9/cgi-bin/webhook/send?key={DEAF}",
    }
    return {
        "projects": [
            {
                "key": "payments",
                "name": "Payments",
                "sources": [{"name": "ci", "kind": "generic", "secret": SOURCE}],
                "subscriptions": [
                    {"name": name, "channel": "wecom", "url": url, "events": ["pipeline.run.failed"]}
                    for name, url in urls.items()
                ],
            }
        ]
    }


async def asked(http: aiohttp.ClientSession, server: Server, token: str) -> bytes:
    """The answers to all sorts of calls, most of them wrong."""
    hook, api = f"{server.address}/hooks/payments/ci", f"{server.address}/api/v1"
    bearer = {"Authorization": f"Bearer {token}"}
    url = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={ROBOT}"
    body = {"name": "x", "channel": "wecom", "url": url, "events": ["no.such.event"]}
    calls: list[tuple[str, str, Mapping[str, object]]] = [
        ("POST", hook, {"json": event("build"), "headers": {"Authorization": f"Bearer {SOURCE}"}}),
        ("POST", f"{hook}?token={SOURCE}", {"data": b"not json"}),
        ("POST", f"{hook}?token={WRONG}", {"json": event("build")}),
        ("POST", hook, {"json": event("build"), "headers": {"Authorization": f"Bearer {WRONG}"}}),
        ("POST", f"{server.address}/hooks/nobody/ci?token={SOURCE}", {"json": {}}),
        ("GET", f"{server.address}/metrics", {}),
        ("GET", f"{server.address}/readyz", {}),
        ("GET", f"{api}/nowhere?key={ROBOT}", {"headers": bearer}),
        ("GET", f"{api}/projects", {"headers": {"Authorization": f"Bearer {WRONG}"}}),
        ("GET", f"{api}/projects/payments/sources", {"headers": bearer}),
        ("GET", f"{api}/projects/payments/subscriptions", {"headers": bearer}),
        ("GET", f"{api}/projects/payments/robots", {"headers": bearer}),
        ("GET", f"{api}/projects/payments/deliveries", {"headers": bearer}),
        ("GET", f"{api}/tokens", {"headers": bearer}),
        ("GET", f"{api}/audit", {"headers": bearer}),
        ("POST", f"{api}/projects/payments/subscriptions", {"headers": bearer, "json": body}),
        ("POST", f"{api}/projects/payments/subscriptions", {"headers": bearer, "data": f'{{"url": "{url}"'}),
        ("POST", f"{api}/projects/payments/subscriptions/test", {"headers": bearer, "json": body}),
        ("POST", f"{server.address}/sign-in", {"data": {"username": "admin", "password": WRONG_PASSWORD}}),
    ]
    answers = b""
    for method, address, more in calls:
        async with http.request(method, address, allow_redirects=False, **more) as reply:  # type: ignore[arg-type]
            assert reply.status < 500, f"{method} {address}"
            answers += str(dict(reply.headers)).encode() + await reply.read()
    # A page's link to the other language repeats the query that it was asked with, to whoever asked; logs do not.
    await http.get(f"{server.address}/sign-in?password={PASSWORD}")
    await http.get(f"{server.address}/nowhere?key={ROBOT}")
    return answers


def exported(environ: Mapping[str, str]) -> bytes:
    """What the commands show."""
    said = b""
    for words in (
        ("export",),
        ("deliveries", "list", "--json"),
        ("audit", "export"),
        ("user", "list", "--json"),
        ("token", "list", "--json"),
        ("doctor", "--json"),
        ("doctor",),
    ):
        ran = command(environ, *words)
        assert ran.out, words
        said += (ran.out + ran.err).encode()
    return said


def unpacked(archive: Path) -> bytes:
    """Everything in a back-up."""
    found = b""
    with tarfile.open(archive) as packed:
        for one in packed.getmembers():
            found += one.name.encode() + (packed.extractfile(one) or archive.open("rb")).read()
    return found


@pytest.mark.parametrize("form", ["json", "console"])
async def test_no_planted_secret_turns_up_anywhere(form: str, tmp_path: Path) -> None:
    async with strict() as robot, aiohttp.ClientSession() as http:
        server = Server(
            folder=tmp_path,
            more={
                **SHORT,
                "SHIPBELL_SECRET_KEY": KEY,
                "SHIPBELL_ADMIN_PASSWORD": PASSWORD,
                "SHIPBELL_OPERATOR_URL": robot.url(OPERATOR),
                "SHIPBELL_LOG_LEVEL": "debug",
                "SHIPBELL_LOG_FORMAT": form,
            },
        )
        file = tmp_path / "shipbell.yaml"
        file.write_text(yaml.safe_dump(settings_of(robot)))
        applied = await asyncio.to_thread(command, server.environ, "apply", str(file))
        assert applied.code == 0, applied.err
        await http.delete(f"{robot.address}/robots/{GONE}")
        try:
            await server.start()
            made = await asyncio.to_thread(command, server.environ, "token", "create", "--user", "admin")
            token = made.out.strip()
            planted = {**PLANTED, "token": token}
            answers = await asked(http, server, token)
            await until(lambda: bool(server.rows("SELECT 1 FROM attempts WHERE result = 'gone'")), 60)
            await until(lambda: bool(server.rows("SELECT 1 FROM attempts WHERE code = 'not-connected'")), 60)
            await until(lambda: bool(robot.messages(OPERATOR)), 60, "an alarm")
            files = b"".join(path.read_bytes() for path in sorted((tmp_path / "data").rglob("*")) if path.is_file())
            shown = await asyncio.to_thread(exported, server.environ)
            backed_up = await asyncio.to_thread(command, server.environ, "backup", str(tmp_path / "back-up.tar.gz"))
            assert backed_up.code == 0
        finally:
            if server.is_alive():
                server.kill()
        heard = "".join(one.content for key in (ROBOT, OPERATOR) for one in robot.messages(key)).encode()
        log = server.said().encode()
    assert b"attempt.ended" in log
    assert b"request.answered" in log
    for name, where in {
        "files": files,
        "log": log,
        "answers": answers,
        "commands": shown,
        "back-up": unpacked(tmp_path / "back-up.tar.gz"),
        "messages": heard,
    }.items():
        assert turned_up(planted, where) == [], name
    await asyncio.to_thread(_can_find, server, planted, tmp_path)


def _can_find(server: Server, planted: Mapping[str, str], folder: Path) -> None:
    """Where secrets are asked for they are found: the search itself works."""
    clear = command(server.environ, "export", "--with-secrets").out.encode()
    assert turned_up(planted, clear) == ["robot", "gone robot", "deaf robot", "source secret"]
    assert command(server.environ, "backup", str(folder / "with-key.tar.gz"), "--with-key").code == 0
    assert turned_up(planted, unpacked(folder / "with-key.tar.gz")) == ["secret key"]


def test_an_error_of_the_database_does_not_quote_what_was_written(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "shipbell.db")
    try:
        database.write_here(migrate)
        with pytest.raises(IntegrityError) as caught:
            database.write_here(
                lambda connection: connection.execute(insert(counters), [{"name": SOURCE, "value": 1}] * 2)
            )
    finally:
        database.close()
    assert SOURCE not in str(caught.value)


def test_a_secret_is_found_in_each_form() -> None:
    for packed in (b"a" + SOURCE.encode(), b"ab" + SOURCE.encode() + b"c", SOURCE.encode()):
        assert turned_up(PLANTED, base64.b64encode(packed)) == ["source secret"]
    assert turned_up(PLANTED, quote(f"?key={ROBOT}", safe="").encode()) == ["robot"]
