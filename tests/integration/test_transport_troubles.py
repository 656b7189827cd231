"""Whatever breaks on the wire is told as a value: what broke, and whether the call may have arrived."""

import asyncio
import errno
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from far_end import Behaviour, Heard, answer, far_end, saying, silent
from hand_time import HandTime
from own_certificate import made_certificate
from shipbell.domain.secret import Secret
from shipbell.ports.wire import Call, NoReply, Reply, Trouble
from shipbell.transport import HttpTransport

LOOPBACK = (ip_network("127.0.0.0/8"),)
KEY = "693axxx6-7aoc-4bc4-97a0-marker"
PATH = f"/cgi-bin/webhook/send?key={KEY}"


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    made = HttpTransport(allow=LOOPBACK)
    yield made
    await made.aclose()


@pytest.fixture
async def hand(monkeypatch: pytest.MonkeyPatch) -> HandTime:
    """Asked for after the transport, so that both live in the same loop."""
    return HandTime(monkeypatch)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_certificate(tmp_path_factory.mktemp("tls"))


async def told(transport: HttpTransport, url: str) -> tuple[Trouble, bool]:
    """Trouble and `sent` of a call that fails; its words name neither address nor key."""
    reply = await transport.send(Call(url=Secret(url), body=b"{}"))
    assert isinstance(reply, NoReply)
    assert KEY not in reply.detail
    assert "127.0.0.1" not in reply.detail
    assert "/cgi-bin" not in reply.detail
    return reply.trouble, reply.sent


@contextmanager
def closed_port() -> Iterator[int]:
    """A port of loopback that is taken but does not listen."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@contextmanager
def full_port() -> Iterator[int]:
    """A port whose queue is full: further connections get no answer at all."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0)
            assert filler.connect_ex(address) in {0, errno.EINPROGRESS}
        time.sleep(0.05)
        yield address[1]


async def test_a_closed_port_is_not_connected_and_nothing_was_sent(transport: HttpTransport) -> None:
    with closed_port() as port:
        assert await told(transport, f"http://127.0.0.1:{port}{PATH}") == (Trouble.NOT_CONNECTED, False)


async def _reset(_heard: Heard, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _close(_heard: Heard, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _reset_in_the_middle(_heard: Heard, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(content_length="1000"))
    await writer.drain()
    writer.transport.abort()


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(_close, id="closed without an answer"),
        pytest.param(_reset, id="reset without an answer"),
        pytest.param(_reset_in_the_middle, id="reset in the middle of the answer"),
        pytest.param(saying(answer(content_length="1000"), close=True), id="closed in the middle of the answer"),
        pytest.param(saying(b"SSH-2.0-OpenSSH_9.2\r\n", close=True), id="not HTTP"),
        pytest.param(saying(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 100_000 + b"\r\n", close=True), id="headers no end"),
        pytest.param(saying(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 1_000_000 + b"\r\n\r\n", close=True), id="long header"),
    ],
)
async def test_a_call_cut_off_after_it_was_sent_may_have_arrived(transport: HttpTransport, behave: Behaviour) -> None:
    async with far_end(behave) as end:
        assert await told(transport, end.url(PATH)) == (Trouble.CUT_OFF, True)
    assert len(end.heard) == 1


async def test_a_connection_that_died_while_it_was_idle_does_not_repeat_the_call(transport: HttpTransport) -> None:
    turns = iter([saying(answer()), _reset])

    async def behave(heard: Heard, writer: asyncio.StreamWriter) -> None:
        await next(turns)(heard, writer)

    async with far_end(behave) as end:
        await transport.send(Call(url=Secret(end.url(PATH)), body=b"{}"))
        assert await told(transport, end.url(PATH)) == (Trouble.CUT_OFF, True)
    assert len(end.heard) == 2


async def test_a_certificate_that_nobody_trusts_gets_no_call(transport: HttpTransport, certificate: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    async with far_end(saying(answer()), tls=tls) as end:
        assert await told(transport, end.url(PATH)) == (Trouble.CERTIFICATE, False)
    assert end.heard == []


async def test_a_trusted_certificate_gets_the_call_where_it_names_the_host(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    transport = HttpTransport(allow=LOOPBACK)
    async with far_end(saying(answer()), tls=tls) as end:
        for _ in range(2):
            assert isinstance(await transport.send(Call(url=Secret(end.url(PATH)), body=b"{}")), Reply)
        assert (len(end.heard), end.connections) == (2, 1)
        assert await told(transport, f"https://localhost:{end.port}{PATH}") == (Trouble.CERTIFICATE, False)
    await transport.aclose()
    assert len(end.heard) == 2


async def test_https_to_a_port_that_speaks_none_gets_no_call(transport: HttpTransport) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert await told(transport, f"https://127.0.0.1:{port}{PATH}") == (Trouble.CERTIFICATE, False)
    server.close()
    await server.wait_closed()


async def _trickle(_heard: Heard, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(b"", content_length="1000"))
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.2)


async def test_connecting_ends_after_five_seconds_and_a_call_after_ten(
    transport: HttpTransport, hand: HandTime
) -> None:
    with full_port() as full, socket.create_server(("127.0.0.1", 0)) as mute:
        async with far_end(silent) as stalled, far_end(_trickle) as trickling:
            urls = (
                f"http://127.0.0.1:{full}{PATH}",
                f"https://127.0.0.1:{mute.getsockname()[1]}{PATH}",
                stalled.url(PATH),
                trickling.url(PATH),
            )
            calls = [asyncio.create_task(told(transport, url)) for url in urls]
            await hand.without_a_timer(asyncio.gather(stalled.has_heard(1), trickling.has_heard(1)))
            seen = []
            for seconds in (4.9, 0.2, 4.8, 0.2):
                await hand.pass_by(seconds)
                seen.append([one.done() for one in calls])
            found = [await hand.without_a_timer(one) for one in calls]
    assert seen == [[False] * 4, [True, True, False, False], [True, True, False, False], [True] * 4]
    assert found == [*[(Trouble.NOT_CONNECTED, False)] * 2, *[(Trouble.TIMED_OUT, True)] * 2]


@pytest.fixture
def slow_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Every name that begins with `slow` is looked up without an answer until the test ends."""
    ended = threading.Event()
    real = socket.getaddrinfo

    def look_up(host: str, *rest: Any, **more: Any) -> list[Any]:  # noqa: ANN401 - the standard library's own signature
        if host.startswith("slow"):
            ended.wait(30)
            raise socket.gaierror
        return list(real(host, *rest, **more))

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield ended
    ended.set()


@pytest.mark.usefixtures("slow_names")
async def test_a_name_that_is_looked_up_without_end_was_not_sent_and_holds_up_no_other(
    transport: HttpTransport, hand: HandTime
) -> None:
    hanging = [asyncio.create_task(told(transport, f"http://slow-{one}.test{PATH}")) for one in range(40)]
    await hand.pass_by(0)
    async with far_end(saying(answer())) as end:
        healthy = transport.send(Call(url=Secret(f"http://localhost:{end.port}{PATH}"), body=b"{}"))
        assert isinstance(await hand.without_a_timer(healthy), Reply)
    await hand.pass_by(4.9)
    assert not any(one.done() for one in hanging)
    await hand.pass_by(0.2)
    found = await hand.without_a_timer(asyncio.gather(*hanging))
    assert found == [(Trouble.NOT_CONNECTED, False)] * 40


@pytest.mark.usefixtures("slow_names")
async def test_behind_a_proxy_a_call_ends_after_ten_seconds_in_all(hand: HandTime) -> None:
    async with far_end(silent) as proxy:
        transport = HttpTransport(proxy=proxy.url(""))
        urls = ("http://slow.test/", "http://8.8.8.8/", "https://8.8.8.8/")
        calls = [asyncio.create_task(told(transport, url)) for url in urls]
        await hand.without_a_timer(proxy.has_heard(2))
        seen = []
        for seconds in (4.9, 0.2, 4.8, 0.2):
            await hand.pass_by(seconds)
            seen.append([one.done() for one in calls])
        ended = [await hand.without_a_timer(one) for one in calls]
        await transport.aclose()
    assert seen == [[False] * 3, [True, False, True], [True, False, True], [True] * 3]
    assert ended == [(Trouble.NAME_NOT_FOUND, False), (Trouble.TIMED_OUT, True), (Trouble.PROXY, False)]
