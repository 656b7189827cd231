"""However a call ends, the next one gets no part of it: no byte, no connection, no doubt."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from far_end import FarEnd, Heard, answer, far_end, saying, silent
from own_certificate import made_certificate
from shipbell.domain.secret import Secret
from shipbell.ports.wire import Call, NoReply, Reply, Trouble
from shipbell.transport import HttpTransport
from shipbell.transport.connection import Connection
from shipbell.transport.direct import Direct
from shipbell.transport.target import Target, target

LOOPBACK = (ip_network("127.0.0.0/8"),)
OK = b'{"errcode":0,"errmsg":"ok"}'
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    made = HttpTransport(allow=LOOPBACK)
    yield made
    await made.aclose()


def call(end: FarEnd) -> Call:
    return Call(url=Secret(end.url()), body=b"{}")


async def connected(end: FarEnd) -> Connection:
    _, made = await asyncio.get_running_loop().create_connection(Connection, end.host, end.port)
    return made


@pytest.mark.parametrize(
    "behind",
    [
        b"H",
        b"HTTP/1.1 429 No\r\nRetry-After: 9\r\n",
        b"HTTP/1.1 429 No\r\nRetry-After: 9\r\nX-Robot: ",
        answer(b"{}", retry_after="9"),
    ],
    ids=["a letter", "a head without its end", "a head in the middle of a line", "a whole answer"],
)
async def test_what_begins_behind_an_answer_belongs_to_no_call(transport: HttpTransport, behind: bytes) -> None:
    async with far_end(saying(answer(OK) + behind)) as end:
        replies = [await transport.send(call(end)) for _ in range(3)]
    assert replies == [Reply(status=200, headers={"content-length": "27"}, body=OK)] * 3
    assert end.connections == 3


async def test_a_trailer_is_no_header(transport: HttpTransport) -> None:
    raw = CHUNKED + b"2\r\n{}\r\n0\r\nRetry-After: 9\r\n\r\n"
    async with far_end(saying(raw)) as end:
        reply = await transport.send(call(end))
    assert reply == Reply(status=200, headers={"transfer-encoding": "chunked"}, body=b"{}")


@pytest.mark.parametrize("coding", [b"identity", b"gzip"])
async def test_a_body_that_is_not_in_chunks_ends_with_the_connection(transport: HttpTransport, coding: bytes) -> None:
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + coding + b"\r\n\r\n" + OK
    async with far_end(saying(raw, close=True)) as end:
        reply = await transport.send(call(end))
    assert isinstance(reply, Reply)
    assert reply.body == OK


@pytest.mark.parametrize(
    ("begin", "again"), [(b"2;", b"x" * 1_000), (b"0\r\n", b"X-Robot: 7\r\n" * 80)], ids=["of a chunk", "of trailers"]
)
async def test_an_answer_without_end_is_cut_after_a_megabyte(
    transport: HttpTransport, begin: bytes, again: bytes
) -> None:
    given: list[int] = []

    async def behave(_heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(CHUNKED + begin)
        with contextlib.suppress(ConnectionError):
            for turn in range(60_000):
                given[:] = [turn * len(again)]
                writer.write(again)
                await writer.drain()

    async with far_end(behave) as end:
        reply = await transport.send(call(end))
    assert reply == NoReply(trouble=Trouble.REPLY_TOO_LARGE, sent=True, detail="HTTP 200")
    assert given[0] < 30_000_000, "far less than it would have said"


async def test_a_connection_that_broke_before_the_call_has_not_sent_it() -> None:
    async with far_end(silent) as end:
        spoken_to, hung_up = await connected(end), await connected(end)
        spoken_to.data_received(b"220 mail.test\r\n")
        hung_up.close()
        await asyncio.sleep(0)
        until = asyncio.get_running_loop().time() + 9
        replies = [await one.ask(b"", until=until) for one in (spoken_to, hung_up)]
    assert replies == [NoReply(trouble=Trouble.NOT_CONNECTED, sent=False, detail="ServerDisconnected")] * 2


async def test_a_call_that_is_called_off_as_its_answer_comes_hangs_up() -> None:
    async with far_end(silent) as end:
        connection = await connected(end)
        asked = asyncio.create_task(connection.ask(b"", until=asyncio.get_running_loop().time() + 9))
        await asyncio.sleep(0)
        connection.data_received(answer(OK))
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert not connection.open


async def test_a_call_that_ends_after_the_transport_was_closed_keeps_no_connection() -> None:
    direct = Direct(LOOPBACK)
    asked, go_on, hung_up = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n{}")
        asked.set()
        await go_on.wait()
        writer.write(answer(OK))
        await reader.read()
        hung_up.set()
        writer.close()

    server = await asyncio.start_server(once, "127.0.0.1", 0)
    robot = target(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/send")
    assert robot is not None
    async with asyncio.timeout(9):
        last = asyncio.create_task(direct.send(robot, b"{}"))
        await asked.wait()
        await direct.aclose()
        go_on.set()
        assert isinstance(await last, Reply)
        await hung_up.wait()
    server.close()
    await server.wait_closed()


async def test_connecting_that_is_called_off_anywhere_troubles_no_other_call(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate = made_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    direct, closing = Direct(LOOPBACK), saying(answer(OK, connection="close"))
    async with far_end(closing, tls=tls) as shaking, far_end(closing) as plain:
        for turns in range(40):
            given_up = asyncio.create_task(direct.send(found(shaking), b"{}"))
            for _ in range(turns):
                await asyncio.sleep(0)
            given_up.cancel()
            replies = await asyncio.gather(*(direct.send(found(plain), b"{}") for _ in range(8)))
            assert [one for one in replies if not isinstance(one, Reply)] == []
    await direct.aclose()


def found(end: FarEnd) -> Target:
    made = target(end.url())
    assert made is not None
    return made
