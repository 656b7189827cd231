"""Heads are read strictly, and what comes behind one another within bounds and in order."""

import gc
import json
import threading
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from hook_house import SECRET, House, house, served
from shipbell.web.bounds import Bounded
from shipbell.web.hooks import Hook
from test_wire import HOOK, Wire, chunked, event, post
from test_wire_bounds import START

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n"
NO_CHUNK = chunked(event(9)).replace(b"\r\n\r\n", b"\r\n\r\nzz", 1)
GARBAGE = b"\x16\x03\x01 no HTTP at all\r\n\r\n"


@pytest.fixture
def built() -> House:
    return house()


@pytest.fixture
def wire(built: House) -> Iterator[Wire]:
    hook = Hook(ingest=built.ingest(), clock=built.clock, trusted=[ip_network("127.0.0.0/8")])
    with served(built.app(hook=hook)) as address:
        made = Wire(int(address.rpartition(":")[2]))
        made.socket.settimeout(20)
        yield made
        made.socket.close()


def code_of(body: bytes) -> str:
    return str(json.loads(body)["code"])


def with_trailers(body: bytes, *lines: str, trailers: bytes, secret: str) -> bytes:
    whole = post(b"", "Transfer-Encoding: chunked", "Trailer: Authorization", *lines, secret=secret)
    return whole + b"%x\r\n%s\r\n0\r\n%s\r\n" % (len(body), body, trailers)


def test_a_secret_in_a_trailer_is_none(wire: Wire) -> None:
    trailer = f"Authorization: Bearer {SECRET}\r\n".encode()
    wire.send(with_trailers(event(1), trailers=trailer, secret="wrong"))
    assert wire.answer()[0] == 401
    wire.send(with_trailers(event(1), trailers=b"Authorization: Bearer wrong\r\n", secret=SECRET))
    assert wire.answer()[0] == 202


def test_an_address_in_a_trailer_is_none(wire: Wire, built: House) -> None:
    told = b"X-Forwarded-For: 203.0.113.99\r\n"
    wire.send(with_trailers(event(1), "X-Forwarded-For: 198.51.100.7", trailers=told, secret=SECRET))
    assert wire.answer()[0] == 202
    assert [one.address for one in built.intake.calls] == ["198.51.100.7"]


def test_a_hundred_headers_are_taken_and_one_more_is_not(wire: Wire) -> None:
    lines = [f"X-{number}: y" for number in range(97)]
    wire.send(post(event(1), *lines))
    assert wire.answer()[0] == 202
    wire.send(post(event(2), *lines, "X-More: y"))
    status, headers, body = wire.answer()
    assert (status, headers["connection"], code_of(body)) == (431, "close", "head-too-large")
    assert wire.ended()


def test_a_head_of_many_headers_is_refused_before_its_end(wire: Wire) -> None:
    wire.send(START + b"a:\r\n" * 1_000)
    assert wire.answer()[0] == 431
    assert wire.ended()


FRAMINGS = {
    "two hosts": (post(event(1), "Host: other"), 400, "malformed-request"),
    "no host": (post(event(1)).replace(b"Host: test\r\n", b""), 400, "malformed-request"),
    "gzip": (chunked(event(1)).replace(b": chunked", b": gzip, chunked"), 501, "unknown-transfer-coding"),
    "two codings": (
        chunked(event(1)).replace(b"Tr", b"Transfer-Encoding: gzip\r\nTr", 1),
        501,
        "unknown-transfer-coding",
    ),
    "no chunk": (NO_CHUNK, 400, "malformed-request"),
    "garbage": (GARBAGE, 400, "malformed-request"),
}


@pytest.mark.parametrize("what", FRAMINGS)
def test_a_head_that_may_be_read_in_two_ways_is_refused(wire: Wire, built: House, what: str) -> None:
    raw, wanted, code = FRAMINGS[what]
    with capture_logs() as lines:
        wire.send(raw)
        status, headers, body = wire.answer()
        assert wire.ended()
    assert (status, headers["content-type"], code_of(body)) == (wanted, "application/problem+json", code)
    assert [(one["event"], one["client"]) for one in lines if one["event"] == "request.refused"] == [
        ("request.refused", "127.0.0.1")
    ]
    assert built.intake.kept == []


def test_an_old_client_needs_no_host_and_chunked_may_be_shouted(wire: Wire) -> None:
    wire.send(chunked(event(2)).replace(b": chunked", b": CHUNKED"))
    assert wire.answer()[0] == 202
    wire.send(post(event(1), version="1.0").replace(b"Host: test\r\n", b""))
    assert wire.answer()[0] == 202


BEFORE = {
    "a plain call": ([post(event(1))], [202]),
    "a call in chunks": ([chunked(event(1))], [202]),
    "several": ([post(event(1)), HEALTH, chunked(event(2)), post(event(3))], [202, 200, 202, 202]),
    "twenty": ([HEALTH] * 20, [200] * 20),
}


@pytest.mark.parametrize("fault", [GARBAGE, post(event(9), "Host: x"), NO_CHUNK])
@pytest.mark.parametrize("before", BEFORE)
def test_what_came_before_garbage_is_answered_first(wire: Wire, before: str, fault: bytes) -> None:
    calls, wanted = BEFORE[before]
    wire.send(b"".join(calls) + fault)
    assert [wire.answer()[0] for _ in wanted] == wanted
    assert wire.answer()[0] == 400
    assert wire.ended()


class Counting:
    """An application that counts how many requests are held at once."""

    def __init__(self) -> None:
        self.seen = self.most = 0

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.seen += 1
        if self.seen % 1_000 == 1:
            gc.collect()
            self.most = max(self.most, sum(isinstance(one, RequestResponseCycle) for one in gc.get_objects()))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def test_few_of_thousands_of_requests_behind_one_another_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    app, calls = Counting(), 6_000
    with served(app) as address:
        wire = Wire(int(address.rpartition(":")[2]))
        wire.send(b"GET / HTTP/1.1\r\nHost:\r\n\r\n" * calls)
        assert {wire.answer()[0] for _ in range(calls)} == {204}
        wire.socket.close()
    assert app.seen == calls
    assert app.most < 100


class Weighing:
    """An application that asks for each body, and weighs what its connections hold unread."""

    def __init__(self) -> None:
        self.seen = self.most_bytes = 0

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        self.seen += 1
        if self.seen % 200 == 0:
            held = [len(one._unread) for one in gc.get_objects() if isinstance(one, Bounded)]
            self.most_bytes = max(self.most_bytes, *held, 0)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def test_no_more_is_read_while_requests_wait() -> None:
    app, calls = Weighing(), 4_000
    with served(app) as address:
        wire = Wire(int(address.rpartition(":")[2]))
        raw = b"POST / HTTP/1.1\r\nHost:\r\nX: " + b"x" * 1_000 + b"\r\nContent-Length: 0\r\n\r\n"
        sending = threading.Thread(target=wire.send, args=(raw * calls,))
        sending.start()
        assert {wire.answer()[0] for _ in range(calls)} == {204}
        sending.join()
        wire.socket.close()
    assert app.most_bytes <= 512 * 1024


def test_a_long_body_behind_many_requests_is_read_to_its_end(wire: Wire, built: House) -> None:
    words = "\r\n\r\n" * 50_000
    long = event(1, run={"description": "x" * 200_000}, labels={"words": words})
    wire.send(HEALTH * 40 + post(long) + HEALTH * 40 + chunked(long) + HEALTH)
    assert [wire.answer()[0] for _ in range(83)] == [200] * 40 + [202] + [200] * 40 + [202, 200]
    assert len(built.intake.kept) == 1


def test_a_body_full_of_ends_of_heads_is_as_good_as_any(wire: Wire) -> None:
    wire.send(post(b"\r\n\r\n" * 20_000 + event(1)))
    assert wire.answer()[0] == 202
    wire.send(post(b"\r\n\r\n" * 200_000 + event(2), path=f"{HOOK}?a=1"))
    assert wire.answer()[0] == 202
