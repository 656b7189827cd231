"""A call reaches its robot as it is, and whatever comes back is bounded."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_network
from pathlib import Path

import pytest

from far_end import FarEnd, Heard, answer, far_end, saying, silent
from hand_time import HandTime
from shipbell.domain.secret import Secret
from shipbell.ports.wire import Call, NoReply, Reply, Trouble
from shipbell.transport import HttpTransport

LOOPBACK = (ip_network("127.0.0.0/8"),)
EDGE = 64 * 1024
PACKERS: dict[str, Callable[[bytes], bytes]] = {"identity": bytes, "gzip": gzip.compress, "deflate": zlib.compress}


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    made = HttpTransport(allow=LOOPBACK)
    yield made
    await made.aclose()


def call(end: FarEnd, path: str = "/send", body: bytes = b'{"msgtype":"text"}') -> Call:
    return Call(url=Secret(end.url(path)), body=body)


async def test_a_call_arrives_as_a_json_post_with_its_body_and_query_untouched(transport: HttpTransport) -> None:
    body = '{"text":"发布完成 ✅"}'.encode()
    async with far_end(saying(answer(x_robot="7"))) as end:
        reply = await transport.send(call(end, "/cgi-bin/webhook/send?key=ab-c%2Bd&x=%E4%B8%AD", body))
    assert reply == Reply(
        status=200, headers={"content-length": "27", "x-robot": "7"}, body=b'{"errcode":0,"errmsg":"ok"}'
    )
    (heard,) = end.heard
    assert (heard.method, heard.target, heard.body) == (
        "POST",
        "/cgi-bin/webhook/send?key=ab-c%2Bd&x=%E4%B8%AD",
        body,
    )
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["user-agent"] == "shipbell"


async def test_a_fragment_is_not_sent(transport: HttpTransport) -> None:
    async with far_end(saying(answer())) as end:
        await transport.send(call(end, "/send?key=k#part"))
    assert [one.target for one in end.heard] == ["/send?key=k"]


async def test_calls_one_after_another_share_a_connection(transport: HttpTransport) -> None:
    async with far_end(saying(answer())) as end:
        for _ in range(50):
            assert isinstance(await transport.send(call(end)), Reply)
    assert (len(end.heard), end.connections) == (50, 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_is_not_followed(transport: HttpTransport, status: int) -> None:
    async with (
        far_end(saying(answer())) as elsewhere,
        far_end(saying(answer(status=status, location=elsewhere.url()))) as end,
    ):
        reply = await transport.send(call(end))
    assert isinstance(reply, Reply)
    assert reply.status == status
    assert (len(end.heard), elsewhere.connections) == (1, 0)


@pytest.mark.parametrize("status", [200, 400, 404, 429, 500, 503])
async def test_every_status_is_an_answer(transport: HttpTransport, status: int) -> None:
    async with far_end(saying(answer(status=status, retry_after="7"))) as end:
        reply = await transport.send(call(end))
    assert isinstance(reply, Reply)
    assert (reply.status, reply.headers["retry-after"]) == (status, "7")


async def test_cookies_are_never_sent_back(transport: HttpTransport) -> None:
    async with far_end(saying(answer(set_cookie="seen=1; Path=/"))) as end:
        await transport.send(call(end))
        await transport.send(call(end))
    assert [("cookie" in one.headers) for one in end.heard] == [False, False]


async def test_nothing_of_the_environment_changes_a_call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    async with far_end(saying(answer())) as proxy, far_end(saying(answer())) as end:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(""))
        transport = HttpTransport(allow=LOOPBACK)
        assert isinstance(await transport.send(call(end)), Reply)
        await transport.aclose()
    assert proxy.connections == 0
    assert [("authorization" in one.headers) for one in end.heard] == [False]


@pytest.mark.parametrize("encoding", PACKERS)
async def test_a_reply_of_64_kib_is_read_and_one_byte_more_is_refused(transport: HttpTransport, encoding: str) -> None:
    for size in (EDGE, EDGE + 1):
        packed = PACKERS[encoding](b"x" * size)
        async with far_end(saying(answer(packed, content_encoding=encoding))) as end:
            reply = await transport.send(call(end))
        if size == EDGE:
            assert isinstance(reply, Reply)
            assert reply.body == b"x" * EDGE
        else:
            assert reply == NoReply(trouble=Trouble.REPLY_TOO_LARGE, sent=True, detail="HTTP 200")


async def test_a_small_reply_that_unpacks_without_end_is_refused(transport: HttpTransport) -> None:
    bomb = gzip.compress(b"\0" * 32 * 1024 * 1024, 9)
    assert len(bomb) < EDGE
    async with far_end(saying(answer(bomb, content_encoding="gzip"))) as end:
        reply = await transport.send(call(end))
    assert reply == NoReply(trouble=Trouble.REPLY_TOO_LARGE, sent=True, detail="HTTP 200")


async def test_a_reply_without_end_is_left_behind(transport: HttpTransport) -> None:
    written = 0

    async def pour(_heard: Heard, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            await writer.drain()
            written += 4096

    async with far_end(pour) as end:
        reply = await transport.send(call(end))
        await asyncio.sleep(0)
    assert isinstance(reply, NoReply)
    assert (reply.trouble, reply.sent) == (Trouble.REPLY_TOO_LARGE, True)
    assert written < 32 * 1024 * 1024


async def test_a_reply_that_only_claims_to_be_packed_is_kept_as_it_is(transport: HttpTransport) -> None:
    async with far_end(saying(answer(b'{"errcode":0}', content_encoding="gzip"))) as end:
        reply = await transport.send(call(end))
    assert isinstance(reply, Reply)
    assert reply.body == b'{"errcode":0}'


async def test_a_thousand_stalled_calls_hold_up_no_other(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = HandTime(monkeypatch)
    async with far_end(silent) as stalled, far_end(saying(answer())) as healthy:
        waiting = [asyncio.create_task(transport.send(call(stalled))) for _ in range(1_024)]
        await hand.without_a_timer(stalled.has_heard(1_024))
        replies = await hand.without_a_timer(asyncio.gather(*(transport.send(call(healthy)) for _ in range(50))))
        assert all(isinstance(one, Reply) for one in replies)
        assert not any(one.done() for one in waiting)
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_call_that_is_called_off_ends_at_once(transport: HttpTransport) -> None:
    async with far_end(silent) as end:
        task = asyncio.create_task(transport.send(call(end)))
        await end.has_heard(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
