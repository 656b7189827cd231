"""What needs no body is answered before it; who leaves in the middle, or asks too much, is no fault of ours."""

import asyncio
import json
from collections.abc import Iterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

from hand_clock import HandClock
from hook_house import SECRET, STARTED, House, house, served
from shipbell.web.readiness import Readiness
from test_wire import HOOK, Wire, event, post

LONG = "Content-Length: 500000"
HUGE = "Content-Length: 5000000"


async def _read(request: Request) -> Response:
    return Response(await request.body())


@pytest.fixture
def built() -> House:
    return house()


@pytest.fixture
def address(built: House) -> Iterator[str]:
    with served(built.app(routes=[Route("/read", _read, methods=["POST"])])) as made:
        yield made


@pytest.fixture
def wire(address: str) -> Iterator[Wire]:
    made = Wire(int(address.rpartition(":")[2]))
    made.socket.settimeout(20)
    yield made
    made.socket.close()


def head(path: str, *lines: str) -> bytes:
    told = (f"POST {path} HTTP/1.1", "Host: test", f"Authorization: Bearer {SECRET}", *lines, "", "")
    return "\r\n".join(told).encode()


@pytest.mark.parametrize(
    ("path", "lines", "wanted"),
    [
        ("/hooks/payments/nobody", [LONG], 404),
        ("/hooks/nobody/generic", ["Transfer-Encoding: chunked"], 404),
        ("/hooks/nobody/generic", [LONG, "Expect: 100-continue"], 404),
        ("/hooks/nobody/generic", [HUGE], 404),
        (HOOK, [HUGE], 413),
    ],
)
def test_what_needs_no_body_is_answered_before_it_comes(wire: Wire, path: str, lines: list[str], wanted: int) -> None:
    wire.send(head(path, *lines))
    assert wire.answer()[0] == wanted


@pytest.mark.parametrize(
    ("path", "lines", "observed"), [(HOOK, [LONG], [("hung-up", 0)]), ("/read", ["Content-Length: 9"], [])]
)
def test_who_hangs_up_in_the_middle_is_no_fault_of_ours(
    address: str, built: House, path: str, lines: list[str], observed: list[tuple[str, int]]
) -> None:
    with capture_logs() as told:
        gone = Wire(int(address.rpartition(":")[2]))
        gone.send(head(path, *lines) + b"{")
        gone.socket.close()
        with httpx.Client(base_url=address, timeout=60) as client:
            for _ in range(1_000):
                if any(line.get("code") == "hung-up" for line in told):
                    break
                assert client.get("/healthz").status_code == 200
    assert {line["event"] for line in told} == {"request.answered"}
    assert [(line["code"], line["status"]) for line in told if line["path"] == path] == [("hung-up", 0)]
    assert built.observed == observed


@pytest.mark.parametrize("path", [HOOK, "/read", "/healthz"])
def test_a_query_of_more_fields_than_anybody_means_is_refused(wire: Wire, path: str) -> None:
    wire.send(post(event(1), path=f"{path}?{'a=&' * 999}"))
    assert wire.answer()[0] in {200, 202, 405}
    wire.send(post(event(2), path=f"{path}?{'&' * 1_000}"))
    status, headers, body = wire.answer()
    assert (status, headers["content-type"]) == (400, "application/problem+json")
    assert json.loads(body)["code"] == "bad-input"
    assert "1,000 fields" in json.loads(body)["detail"]


def test_each_line_of_the_log_has_its_client(wire: Wire) -> None:
    with capture_logs() as told:
        wire.send(post(event(1)) + b"GET /healthz HTTP/1.1\r\nHost: test\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n")
        assert [wire.answer()[0] for _ in range(2)] == [202, 200]
    assert [line["client"] for line in told] == ["127.0.0.1"] * 2


class Asked:
    """A check that waits until it may answer, and counts."""

    def __init__(self) -> None:
        self.times = 0
        self.may = asyncio.Event()

    async def __call__(self) -> dict[str, str]:
        self.times += 1
        await self.may.wait()
        return {"times": str(self.times)}


async def test_readiness_is_asked_once_for_all_who_ask_within_a_second() -> None:
    asked, clock = Asked(), HandClock(STARTED)
    readiness = Readiness(asked, clock)
    waiting = [asyncio.create_task(readiness.checks()) for _ in range(50)]
    await asyncio.sleep(0)
    waiting.pop().cancel()
    asked.may.set()
    assert await asyncio.gather(*waiting) == [{"times": "1"}] * 49
    assert await readiness.checks() == {"times": "1"}
    for moved in (1, -3_600):
        clock.move(moved)
        await readiness.checks()
    assert asked.times == 3
