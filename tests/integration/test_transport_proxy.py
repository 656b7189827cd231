"""Behind a proxy the proxy is exempt, the target is judged all the same, and the proxy's faults are told as its own."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from far_end import FarEnd, Heard, answer, far_end, saying
from shipbell.domain.secret import Secret
from shipbell.ports.wire import Call, NoReply, Reply, Trouble
from shipbell.transport import HttpTransport
from shipbell.transport.guard import Network

PUBLIC = "http://8.8.8.8/send?key=k"


@asynccontextmanager
async def through(proxy: str, allow: Sequence[Network] = ()) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(allow=allow, proxy=proxy)
    try:
        yield made
    finally:
        await made.aclose()


async def send(end: FarEnd, url: str) -> Reply | NoReply:
    async with through(end.url("")) as transport:
        return await transport.send(Call(url=Secret(url), body=b'{"a":1}'))


async def test_a_call_goes_through_a_proxy_on_a_private_address() -> None:
    async with far_end(saying(answer())) as proxy:
        reply = await send(proxy, PUBLIC)
    assert isinstance(reply, Reply)
    (heard,) = proxy.heard
    assert (heard.method, heard.target, heard.body) == ("POST", PUBLIC, b'{"a":1}')


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "http://0x7f.1/",
        "http://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://localhost/",
    ],
)
async def test_a_private_target_is_refused_before_the_proxy_hears_of_it(url: str) -> None:
    async with far_end(saying(answer())) as proxy:
        reply = await send(proxy, url)
    assert isinstance(reply, NoReply)
    assert (reply.trouble, reply.sent, proxy.connections) == (Trouble.NOT_ALLOWED, False, 0)


async def test_a_target_that_nobody_knows_is_told_before_the_proxy_hears_of_it() -> None:
    async with far_end(saying(answer())) as proxy:
        reply = await send(proxy, "http://nothing.invalid/")
    assert isinstance(reply, NoReply)
    assert (reply.trouble, reply.sent, proxy.connections) == (Trouble.NAME_NOT_FOUND, False, 0)


@pytest.mark.parametrize("status", [403, 407, 500, 502, 503, 504])
async def test_a_tunnel_that_the_proxy_refuses_is_the_proxys_fault(status: int) -> None:
    async with far_end(saying(answer(b"", status=status))) as proxy:
        reply = await send(proxy, "https://8.8.8.8/send?key=k")
    assert isinstance(reply, NoReply)
    assert (reply.trouble, reply.sent) == (Trouble.PROXY, False)
    assert [(one.method, one.target) for one in proxy.heard] == [("CONNECT", "8.8.8.8:443")]


@pytest.mark.parametrize(
    "raw",
    [b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n"],
    ids=["nothing", "no HTTP", "two lengths"],
)
async def test_a_tunnel_that_breaks_is_the_proxys_fault_and_a_call_that_breaks_may_have_arrived(raw: bytes) -> None:
    async with far_end(saying(raw, close=True)) as proxy:
        replies = [await send(proxy, url) for url in ("https://8.8.8.8/send?key=k", PUBLIC)]
    told = [(one.trouble, one.sent) for one in replies if isinstance(one, NoReply)]
    assert told == [(Trouble.PROXY, False), (Trouble.CUT_OFF, True)]


async def test_a_call_over_a_connection_to_the_proxy_that_was_used_before_may_have_arrived() -> None:
    answers = iter([answer(), b""])

    async def behave(_heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(said := next(answers))
        if not said:
            writer.close()

    async with far_end(behave) as proxy, through(proxy.url("")) as transport:
        replies = [await transport.send(Call(url=Secret(PUBLIC), body=b"{}")) for _ in range(2)]
    assert proxy.connections == 1
    assert isinstance(replies[1], NoReply)
    assert (replies[1].trouble, replies[1].sent) == (Trouble.CUT_OFF, True)


async def test_a_proxy_that_is_away_is_the_proxys_fault() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        async with through(f"http://127.0.0.1:{held.getsockname()[1]}") as transport:
            reply = await transport.send(Call(url=Secret(PUBLIC), body=b"{}"))
    assert isinstance(reply, NoReply)
    assert (reply.trouble, reply.sent) == (Trouble.PROXY, False)


async def test_a_proxy_that_nobody_knows_is_the_proxys_fault() -> None:
    async with through("http://nothing.invalid:3128") as transport:
        reply = await transport.send(Call(url=Secret(PUBLIC), body=b"{}"))
    assert isinstance(reply, NoReply)
    assert (reply.trouble, reply.sent) == (Trouble.PROXY, False)


async def test_a_proxy_that_wants_a_password_is_the_proxys_fault() -> None:
    async with far_end(saying(answer(b"", status=407))) as proxy:
        reply = await send(proxy, PUBLIC)
    assert isinstance(reply, NoReply)
    assert (reply.trouble, reply.sent) == (Trouble.PROXY, False)


async def test_the_name_that_is_judged_is_the_name_that_the_proxy_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    # Older rules of international names (IDNA 2003) read ß as ss: another name, which may belong to somebody else.
    leads = {"xn--fa-hia.example": "10.0.0.1"}
    seen: list[str] = []

    def look_up(host: str, port: int, *_rest: object) -> list[Any]:
        seen.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (leads.get(host, "8.8.8.8"), port))]

    async with far_end(saying(answer())) as proxy:
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        inside = await send(proxy, "http://faß.example/send?key=k")
        leads.clear()
        outside = await send(proxy, "http://faß.example/send?key=k")
    assert isinstance(inside, NoReply)
    assert inside.trouble is Trouble.NOT_ALLOWED
    assert isinstance(outside, Reply)
    assert seen == ["xn--fa-hia.example"] * 2
    assert [one.target for one in proxy.heard] == ["http://xn--fa-hia.example/send?key=k"]
