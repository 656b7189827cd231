"""Bounds: what one connection of a stranger may take, in bytes, headers, requests and time."""

import asyncio
from collections import deque
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from shipbell.domain.errors import HeadTooLarge, MalformedRequest, ShipbellError
from shipbell.web.corked import END_OF_HEAD, Corked
from shipbell.web.crowd import Crowd
from shipbell.web.hooks import Answer, answer_of

# What may come before a head is whole (one that a single read brings is taken), and of a body in chunks with all that
# is around it.
_HEAD_BYTES = 64 * 1024
_CHUNKED_BYTES = 8 * 1024 * 1024
MOST_HEADERS = 100
# So much of its bodies each connection may have without asking whether there is room.
_FREE_BYTES = 16 * 1024
# So many requests, and those of one more piece, may wait behind the one that is answered; what else came is read when
# none waits.
_MOST_WAITING = 16
_PIECE_BYTES = 1024
# A request has once to twice this long to arrive, and the reader of an answer to take some more of it.
_PATIENCE_SECONDS = 60.0
_LEAST_READ_BYTES = 8 * 1024
# When all places are taken, those at the door may ask for health, each for so long; others are refused in words.
_DOOR_SECONDS = 2.0
# Whoever was refused may send so much more before the connection is closed.
_PARTING_SECONDS = 2.0
_PARTING_BYTES = 1024 * 1024
_HEALTH = frozenset({b"/healthz", b"/readyz"})
_MALFORMED = "What came is not a request of HTTP/1.1."
_LARGE = "Send fewer and shorter headers: 100, and 64 KiB, at most."


class _Flow(FlowControl):
    """Reading goes on only when no request waits behind another one."""

    def __init__(self, transport: asyncio.Transport, waiting: "deque[Any]") -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        if not self._waiting:
            super().resume_reading()


class Bounded(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, within bounds.

    Whoever is over them hears why after the answers to what came before, and the connection ends.
    """

    # uvicorn makes a list of headers for each request: they tell requests apart.
    _read: Any = None
    _counted: Any = None
    _stuck: Any = None
    _running: Any = None
    _came = 0
    _ended = False
    _chunked = False
    _deaf = False
    _at_door = False
    _unread = b""
    _at = 0
    _holds = _borrowed = 0
    _waited = False
    _gone = 0
    _refusal: ShipbellError | None = None
    _last: Answer | None = None
    _patience: asyncio.TimerHandle | None = None

    def __init__(self, *args: Any, crowd: Crowd | None = None, **more: Any) -> None:  # noqa: ANN401 - uvicorn's own
        """Be one of the crowd; without one, be alone."""
        super().__init__(*args, **more)
        self._crowd = crowd or Crowd()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Speak over a corked transport, or refuse who is one too many."""
        self._corked = Corked(transport)
        super().connection_made(self._corked)  # type: ignore[arg-type]
        self.flow = _Flow(self.transport, self.pipeline)
        over = len(self.connections) - self._crowd.most
        self._at_door = over > 0
        self._patience = self.loop.call_later(_DOOR_SECONDS if self._at_door else _PATIENCE_SECONDS, self._look)
        if over > self._crowd.door:
            self._end(self._crowd.full())
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more, and hold nothing."""
        if self._patience is not None:
            self._patience.cancel()
        self._unset_keepalive_if_required()
        self._let_go()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came, within bounds."""
        if self._deaf:
            self._came += len(data)
            if self._came > _PARTING_BYTES:
                self.transport.close()
            return
        if self._unread or data.count(END_OF_HEAD) > _MOST_WAITING:
            self._unread += data
            self._read_on()
        else:
            self._read_in(data)

    def on_message_begin(self) -> None:
        """Rest no more: a request begins. Empty lines begin none."""
        self._unset_keepalive_if_required()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; trailers are none, and what is over the most is not kept."""
        if self.headers is self._read or len(self.headers) > MOST_HEADERS:
            return
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Refuse too many headers, and at the door whatever is not the first question after health."""
        self._read = self.headers
        if len(self.headers) > MOST_HEADERS:
            self._refuse(HeadTooLarge(_LARGE))
        if self._at_door and (self._running is not None or self.url not in _HEALTH):
            self._refuse(self._crowd.full())
        super().on_headers_complete()
        if self._at_door:
            self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        """Go on with what waits; read on when nothing does."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        if self.pipeline:
            return
        if self._unread:
            self._read_on()
        if not self._rests():
            return
        if self._holds:
            self._let_go()
        if self._last is not None:
            self._part(self._last)
            return
        self.flow.resume_reading()
        if self.headers is self._read:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:  # noqa: ANN401 - uvicorn's own
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _feed(self, data: bytes | memoryview) -> None:
        self.parser.feed_data(data)

    def _read_on(self) -> None:
        """Read what came, a request at a time, until as many wait as may."""
        while self._unread and len(self.pipeline) < _MOST_WAITING and not self._deaf:
            end = self._unread.find(END_OF_HEAD, self._at + _PIECE_BYTES) + len(END_OF_HEAD)
            piece = memoryview(self._unread)[self._at : end if end >= len(END_OF_HEAD) else None]
            self._at += len(piece)
            if self._at == len(self._unread):
                self._unread, self._at = b"", 0
            self._read_in(piece)

    def _read_in(self, data: bytes | memoryview) -> None:
        self._ended = False
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self._end(self._refusal or MalformedRequest(_MALFORMED))
            return
        if self.headers is not self._read or self._chunked:
            self._count(len(data))

    def _hold(self, size_bytes: int) -> None:
        """Hold more of a body."""
        self._holds += size_bytes
        if self._holds > _FREE_BYTES:
            try:
                self._crowd.hold(size_bytes)
            except ShipbellError as error:
                self._refuse(error)
            self._borrowed += size_bytes

    def _let_go(self) -> None:
        self._crowd.let_go(self._borrowed)
        self._holds = self._borrowed = 0

    def _rests(self) -> bool:
        """Whether nothing is being answered, or waits for it."""
        return not self.pipeline and (self._running is None or self._running.response_complete)

    def _in_body(self) -> bool:
        before: Any = self.cycle
        return self.headers is self._read and before is not None and before.more_body

    def _refuse(self, refusal: ShipbellError) -> None:
        """Stop the parser; what it says then is not heard."""
        self._refusal = refusal
        raise refusal

    def _end(self, refusal: ShipbellError) -> None:
        """Refuse what came last, after the answers to what came before, and end the connection."""
        self._deaf, self._unread, self._came = True, b"", 0
        self._crowd.tell(refusal, {"client": self.client, "headers": self.headers or []})
        before: Any = self.cycle
        if before is not None and before.more_body and not before.response_complete:
            if before is self._running:
                self._cut_off(before, refusal)
                return
            self.pipeline.popleft()
        self._last = answer_of(refusal)
        if self._rests():
            self._part(self._last)

    def _cut_off(self, call: Any, refusal: ShipbellError) -> None:  # noqa: ANN401 - uvicorn's cycle or a call of a hook
        """Answer a call in the middle of its body, unless its answer has begun."""
        if not getattr(call, "response_started", False):
            self._part(answer_of(refusal))
        else:
            self.transport.close()
        call.disconnected = True
        call.message_event.set()

    def _part(self, answer: Answer) -> None:
        """Say a last word; who is still sending gets time to hear it, since a close would reset the connection."""
        self._write(answer, keep_alive=False)
        self.transport.write_eof()
        self.flow.resume_reading()
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(_PARTING_SECONDS, self.timeout_keep_alive_handler)

    def _write(self, answer: Answer, *, keep_alive: bool) -> None:
        head = [STATUS_LINE[answer.status]]
        for name, value in (*self.server_state.default_headers, *answer.headers):
            head += (name, b": ", value, b"\r\n")
        if not keep_alive:
            head.append(b"connection: close\r\n")
        self.transport.write(b"".join((*head, b"\r\n", answer.body)))

    def _count(self, size_bytes: int) -> None:
        """Count what came of a request beside a plain body; end the connection when it is too much.

        What a read brings behind the end of another request is not counted.
        """
        if self._counted is not self.headers:
            self._counted, self._came = self.headers, 0
        self._came += 0 if self._ended else size_bytes
        if self.headers is self._read:
            if self._came > _CHUNKED_BYTES:
                self.transport.close()
        elif self._came > _HEAD_BYTES or len(self.headers or ()) > MOST_HEADERS:
            self._end(HeadTooLarge(_LARGE))

    def _look(self) -> None:
        """End a connection that stands as it stood when it was looked at before.

        Either the same request was arriving, or bytes waited for their reader and hardly any were taken.
        """
        if self._at_door and self._running is None and not self._deaf:
            self._end(self._crowd.full())
        waiting = self.transport.get_write_buffer_size()
        gone = self._corked.given - waiting
        if waiting and self._waited and gone - self._gone < _LEAST_READ_BYTES:
            self.transport.abort()
            return
        self._waited, self._gone = waiting > 0, gone
        known: Any = self.headers
        arriving = known if known is not self._read or self._in_body() else None
        # Nothing has come at all.
        arriving = self if known is None else arriving
        if arriving is not None and arriving is self._stuck:
            self.transport.close()
        self._stuck = arriving
        self._patience = self.loop.call_later(_PATIENCE_SECONDS, self._look)
