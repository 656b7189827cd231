"""A console whose event streams are read as they come, and closed as a browser closes them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.types import ASGIApp, Message

from console_house import ConsoleHouse, Person, console_house
from shipbell.serve import console_services
from shipbell.storage.history.change_marks import SqlPulse
from shipbell.web.console.app import console
from shipbell.web.console.frame.streams import Streams
from shipbell.web.sessions import COOKIE

_ENOUGH_SECONDS = 60


@dataclass(slots=True, kw_only=True)
class Listener:
    """A browser at the other end of a stream."""

    task: asyncio.Task[None]
    came: asyncio.Queue[Message]
    closed: asyncio.Event
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""

    async def begin(self) -> None:
        """Read the head of the answer."""
        message = await self._next()
        self.status = message["status"]
        self.headers = {name.decode(): value.decode() for name, value in message["headers"]}

    async def until(self, words: str) -> str:
        """Read on until these words came: everything so far."""
        while words not in self.text:
            message = await self._next()
            self.text += message.get("body", b"").decode()
            assert words in self.text or message.get("more_body"), self.text
        return self.text

    async def rest(self) -> str:
        """Read to the end."""
        while (message := await self._next()).get("more_body"):
            self.text += message.get("body", b"").decode()
        await asyncio.wait_for(self.task, _ENOUGH_SECONDS)
        return self.text

    async def leave(self) -> None:
        """Close the page."""
        self.closed.set()
        await asyncio.wait_for(self.task, _ENOUGH_SECONDS)

    async def _next(self) -> Message:
        return await asyncio.wait_for(self.came.get(), _ENOUGH_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveHouse:
    """A console with people, and its streams."""

    console: ConsoleHouse
    app: ASGIApp
    streams: Streams

    async def listen(
        self, path: str, person: Person | None, method: str = "GET", accept: str = "text/event-stream"
    ) -> Listener:
        """Open an address as somebody; the answer has begun when this returns."""
        came: asyncio.Queue[Message] = asyncio.Queue()
        closed, asked = asyncio.Event(), False

        async def receive() -> Message:
            nonlocal asked
            if not asked:
                asked = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await closed.wait()
            return {"type": "http.disconnect"}

        address, _, query = path.partition("?")
        headers = [(b"host", b"shipbell.test"), (b"accept", accept.encode())]
        if person is not None:
            headers.append((b"cookie", f"{COOKIE}={person.cookie}".encode()))
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method,
            "scheme": "http", "path": address, "raw_path": address.encode(), "query_string": query.encode(),
            "root_path": "", "headers": headers, "client": ("127.0.0.1", 1), "server": ("shipbell.test", 80),
        }  # fmt: skip
        task = asyncio.create_task(_run(self.app, scope, receive, came))
        listener = Listener(task=task, came=came, closed=closed)
        await listener.begin()
        return listener


async def _run(app: ASGIApp, scope, receive, came: asyncio.Queue[Message]) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - ASGI
    await app(scope, receive, came.put)


@asynccontextmanager
async def live_house(folder: Path, *, most: int = 50, most_each: int = 10) -> AsyncIterator[LiveHouse]:
    """A console whose streams look and beat many times a second."""
    async with console_house(folder) as made:
        parts = made.house.parts
        streams = Streams(
            SqlPulse(parts.opened.database), most=most, most_each=most_each, look_seconds=0.02, beat_seconds=0.3
        )
        app = Starlette(routes=[console(console_services(parts, streams))])
        yield LiveHouse(console=made, app=app, streams=streams)
        streams.close()
