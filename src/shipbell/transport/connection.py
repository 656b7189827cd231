"""Connection: one socket to a robot's host, for one call at a time; httptools reads what comes back."""

import asyncio
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from shipbell.ports.wire import NoReply, Reply, Trouble
from shipbell.transport.replies import MOST_BYTES, answered

# Status line and headers, and the whole answer with what chunks have around them; whoever sends more talks without end.
_MOST_HEAD_BYTES = 64 * 1024
_MOST_BYTES_IN_ALL = 1024 * 1024
_INFORMATIONAL = range(100, 200)
_WITHOUT_BODY = {204, 304}


class Connection(asyncio.Protocol):
    """Ask, then wait for the whole answer; a connection that may not be used again closes itself."""

    __slots__ = (
        "_answer", "_body", "_came_bytes", "_headers", "_parser", "_status", "_tainted", "_to_the_end", "_transport",
        "idle_since",
    )  # fmt: skip

    def __init__(self) -> None:
        """Wait for a socket."""
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._parser: HttpResponseParser | None = None
        self._answer: asyncio.Future[Reply | NoReply] | None = None
        self._tainted = False
        self._forget()

    def _forget(self) -> None:
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._status = 0
        self._came_bytes = 0
        self._to_the_end = False

    @property
    def open(self) -> bool:
        """Whether another call may be made over it."""
        return self._transport is not None and not self._tainted and not self._transport.is_closing()

    def close(self) -> None:
        """Hang up at once."""
        self._tainted = True
        if self._transport is not None:
            self._transport.abort()

    async def ask(self, request: bytes, *, until: float) -> Reply | NoReply:
        """Send a whole request and wait for its answer, until this time of the loop."""
        loop = asyncio.get_running_loop()
        transport = self._transport
        if transport is None or not self.open:
            self.close()
            return NoReply(trouble=Trouble.NOT_CONNECTED, sent=False, detail="ServerDisconnected")
        began = loop.time()
        self._forget()
        self._answer = answer = loop.create_future()
        late = loop.call_at(until, self._late, until - began)
        transport.write(request)
        try:
            told: Reply | NoReply = await answer
        except BaseException:
            self._tainted = True
            raise
        finally:
            late.cancel()
            self._answer = None
            if self._tainted:
                self.close()
        return told

    # --- what the socket says ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._parser = HttpResponseParser(self)

    def data_received(self, data: bytes) -> None:
        """Read on; bytes that nobody asked for end the connection."""
        answer, parser = self._answer, self._parser
        if answer is None or answer.done() or parser is None:
            self.close()
            return
        self._came_bytes += len(data)
        try:
            parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._fail(_cut_off(type(error).__name__))
        if self._came_bytes > (_MOST_BYTES_IN_ALL if self._status else _MOST_HEAD_BYTES):
            self._fail(_too_large(self._status) if self._status else _cut_off("HeadersTooLarge"))

    def eof_received(self) -> None:
        """Without a length, the end of the connection is the end of the answer."""
        if self._to_the_end:
            self._finish()
        self._tainted = True

    def connection_lost(self, error: Exception | None) -> None:
        """Whatever was asked may have arrived."""
        self._fail(_cut_off("ServerDisconnected" if error is None else type(error).__name__))
        self._transport = self._parser = None

    # --- what the parser says ---------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin an answer; behind the one to a call, nobody can say to which call the next would belong."""
        if self._answer is None or self._answer.done():
            self._tainted = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; of several with one name, the last. What stands behind a body is passed over."""
        if not self._status:
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Know how the body ends."""
        assert self._parser is not None  # noqa: S101 - it is the one that calls
        status = self._parser.get_status_code()
        if status not in _INFORMATIONAL:
            self._status = status
            headers = self._headers
            self._to_the_end = not (
                "content-length" in headers
                or "chunked" in headers.get("transfer-encoding", "").lower()
                or status in _WITHOUT_BODY
            )

    def on_body(self, body: bytes) -> None:
        """Keep it up to the bound."""
        self._body += body
        if len(self._body) > MOST_BYTES:
            self._tainted = True
            self._finish()

    def on_message_complete(self) -> None:
        """The answer is whole, unless it only announces another one (100 to 199)."""
        assert self._parser is not None  # noqa: S101 - it is the one that calls
        if not self._status:
            self._headers = {}
            return
        if not self._parser.should_keep_alive():
            self._tainted = True
        self._finish()

    # --- how a call ends --------------------------------------------------------------------------

    def _finish(self) -> None:
        self._to_the_end = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answered(self._status, self._headers, bytes(self._body)))

    def _fail(self, told: NoReply) -> None:
        self._tainted = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(told)

    def _late(self, waited: float) -> None:
        self._fail(NoReply(trouble=Trouble.TIMED_OUT, sent=True, detail=f"no answer within {waited:.0f} s"))


def _cut_off(detail: str) -> NoReply:
    return NoReply(trouble=Trouble.CUT_OFF, sent=True, detail=detail)


def _too_large(status: int) -> NoReply:
    return NoReply(trouble=Trouble.REPLY_TOO_LARGE, sent=True, detail=f"HTTP {status}")
