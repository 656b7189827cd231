"""Calls of hooks are answered alike, whether they come whole or in pieces, alone or behind one another."""

import json
import socket
from collections.abc import Callable, Iterator, Sequence

import pytest

from hook_house import SECRET, House, house, served

HOOK = "/hooks/payments/generic"


@pytest.fixture
def built() -> House:
    return house()


@pytest.fixture
def port(built: House) -> Iterator[int]:
    with served(built.app()) as address:
        yield int(address.rpartition(":")[2])


def event(number: int, **more: object) -> bytes:
    return json.dumps({"id": str(number), "type": "pipeline.run.failed", "subject": {"name": "x"}, **more}).encode()


def post(body: bytes, *lines: str, path: str = HOOK, version: str = "1.1", secret: str = SECRET) -> bytes:
    """A request as it goes over the wire."""
    length = () if any("transfer-encoding" in one.lower() for one in lines) else (f"Content-Length: {len(body)}",)
    head = (f"POST {path} HTTP/{version}", "Host: test", f"Authorization: Bearer {secret}", *length, *lines)
    return "\r\n".join((*head, "", "")).encode() + body


def chunked(body: bytes) -> bytes:
    return post(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body), "Transfer-Encoding: chunked")


class Wire:
    """A connection that is read answer by answer."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.rest = b""

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.socket.sendall(piece)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the next answer."""
        head, body = self._until(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        while len(body) < length:
            body += self._more()
        self.rest = body[length:]
        return int(lines[0].split(" ")[1]), headers, body[:length]

    def ended(self) -> bool:
        """Whether the server closed the connection, with nothing more said."""
        return self.rest == b"" and self.socket.recv(1) == b""

    def _until(self, end: bytes) -> tuple[bytes, bytes]:
        seen = self.rest
        while end not in seen:
            seen += self._more()
        head, _, body = seen.partition(end)
        return head, body

    def _more(self) -> bytes:
        got = self.socket.recv(65_536)
        assert got, "the server closed the connection"
        return got


@pytest.fixture
def wire(port: int) -> Iterator[Wire]:
    made = Wire(port)
    yield made
    made.socket.close()


WAYS: dict[str, Callable[[bytes], Sequence[bytes]]] = {
    "whole": lambda body: [post(body)],
    "in chunks": lambda body: [chunked(body)],
    "byte by byte": lambda body: [bytes((one,)) for one in post(body)],
    "head and body apart": lambda body: [post(body)[: -len(body)], body],
    "with a query": lambda body: [post(body, path=f"{HOOK}?a=1")],
    "with an escaped path": lambda body: [post(body, path="/hooks/payments/%67eneric")],
    "with its own words": lambda body: [post(body, "Connection: keep-alive", "X-Other: y")],
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_sending_a_call_is_answered_alike(wire: Wire, built: House, way: str) -> None:
    for number in range(3):
        wire.send(*WAYS[way](event(number)))
        status, headers, body = wire.answer()
        assert (status, json.loads(body)["accepted"]) == (202, 1)
        assert headers["content-type"] == "application/json"
        assert set(headers) - {"server"} == {"date", "content-type", "content-length", "x-request-id"}
    assert [one.event.id for one in built.intake.kept] == ["0", "1", "2"]


@pytest.mark.parametrize("size", [99_000, 101_000, 1_000_000])
def test_a_long_body_is_taken_as_a_short_one(wire: Wire, size: int) -> None:
    wire.send(post(event(1, run={"description": "x" * size})))
    assert wire.answer()[0] == 202


def test_calls_behind_one_another_are_answered_in_their_order(wire: Wire) -> None:
    wire.send(
        post(event(1)) + post(event(2), secret="wrong") + b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n"
        + chunked(event(3)) + post(event(4)) + post(b"{")
    )  # fmt: skip
    assert [wire.answer()[0] for _ in range(6)] == [202, 401, 200, 202, 202, 400]


def test_a_refused_call_is_a_problem_document_and_the_connection_lives(wire: Wire) -> None:
    wire.send(post(event(1), secret="wrong"))
    status, headers, body = wire.answer()
    assert (status, headers["content-type"]) == (401, "application/problem+json")
    assert (json.loads(body)["code"], headers["www-authenticate"]) == ("bad-signature", "Bearer")
    wire.send(post(event(1), path="/hooks/payments/nobody"))
    assert wire.answer()[0] == 404
    wire.send(post(event(1)))
    assert wire.answer()[0] == 202


def test_a_fault_of_ours_is_500_with_its_request_id(wire: Wire, built: House) -> None:
    built.intake.trouble = RuntimeError("inside")
    wire.send(post(event(1)))
    status, headers, body = wire.answer()
    assert (status, json.loads(body)["code"]) == (500, "internal-error")
    assert headers["x-request-id"] in json.loads(body)["detail"]
    assert b"inside" not in body


@pytest.mark.parametrize(
    ("version", "lines"), [("1.1", ["Connection: close"]), ("1.0", []), ("1.1", ["Connection: Close, x"])]
)
def test_who_wants_the_connection_closed_gets_it_closed(wire: Wire, version: str, lines: list[str]) -> None:
    wire.send(post(event(1), *lines, version=version))
    status, headers, _ = wire.answer()
    assert (status, headers["connection"]) == (202, "close")
    assert wire.ended()


def test_who_asks_before_sending_is_told_to_go_on(wire: Wire) -> None:
    call = post(event(1), "Expect: 100-continue")
    wire.send(call[: -len(event(1))])
    assert wire.answer()[0] == 100
    wire.send(event(1))
    assert wire.answer()[0] == 202


def test_who_leaves_in_the_middle_disturbs_nobody(port: int, wire: Wire, built: House) -> None:
    for cut in (1, len(event(1)) // 2, 0):
        gone = Wire(port)
        whole = post(event(cut + 10))
        gone.send(whole[: len(whole) - cut])
        gone.socket.close()
    wire.send(post(event(1)))
    assert wire.answer()[0] == 202
    assert [one.event.id for one in built.intake.kept if one.event.id != "10"] == ["1"]
