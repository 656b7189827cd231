"""Whoever sends what never ends, or asks for what is not spoken here, holds up neither memory nor connections."""

import asyncio
import json
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from hook_house import House, house, served
from shipbell.web import bounds
from test_wire import HOOK, Wire, event, post

MIB = 1024 * 1024
START = b"POST /hooks/payments/generic HTTP/1.1\r\nHost: test\r\n"
ENDLESS = {
    "one header": (START + b"X-Long: ", b"x"),
    "many headers": (START, b"X-Short: y\r\n"),
    "the address": (b"POST /", b"x"),
    "trailers": (START + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n", b"X-Trailer: y\r\n"),
    "one trailer": (START + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\nX-Long: ", b"x"),
}
UNFINISHED = {
    "nothing": b"",
    "half a head": START + b"X-A",
    "half a body": post(event(1))[:-1],
    "half a long body": post(event(1, run={"description": "x" * 200_000}))[:-1],
    "half a chunk": START + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    "half of a second call": post(event(1)) + START,
}


@pytest.fixture
def built() -> House:
    return house()


@pytest.fixture
def port(built: House) -> Iterator[int]:
    with served(built.app()) as address:
        yield int(address.rpartition(":")[2])


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks follow each other at once."""
    monkeypatch.setattr(bounds, "_PATIENCE_SECONDS", 0.05)


def poured(wire: Wire, first: bytes, more: bytes) -> int:
    """How much of something endless the server takes before it closes the connection."""
    wire.send(first)
    piece, taken = more * (MIB // len(more)), 0
    try:
        while taken < 32 * MIB:
            wire.send(piece)
            taken += len(piece)
    except (ConnectionError, TimeoutError):
        return taken
    return taken


@pytest.mark.parametrize("what", ENDLESS)
def test_what_comes_without_end_is_cut_off(port: int, what: str) -> None:
    wire = Wire(port)
    assert poured(wire, *ENDLESS[what]) < 32 * MIB
    wire.socket.close()


def test_a_large_head_is_told_so_and_a_long_one_is_taken(port: int) -> None:
    wire = Wire(port)
    wire.send(post(event(1), "X-Long: " + "x" * 50_000))
    assert wire.answer()[0] == 202
    wire.send(START + b"X-Long: " + b"x" * 70_000)
    status, headers, body = wire.answer()
    assert (status, headers["content-type"], headers["connection"]) == (431, "application/problem+json", "close")
    assert json.loads(body)["code"] == "head-too-large"
    assert wire.ended()
    wire.socket.close()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("what", UNFINISHED)
def test_a_connection_on_which_no_request_becomes_whole_is_ended(port: int, what: str) -> None:
    wire = Wire(port)
    wire.send(UNFINISHED[what])
    if what == "half of a second call":
        assert wire.answer()[0] == 202
    assert wire.ended()
    wire.socket.close()


def looked_at_twice(port: int) -> None:
    """A connection that says nothing is ended at the second look: those that were there were looked at as often."""
    wire = Wire(port)
    assert wire.ended()
    wire.socket.close()


async def patient(scope: Scope, _receive: Receive, send: Send) -> None:
    """An answer that waits until somebody else asks for its end."""
    ends: asyncio.Event = patient.__dict__.setdefault("ends", asyncio.Event())
    if scope["path"] == "/end":
        ends.set()
    await ends.wait()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.usefixtures("impatient")
def test_an_answer_that_takes_long_and_a_connection_that_rests_are_let_be() -> None:
    with served(patient) as address:
        port = int(address.rpartition(":")[2])
        slow = Wire(port)
        slow.send(b"GET /slow HTTP/1.1\r\nHost: test\r\n\r\n")
        looked_at_twice(port)
        ending = Wire(port)
        ending.send(b"GET /end HTTP/1.1\r\nHost: test\r\n\r\n")
        assert (ending.answer()[0], slow.answer()[0]) == (204, 204)
        looked_at_twice(port)
        for one in (slow, ending):
            one.send(b"GET /again HTTP/1.1\r\nHost: test\r\n\r\n")
            assert one.answer()[0] == 204
            one.socket.close()


def test_who_asks_for_http_2_in_the_clear_is_answered_as_everybody(port: int, built: House) -> None:
    wire = Wire(port)
    asked = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA")
    words = "a\r\nUpgrade: h2c\r\n"
    long = event(1).replace(b'"x"', json.dumps("y" * 200_000).encode())
    for body in (event(0), long):
        wire.send(post(body, *asked))
        assert wire.answer()[0] == 202
    head, _, rest = post(event(2, project_name=words), *asked).partition(b"\r\n\r\n")
    wire.send(head + b"\r\n\r\n", rest)
    assert wire.answer()[0] == 202
    assert [one.event.id for one in built.intake.kept] == ["0", "1", "2"]
    assert built.intake.kept[-1].event.project_name == words  # type: ignore[union-attr]
    wire.send(post(event(3), path=HOOK))
    assert wire.answer()[0] == 202
    wire.socket.close()


@pytest.mark.parametrize("asked", [b"", b"Connection: Upgrade\r\nUpgrade: h2c\r\n"], ids=["plain", "h2c"])
def test_thousands_of_calls_sent_at_once_are_each_answered(port: int, asked: bytes) -> None:
    wire, calls = Wire(port), 3_000
    wire.send((b"GET /healthz HTTP/1.1\r\nHost: test\r\nX-Padding: " + b"x" * 30 + b"\r\n" + asked + b"\r\n") * calls)
    assert {wire.answer()[0] for _ in range(calls)} == {200}
    wire.socket.close()


def test_a_call_behind_a_long_one_is_read_in_its_own_time(port: int) -> None:
    wire = Wire(port)
    wire.send(post(event(1, run={"description": "x" * 90_000})) + START)
    assert wire.answer()[0] == 202
    wire.send(post(event(2)).removeprefix(START))
    assert wire.answer()[0] == 202
    wire.socket.close()


@pytest.mark.parametrize("first", [b"", post(event(8))])
def test_what_cannot_be_spoken_is_answered_and_ends_nothing_else(port: int, first: bytes) -> None:
    wire = Wire(port)
    if first:
        wire.send(first)
        assert wire.answer()[0] == 202
    wire.send(b"GET /healthz HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    assert wire.answer()[0] == 200
    wire.send(post(event(9)) + post(event(10), "Connection: Upgrade", "Upgrade: h2c") + post(event(11)))
    assert [wire.answer()[0] for _ in range(3)] == [202] * 3
    wire.send(post(event(12), "Upgrade: h2c") + post(event(13), "Connection: Upgrade"))
    assert [wire.answer()[0] for _ in range(2)] == [202] * 2
    wire.send(b"CONNECT test:80 HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    assert wire.answer()[0] in {400, 404}
    wire.socket.close()
