"""Wire: uvicorn's HTTP protocol, with the head and the body of an answer sent together."""

import asyncio
from contextlib import suppress
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from shipbell.domain.errors import HeadTooLarge
from shipbell.web.app import Observed
from shipbell.web.hooks import Answer, answer_of

_END_OF_HEAD = b"\r\n\r\n"
_HOOKS = b"/hooks/"
# Headers that say how long a body is; any that makes it more than a plain number is uvicorn's to read.
_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"upgrade"})
# A length of five digits is a body of less than 100 kB.
_DIGITS = 6
# What may come before a head is whole (one that a single read brings is taken), and of a body in chunks with all that
# is around it.
_HEAD_BYTES = 64 * 1024
_CHUNKED_BYTES = 8 * 1024 * 1024
# A request has once to twice this long to arrive.
_PATIENCE_SECONDS = 60.0
_INVALID = "Invalid HTTP request received."


class _Corked:
    """A transport that keeps back the head of an answer until its body, or the next turn of the loop.

    uvicorn writes the two one after the other, and each write is a call of the system.
    """

    __slots__ = ("_head", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._head = b""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else a transport has
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send data behind what was kept back; the head of an answer is kept back."""
        if self._head:
            data, self._head = self._head + data, b""
            self._transport.write(data)
        elif data.endswith(_END_OF_HEAD):
            self._head = data
            self._loop.call_soon(self._flush)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Send what was kept back, then close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head:
            data, self._head = self._head, b""
            self._transport.write(data)


class _Call:
    """A call of a hook as uvicorn's protocol asks after one: whether it was answered, and may another follow."""

    __slots__ = ("body", "disconnected", "keep_alive", "message_event", "more_body", "response_complete")

    def __init__(self, keep_alive: bool) -> None:  # noqa: FBT001 - what the parser says
        self.body = b""
        self.keep_alive = keep_alive
        self.more_body = True
        self.response_complete = False
        self.disconnected = False
        self.message_event = _NOBODY


class _Nobody:
    """Nobody waits for more of a call that is taken whole."""

    def set(self) -> None:
        """Tell nobody."""


_NOBODY = _Nobody()


class WholeAnswers(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, one write for each short answer.

    A plain call of a hook is taken whole and answered whole, past ASGI (ADR 0016).
    Whatever is not plain (chunks, a long body, `Expect`, a call behind another one) goes uvicorn's way.
    Nobody makes it hold a large head, or a connection on which no request becomes whole.
    """

    # uvicorn makes a list of headers for each request: they tell requests apart.
    _read: Any = None
    _counted: Any = None
    _stuck: Any = None
    _came = 0
    _ended = False
    _chunked = False
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Speak over a corked transport."""
        super().connection_made(_Corked(transport))  # type: ignore[arg-type]
        self._patience = self.loop.call_later(_PATIENCE_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more."""
        if self._patience is not None:
            self._patience.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came, within bounds."""
        self._unset_keepalive_if_required()
        self._ended = False
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self.logger.warning(_INVALID)
            self.send_400_response(_INVALID)
            return
        if self.headers is not self._read or self._chunked:
            self._count(len(data))

    def on_headers_complete(self) -> None:
        """Take a plain call of a hook; leave any other to uvicorn."""
        self._read, self._chunked = self.headers, False
        if not self._plain():
            if self._upgrades():
                return
            self._chunked = any(name == b"transfer-encoding" for name, _ in self.headers)
            super().on_headers_complete()
            return
        path, _, query = self.url.partition(b"?")
        scope: Any = self.scope
        scope.update(method="POST", path=path.decode("ascii"), raw_path=path, query_string=query)
        self.cycle = _Call(self.parser.should_keep_alive())  # type: ignore[assignment]

    def on_body(self, body: bytes) -> None:
        """Gather the body."""
        call: Any = self.cycle
        if isinstance(call, _Call):
            call.body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Answer a call that is whole."""
        self._ended = True
        call: Any = self.cycle
        if not isinstance(call, _Call) or not call.more_body:
            if not self._upgrades():
                super().on_message_complete()
            return
        call.more_body = False
        task = self.loop.create_task(self._answer(call, self.scope))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def _upgrades(self) -> bool:
        """Whether the request asks for another protocol: Java and curl do for HTTP/2 in the clear."""
        return self.parser.should_upgrade() and any(name == b"upgrade" for name, _ in self.headers)

    def _feed(self, data: bytes) -> None:
        """Read requests, each as if it asked for no other protocol: the parser would pass over its body."""
        left = memoryview(data)
        while True:
            try:
                self.parser.feed_data(left)
            except httptools.HttpParserUpgrade as pause:
                left = left[pause.args[0] :]
            else:
                return
            if not self._upgrades():
                return
            self._begin_again()

    def _begin_again(self) -> None:
        """Read the head of a request once more, without what it asked for."""
        head = [self.parser.get_method(), b" ", self.url, b" HTTP/", self.parser.get_http_version().encode(), b"\r\n"]
        for name, value in self.headers:
            if name != b"upgrade":
                head += (name, b": ", value, b"\r\n")
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        # The method CONNECT asks by itself, and what follows it is not read.
        with suppress(httptools.HttpParserUpgrade):
            self.parser.feed_data(b"".join((*head, b"\r\n")))

    def _in_body(self) -> bool:
        before = self._before()
        return self.headers is self._read and before is not None and before.more_body

    def _before(self) -> Any:  # noqa: ANN401 - uvicorn's cycle or a call of a hook; None before the first
        return self.cycle

    def _count(self, size_bytes: int) -> None:
        """Count what came of a request beside a plain body; end the connection when it is too much.

        What a read brings behind the end of another request is not counted.
        """
        if self._counted is not self.headers:
            self._counted, self._came = self.headers, 0
        self._came += 0 if self._ended else size_bytes
        in_head, before = self.headers is not self._read, self._before()
        if self._came <= (_HEAD_BYTES if in_head else _CHUNKED_BYTES) or self.transport.is_closing():
            return
        if in_head and (before is None or before.response_complete):
            self._write(answer_of(HeadTooLarge("Send fewer and shorter headers: 64 KiB at most.")), keep_alive=False)
        self.transport.close()

    def _look(self) -> None:
        """End a connection on which the same request was arriving when it was looked at before."""
        known: Any = self.headers
        arriving = known if known is not self._read or self._in_body() else None
        # Nothing has come at all.
        arriving = self if known is None else arriving
        if arriving is not None and arriving is self._stuck:
            self.transport.close()
            return
        self._stuck = arriving
        self._patience = self.loop.call_later(_PATIENCE_SECONDS, self._look)

    def _plain(self) -> bool:
        """Whether this is a short POST to a hook that may be answered next."""
        if not self.url.startswith(_HOOKS) or b"%" in self.url or b"#" in self.url or self.expect_100_continue:
            return False
        before: Any = self.cycle
        if not isinstance(self.app, Observed) or not (before is None or before.response_complete):
            return False
        if self.parser.get_method() != b"POST" or self.parser.get_http_version() != "1.1":
            return False
        lengths = [value for name, value in self.headers if name in _FRAMING]
        return len(lengths) == 1 and len(lengths[0]) < _DIGITS and lengths[0].isdigit()

    async def _answer(self, call: _Call, scope: Any) -> None:  # noqa: ANN401 - uvicorn's own type of a scope
        app: Any = self.app
        answer: Answer = await app.whole(scope, call.body)
        if self.flow.write_paused:
            await self.flow.drain()
        if call.disconnected or self.transport.is_closing():
            return
        self._write(answer, keep_alive=call.keep_alive)
        call.response_complete = True
        if not call.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _write(self, answer: Answer, *, keep_alive: bool) -> None:
        head = [STATUS_LINE[answer.status]]
        for name, value in (*self.server_state.default_headers, *answer.headers):
            head += (name, b": ", value, b"\r\n")
        if not keep_alive:
            head.append(b"connection: close\r\n")
        self.transport.write(b"".join((*head, b"\r\n", answer.body)))
