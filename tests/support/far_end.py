"""The other end of the wire: a bare HTTP server on loopback that behaves as a test wants."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


Behaviour = Callable[[Heard, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class FarEnd:
    """What a server has seen."""

    scheme: str
    host: str
    port: int = 0
    connections: int = 0
    heard: list[Heard] = field(default_factory=list)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def has_heard(self, count: int) -> None:
        """Wait until so many requests came; raises TimeoutError after 9 s."""
        async with asyncio.timeout(9):
            while len(self.heard) < count:
                self.moved.clear()
                await self.moved.wait()

    def url(self, path: str = "/send") -> str:
        return f"{self.scheme}://{self.host}:{self.port}{path}"


def answer(body: bytes = b'{"errcode":0,"errmsg":"ok"}', *, status: int = 200, **headers: str) -> bytes:
    """A whole HTTP answer; header names are written with `_` for `-`."""
    lines = {"content_length": str(len(body)), **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + body


def saying(raw: bytes, *, close: bool = False) -> Behaviour:
    """Answer every request with these bytes."""

    async def behave(_heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        if close:
            writer.close()

    return behave


async def silent(_heard: Heard, _writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def far_end(
    behave: Behaviour, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[FarEnd]:
    """Listen until the end of the block."""
    end = FarEnd("http" if tls is None else "https", host)
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        end.connections += 1
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
        try:
            while not writer.is_closing() and (heard := await _read(reader)) is not None:
                end.heard.append(heard)
                end.moved.set()
                await behave(heard, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(connected, host, port, ssl=tls, backlog=2_048)
    end.port = server.sockets[0].getsockname()[1]
    try:
        yield end
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Heard | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.rstrip().split("\r\n")
    method, target, _version = first.split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Heard(method=method, target=target, headers=headers, body=body)
