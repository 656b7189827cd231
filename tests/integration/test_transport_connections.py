"""A connection serves one call after another, and only while nobody can doubt which answer belongs to which call."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from far_end import FarEnd, Heard, answer, far_end, saying, silent
from shipbell.domain.secret import Secret
from shipbell.ports.wire import Call, NoReply, Reply, Trouble
from shipbell.transport import HttpTransport
from shipbell.transport.direct import Direct
from shipbell.transport.target import Target, target

LOOPBACK = (ip_network("127.0.0.0/8"),)
OK = b'{"errcode":0,"errmsg":"ok"}'


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    made = HttpTransport(allow=LOOPBACK)
    yield made
    await made.aclose()


def call(end: FarEnd) -> Call:
    return Call(url=Secret(end.url()), body=b"{}")


def found(end: FarEnd) -> Target:
    made = target(end.url())
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("raw", "close", "connections"),
    [
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n"
            + OK[:5]
            + b"\r\n16;x=y\r\n"
            + OK[5:]
            + b"\r\n0\r\nLast: 1\r\n\r\n",
            False,
            1,
            id="in chunks, with a trailer",
        ),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + answer(OK), False, 1, id="after a 100"),
        pytest.param(
            b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 2 + answer(OK), False, 1, id="after two early hints"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + OK, True, 2, id="without a length, to the end"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n" + OK, True, 2, id="HTTP/1.0, to the end"),
        pytest.param(
            b"HTTP/1.0 200 OK\r\nContent-Length: 27\r\n\r\n" + OK, False, 2, id="HTTP/1.0 that says nothing of keeping"
        ),
        pytest.param(answer(OK, connection="close"), False, 2, id="closing, says the answer"),
        pytest.param(answer(OK) + answer(b"{}"), False, 2, id="with a second answer behind it"),
        pytest.param(answer(OK) + b"more", False, 2, id="with bytes behind it that are none"),
    ],
)
async def test_a_reply_is_read_whole_and_its_connection_used_again_where_it_may_be(
    transport: HttpTransport, raw: bytes, *, close: bool, connections: int
) -> None:
    async with far_end(saying(raw, close=close)) as end:
        for _ in range(2):
            reply = await transport.send(call(end))
            assert isinstance(reply, Reply)
            assert (reply.status, reply.body) == (200, OK)
    assert (len(end.heard), end.connections) == (2, connections)


async def test_a_reply_in_single_bytes_is_read(transport: HttpTransport) -> None:
    async def behave(_heard: Heard, writer: asyncio.StreamWriter) -> None:
        for byte in answer(OK, x_robot="7"):
            writer.write(bytes((byte,)))
            await writer.drain()

    async with far_end(behave) as end:
        reply = await transport.send(call(end))
    assert reply == Reply(status=200, headers={"content-length": "27", "x-robot": "7"}, body=OK)


@pytest.mark.parametrize("status", [204, 304])
async def test_a_reply_without_a_body_ends_with_its_headers(transport: HttpTransport, status: int) -> None:
    async with far_end(saying(f"HTTP/1.1 {status} Nothing\r\n\r\n".encode())) as end:
        replies = [await transport.send(call(end)) for _ in range(2)]
    assert replies == [Reply(status=status, headers={}, body=b"")] * 2
    assert end.connections == 1


async def test_a_switch_to_another_protocol_is_no_answer(transport: HttpTransport) -> None:
    raw = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nwhatever"
    async with far_end(saying(raw, close=True)) as end:
        reply = await transport.send(call(end))
    assert isinstance(reply, NoReply)
    assert (reply.trouble, reply.sent) == (Trouble.CUT_OFF, True)


async def test_bytes_that_nobody_asked_for_end_an_idle_connection(transport: HttpTransport) -> None:
    spoken = asyncio.Event()

    async def behave(_heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(OK))
        await writer.drain()
        if not spoken.is_set():
            await asyncio.sleep(0.05)
            writer.write(answer(b'{"errcode":93000}'))
            await writer.drain()
            spoken.set()

    async with far_end(behave) as end:
        first = await transport.send(call(end))
        await spoken.wait()
        await asyncio.sleep(0.05)
        second = await transport.send(call(end))
    assert [isinstance(one, Reply) and one.body for one in (first, second)] == [OK, OK]
    assert end.connections == 2


async def test_a_call_that_is_called_off_leaves_no_connection_to_the_next(transport: HttpTransport) -> None:
    turns = iter([silent, saying(answer(OK))])

    async def behave(heard: Heard, writer: asyncio.StreamWriter) -> None:
        await next(turns)(heard, writer)

    async with far_end(behave) as end:
        given_up = asyncio.create_task(transport.send(call(end)))
        await end.has_heard(1)
        given_up.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await given_up
        assert isinstance(await transport.send(call(end)), Reply)
    assert end.connections == 2


async def test_a_connection_that_the_robot_closed_while_idle_is_not_used(transport: HttpTransport) -> None:
    async with far_end(saying(answer(OK), close=True)) as end:
        for _ in range(3):
            assert isinstance(await transport.send(call(end)), Reply)
            await asyncio.sleep(0.02)
    assert (len(end.heard), end.connections) == (3, 3)


async def test_many_calls_at_once_have_a_connection_each_and_share_them_afterwards(transport: HttpTransport) -> None:
    async with far_end(saying(answer(OK))) as end:
        for _ in range(3):
            replies = await asyncio.gather(*(transport.send(call(end)) for _ in range(20)))
            assert all(isinstance(one, Reply) for one in replies)
    assert (len(end.heard), end.connections) == (60, 20)


@contextlib.asynccontextmanager
async def hung_up_on(raw: bytes) -> AsyncIterator[tuple[Target, asyncio.Event, asyncio.Event]]:
    """A robot that says `raw` once; the events tell that it was asked, and that the caller hung up."""
    asked, closed = asyncio.Event(), asyncio.Event()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n{}")
        writer.write(raw)
        asked.set()
        await reader.read()
        closed.set()
        writer.close()

    server = await asyncio.start_server(once, "127.0.0.1", 0)
    made = target(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/send")
    assert made is not None
    yield made, asked, closed
    server.close()
    await server.wait_closed()


async def test_an_idle_connection_is_closed_after_a_while() -> None:
    direct = Direct(LOOPBACK, idle_seconds=0.05)
    async with hung_up_on(answer(OK)) as (robot, _, closed), asyncio.timeout(9):
        assert isinstance(await direct.send(robot, b"{}"), Reply)
        await closed.wait()
    await direct.aclose()


async def test_a_call_that_is_called_off_hangs_up() -> None:
    direct = Direct(LOOPBACK)
    async with hung_up_on(b"") as (robot, asked, closed), asyncio.timeout(9):
        given_up = asyncio.create_task(direct.send(robot, b"{}"))
        await asked.wait()
        given_up.cancel()
        await closed.wait()
    await direct.aclose()


async def test_closing_the_transport_closes_what_is_idle() -> None:
    direct = Direct(LOOPBACK)
    async with far_end(saying(answer(OK))) as end:
        assert isinstance(await direct.send(found(end), b"{}"), Reply)
        await direct.aclose()
        assert isinstance(await direct.send(found(end), b"{}"), Reply)
        assert end.connections == 2
        await direct.aclose()


@pytest.mark.parametrize(
    ("host", "word"), [("somebody", "c29tZWJvZHk6"), ("some%20body:w%C3%B6rd", "c29tZSBib2R5OnfDtnJk")]
)
async def test_what_stands_before_the_at_sign_goes_as_basic_authorization(
    transport: HttpTransport, host: str, word: str
) -> None:
    async with far_end(saying(answer(OK))) as end:
        await transport.send(Call(url=Secret(f"http://{host}@127.0.0.1:{end.port}/send"), body=b"{}"))
    (heard,) = end.heard
    assert heard.headers["authorization"] == f"Basic {word}"
    assert heard.headers["host"] == f"127.0.0.1:{end.port}"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://robot.test/x", "robot.test"),
        ("https://robot.test:443/x", "robot.test"),
        ("https://robot.test:8443/x", "robot.test:8443"),
        ("http://[::1]:9100/x", "[::1]:9100"),
        ("http://机器人.test/x", "xn--gmqz0qc7o.test"),
    ],
)
def test_the_host_header_names_the_port_where_it_is_another(url: str, host: str) -> None:
    made = target(url)
    assert made is not None
    assert f"\r\nHost: {host}\r\n".encode() in made.head


@pytest.mark.parametrize("tail", ["\r\nX-More: 1", "%0d%0aX-More:%201", "?a=b\r\n\r\nPOST / HTTP/1.1", " HTTP/1.1"])
def test_no_address_writes_headers_of_its_own(tail: str) -> None:
    made = target(f"http://robot.test/send{tail}")
    assert made is None or made.head.count(b"\r\n") == 6
    assert made is None or made.head.count(b" HTTP/1.1\r\n") == 1
