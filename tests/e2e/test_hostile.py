"""Whatever strangers send, the log holds no traceback, and what they cannot reach goes on."""

import asyncio
import contextlib
import json
import random
import shutil
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from robots import event, sender, strict, until
from server import SECRET, Server, serving

HEAD = f"POST /hooks/payments/ci HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\n".encode()
GOOD = json.dumps(event("seen")).encode()
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
RAW = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\x00" * 70_000,
    b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /%ff%00 HTTP/1.1\r\nHost: \xff\r\nCookie: \xff=\xff\r\n\r\n",
    b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"a:\r\n" * 20_000,
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 300_000,
    b'GET /sign-in HTTP/1.1\r\nHost: x\r\nCookie: a="' + b'\\"' * 30_000 + b'"\r\n\r\n',
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    HEAD + b"Transfer-Encoding: gzip\r\n\r\nx",
    HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    HEAD + b"Content-Length: 900000\r\n\r\n" + b"x" * 500_000,
    HEAD + b"Expect: 100-continue\r\nContent-Length: 500000\r\n\r\n",
    HEAD + b"Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 5\r\n\r\n{",
    GET.replace(b" /", b" /static/../../etc/passwd"),
    GET.replace(b" /", b" /api/v1/projects?" + b"&" * 50_000),
    b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 9\r\n\r\nx",
    b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\nx=1",
    b"POST /api/v1/projects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\r\nContent-Length: 4\r\n\r\n{",
    b"\r\n" * 50_000,
    WHOLE + b"no HTTP",
    GET * 3_000,
)


def cuts() -> Iterator[bytes]:
    """Good calls, cut, doubled and spoilt."""
    chance = random.Random(7)  # noqa: S311 - to be the same each time
    for _ in range(150):
        raw = bytearray(chance.choice((WHOLE, GET, WHOLE + GET)))
        for _ in range(chance.randrange(3)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        yield bytes(raw[: chance.randrange(1, len(raw) + 1)])


def sent(port: int, raw: bytes, ending: int) -> None:
    """Send something, then read all, reset the connection, stop sending or leave."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.3) as made:
        if ending == 1:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        made.sendall(raw)
        if ending == 2:
            made.shutdown(socket.SHUT_WR)
        while ending != 1 and made.recv(1_000_000):
            pass


def faults_of(log: str) -> list[str]:
    """Lines that are no structured ones but for what the server says when it starts, or that tell of a fault."""
    found = []
    for line in log.splitlines():
        if line.startswith(("Shipbell serves on", "The first administrator")):
            continue
        try:
            told = json.loads(line)
        except ValueError:
            found.append(line)
            continue
        if "exception" in told or told["level"] in {"error", "critical"} or told.get("code") == "internal-error":
            found.append(line)
    return found


async def test_nothing_that_strangers_send_leaves_a_traceback(tmp_path: Path) -> None:
    more = {"SHIPBELL_LOG_LEVEL": "info", "SHIPBELL_LOG_FORMAT": "json"}
    async with serving(tmp_path, {"payments": {}}, more) as server:
        tries = [(raw, ending) for raw in (*RAW, *cuts()) for ending in range(3)]
        together = asyncio.Semaphore(16)

        async def one(raw: bytes, ending: int) -> None:
            async with together:
                await asyncio.to_thread(sent, server.port, raw, ending)

        await asyncio.gather(*(one(*each) for each in tries))
        async with sender(server.address) as post:
            assert await post.post("payments", event("after")) == 202
        assert (await server.stop())[0] == 0
        assert faults_of(server.said()) == []
        assert "request.refused" in server.said()
        assert "request.answered" in server.said()


async def _until_ready(server: Server) -> None:
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.write(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
                answer = await reader.read(12)
                writer.close()
                if answer.endswith(b"200"):
                    return


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="needs prlimit")
async def test_strangers_who_hold_all_connections_stop_neither_robots_nor_readiness(tmp_path: Path) -> None:
    more = {"SHIPBELL_LOG_FORMAT": "json"}
    server = Server(folder=tmp_path, more=more, prefix=("prlimit", "--nofile=100:200"))
    async with strict() as robot:
        await server.apply({"payments": {"group": {"url": robot.url("group")}}})
        held: list[asyncio.StreamWriter] = []
        try:
            await server.start()
            async with sender(server.address) as post:
                assert await post.post("payments", event("build", 1)) == 202
                for _ in range(300):
                    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
                    held.append(writer)
                assert await post.post("payments", event("build", 2)) == 202
                await until(lambda: server.count("delivered") == 2, 60, "two deliveries")
                await _until_ready(server)
            # On a slow machine the first of them were ended for their silence.
            for _ in range(120):
                _, writer = await asyncio.open_connection("127.0.0.1", server.port)
                held.append(writer)
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            held.append(writer)
            writer.write(b"POST /hooks/payments/ci HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            assert (await reader.read(12)).endswith(b"503")
            told = [json.loads(line) for line in server.said().splitlines() if line.startswith("{")]
            refused = [line for line in told if line["event"] == "request.refused"]
            assert 1 <= len(refused) <= 12
            assert {line["code"] for line in refused} == {"crowded"}
            assert faults_of(server.said()) == []
        finally:
            for writer in held:
                writer.close()
            if server.is_alive():
                server.kill()
