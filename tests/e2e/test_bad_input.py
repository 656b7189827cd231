"""Bad input: a clear code for each, and a server that lives on."""

import asyncio
import contextlib
import io
import json
import os
from collections.abc import Iterator

import aiohttp
import pytest

from robots import event
from server import HEADERS, Server

MIB = 1024 * 1024
GOOD = event("good")
IS_ROOT = os.geteuid() == 0
# What uvicorn says of a request that is no HTTP.
_SAID = ("Invalid HTTP request received.",)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(folder=tmp_path_factory.mktemp("bad"), expected=_SAID)
    try:
        asyncio.run(_started(server))
        yield server
    finally:
        if server.is_alive():
            server.kill()


async def _started(server: Server) -> None:
    await server.apply({"payments": {}})
    await server.start()


def deep(levels: int) -> bytes:
    return b'{"id":"x","type":"pipeline.run.failed","subject":' + b"[" * levels + b"]" * levels + b"}"


def told(**facts: object) -> bytes:
    return json.dumps({**GOOD, **facts}).encode()


BODIES: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "malformed-event"),
    "not JSON": (b"hello", 400, "malformed-event"),
    "half": (told()[:-5], 400, "malformed-event"),
    "not UTF-8": (b'{"id": "\xff\xfe"}', 400, "malformed-event"),
    "a number": (b"42", 400, "malformed-event"),
    "null": (b"null", 400, "malformed-event"),
    "deep": (deep(500), 400, "malformed-event"),
    "very deep": (deep(200_000), 400, "malformed-event"),
    "deep array": (b"[" * 100_000 + b"]" * 100_000, 400, "malformed-event"),
    "no id": (b'{"type":"pipeline.run.failed","subject":{"name":"x"}}', 400, "malformed-event"),
    "id a list": (told(id=[7]), 400, "malformed-event"),
    "id empty": (told(id=""), 400, "malformed-event"),
    "subject a list": (told(subject=["x"]), 400, "malformed-event"),
    "time no time": (told(time="yesterday"), 400, "malformed-event"),
    "time of no year": (told(time="0000-00-00T00:00:00Z"), 400, "malformed-event"),
    "NaN": (told().replace(b'"good-1"', b"NaN"), 400, "malformed-event"),
    "NaN inside": (told(issues={"total": float("nan")}), 400, "malformed-event"),
    "infinity": (told(issues={"total": float("inf")}), 400, "malformed-event"),
    "unknown type": (told(type="pipeline.run.exploded"), 400, "unknown-event-type"),
    "one bad in an array": (b"[" + told(id="fine-1") + b"," + told(id=[1]) + b"]", 400, "malformed-event"),
    "too many": (b"[" + b",".join([b"{}"] * 1_001) + b"]", 400, "malformed-event"),
    "a byte too much": (b" " * (MIB - len(told()) + 1) + told(), 413, "body-too-large"),
    "much too much": (b" " * (3 * MIB), 413, "body-too-large"),
}


async def posted(
    server: Server, body: bytes, *, path: str = "payments/ci", secret: str | None = None
) -> tuple[int, str]:
    headers = dict(HEADERS) if secret is None else {"Authorization": f"Bearer {secret}"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{server.address}/hooks/{path}", data=io.BytesIO(body), headers=headers) as reply,
    ):
        answer = json.loads(await reply.read())
        assert isinstance(answer, dict)
        return reply.status, str(answer.get("code", "accepted"))


@pytest.mark.parametrize("name", BODIES)
async def test_bad_bodies_get_a_code_and_the_server_lives(served: Server, name: str) -> None:
    body, status, code = BODIES[name]
    assert await posted(served, body) == (status, code)
    assert served.is_alive()
    assert "Traceback" not in served.said()


@pytest.mark.parametrize(
    ("path", "secret", "expected"),
    [
        ("payments/ci", "wrong", (401, "bad-signature")),
        ("payments/ci", "", (401, "bad-signature")),
        ("payments/none", None, (404, "not-found")),
        ("nobody/ci", None, (404, "not-found")),
        ("nobody/ci", "wrong", (404, "not-found")),
        ("%00/%ff", None, (404, "not-found")),
    ],
)
async def test_strangers_are_kept_out(served: Server, path: str, secret: str | None, expected: tuple[int, str]) -> None:
    assert await posted(served, told(), path=path, secret=secret) == expected


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a lone surrogate", b'{"id":"s1","type":"pipeline.run.failed","subject":{"name":"a\\ud800b"}}'),
        ("NUL", told(id="n1", subject={"name": "a\x00b"})),
        ("NUL as id", told(id="n\x002")),
        ("a long name", told(id="l1", subject={"name": "x" * 500_000})),
        ("a long id", told(id="y" * 500_000)),
        ("exactly a mebibyte", b" " * (MIB - len(told(id="m1"))) + told(id="m1")),
        (
            "bidi and emoji",
            told(id="b1", subject={"name": "\u202eevil\u2066 \U0001f468\u200d\U0001f469\u200d\U0001f467 \u0301"}),
        ),
        (
            "an absurd duration",
            told(id="d1", run={"started_at": "0001-01-01T00:00:00Z", "finished_at": "9999-12-31T23:59:59Z"}),
        ),
    ],
)
async def test_odd_but_true_events_are_taken_or_refused_and_never_break_anything(
    served: Server, name: str, body: bytes
) -> None:
    status, _ = await posted(served, body)
    assert status in {202, 400}, name
    assert await posted(served, told(id=f"after {name}")) == (202, "accepted")
    assert "Traceback" not in served.said()


async def test_broken_http_does_not_break_the_server(served: Server) -> None:
    for raw in (
        b"\x00\x01\x02\r\n\r\n",
        b"POST /hooks/payments/ci HTTP/1.1\r\nContent-Length: 99999\r\n\r\nhalf",
        b"GET",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(raw)
        await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await reader.read()
    assert await posted(served, told(id="after broken http")) == (202, "accepted")
