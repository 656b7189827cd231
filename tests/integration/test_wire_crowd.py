"""Strangers share what is theirs: connections, bytes of bodies, and the time of those who take too long."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from hook_house import House, house, served
from shipbell.domain.errors import Crowded, MalformedRequest
from shipbell.web import bounds
from shipbell.web.crowd import Crowd, connections_within_limits
from test_wire import Wire, event, post

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n"
READY = b"GET /readyz HTTP/1.1\r\nHost: test\r\n\r\n"
LONG = event(7, run={"description": "x" * 90_000})


@pytest.fixture
def built() -> House:
    return house()


@contextmanager
def crowded(built: House, crowd: Crowd) -> Iterator[int]:
    with served(built.app(), crowd) as address:
        yield int(address.rpartition(":")[2])


def settled(port: int, raw: bytes) -> Wire:
    """A connection on which a first call was answered."""
    wire = Wire(port)
    wire.send(raw)
    assert wire.answer()[0] in {200, 202}
    return wire


def refused_in_words(wire: Wire) -> None:
    status, headers, body = wire.answer()
    assert (status, headers["content-type"], headers["connection"]) == (503, "application/problem+json", "close")
    assert (headers["retry-after"], json.loads(body)["code"]) == ("5", "crowded")
    assert wire.ended()
    wire.socket.close()


def test_who_is_one_too_many_is_refused_in_words_and_the_others_go_on(built: House) -> None:
    with crowded(built, Crowd(most=4)) as port, capture_logs() as lines:
        inside = [settled(port, HEALTH) for _ in range(4)]
        for _ in range(3):
            late = Wire(port)
            late.send(post(event(1)))
            refused_in_words(late)
        for number, one in enumerate(inside):
            one.send(post(event(number)))
            assert one.answer()[0] == 202
        inside.pop().socket.close()
        for _ in range(1_000):
            with capture_logs():
                late = Wire(port)
                late.send(post(event(9)))
                if late.answer()[0] == 202:
                    break
        else:
            pytest.fail("nobody is let in")
        for one in (late, *inside):
            one.socket.close()
    told = [line for line in lines if line["event"] == "request.refused"]
    assert [(one["code"], one["client"], one["log_level"]) for one in told] == [("crowded", "127.0.0.1", "warning")]


@pytest.mark.parametrize("asked", [HEALTH, READY])
def test_readiness_is_told_when_strangers_hold_all_connections(built: House, asked: bytes) -> None:
    with crowded(built, Crowd(most=4)) as port:
        inside = [settled(port, HEALTH) for _ in range(4)]
        for _ in range(3):
            probe = Wire(port)
            probe.send(asked + post(event(1)))
            status, headers, _ = probe.answer()
            assert (status, headers["connection"]) == (200, "close")
            assert probe.ended()
            probe.socket.close()
        for one in inside:
            one.socket.close()
    assert built.intake.kept == []


def test_nobody_stays_at_the_door(built: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "_DOOR_SECONDS", 0.2)
    with crowded(built, Crowd(most=2)) as port:
        inside = [settled(port, HEALTH) for _ in range(2)]
        silent = [Wire(port) for _ in range(3)]
        for one in silent:
            refused_in_words(one)
        for one in inside:
            one.socket.close()


@pytest.mark.parametrize("leaves", [False, True])
def test_large_bodies_share_a_budget_and_small_ones_need_none(built: House, *, leaves: bool) -> None:
    crowd = Crowd(most_bytes=120_000)
    with crowded(built, crowd) as port:
        slow = settled(port, HEALTH)
        slow.send(post(LONG)[:-10_000])
        # Its bytes are here once a later connection is answered.
        small = settled(port, post(event(1)))
        while not crowd.held_bytes:
            small.send(HEALTH)
            assert small.answer()[0] == 200
        late = Wire(port)
        late.send(post(LONG))
        refused_in_words(late)
        small.send(post(event(2)))
        assert small.answer()[0] == 202
        if leaves:
            slow.socket.close()
        else:
            slow.send(post(LONG)[-10_000:])
            assert slow.answer()[0] == 202
        for number in range(1_000):
            if not crowd.held_bytes:
                break
            small.send(post(event(number)))
            assert small.answer()[0] == 202
        small.send(post(event(8, run={"description": "x" * 90_000})))
        assert small.answer()[0] == 202
        # The budget is given back just behind the answer.
        for _ in range(1_000):
            if not crowd.held_bytes:
                break
            small.send(HEALTH)
            assert small.answer()[0] == 200
        assert crowd.held_bytes == 0
        for one in (small, slow):
            one.socket.close()


def test_a_body_in_chunks_is_on_the_budget_too(built: House) -> None:
    with crowded(built, Crowd(most_bytes=50_000)) as port:
        wire = Wire(port)
        wire.send(post(b"", "Transfer-Encoding: chunked"), b"%x\r\n" % 400_000, b"x" * 200_000)
        refused_in_words(wire)


def test_an_empty_line_keeps_no_connection(built: House) -> None:
    with served(built.app(), keep_alive_seconds=1) as address:
        wire = settled(int(address.rpartition(":")[2]), HEALTH)
        wire.socket.settimeout(20)
        wire.send(b"\r\n")
        assert wire.ended()
        wire.socket.close()


def test_who_does_not_read_the_answer_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "_PATIENCE_SECONDS", 0.2)
    gone = threading.Event()

    async def endless(_scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(2):
            await send({"type": "http.response.body", "body": b"x" * 16 * 1024 * 1024, "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    with served(endless) as address:
        wire = Wire(int(address.rpartition(":")[2]))
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        wire.send(HEALTH)
        ended = gone.wait(20)
        wire.socket.close()
    assert ended


def test_refusals_of_a_kind_are_told_once_in_five_seconds() -> None:
    seconds = count(step=1)
    crowd = Crowd(seconds=lambda: float(next(seconds)))
    with capture_logs() as lines:
        for _ in range(7):
            crowd.tell(Crowded("Full."), {"client": ("192.0.2.1", 1), "headers": []})
        crowd.tell(MalformedRequest("What?"), {"client": None, "headers": []})
    told = [(one["code"], one["client"], one["left_out"]) for one in lines]
    assert told == [("crowded", "192.0.2.1", 0), ("crowded", "192.0.2.1", 4), ("malformed-request", "unknown", 0)]


def test_half_of_the_files_at_most_are_connections() -> None:
    assert 1 <= connections_within_limits() <= 4_096
