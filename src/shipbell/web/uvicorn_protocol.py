"""Wire: uvicorn's HTTP protocol within bounds, with plain calls of hooks taken and answered whole."""

from contextlib import suppress
from typing import Any

import httptools

from shipbell.domain.errors import MalformedRequest, UnknownCoding
from shipbell.web.app import Observed
from shipbell.web.bounds import MOST_HEADERS, Bounded
from shipbell.web.hooks import Answer

_HOOKS = b"/hooks/"
_HOST, _LENGTH, _CODING, _UPGRADE = b"host", b"content-length", b"transfer-encoding", b"upgrade"
# What says whom a request is for and how long its body is.
_ASKED = frozenset({_HOST, _LENGTH, _CODING, _UPGRADE})
# A length of five digits is a body of less than 100 kB.
_DIGITS = 6
_ONE_HOST = "Send one Host header."
_CHUNKED = "Send the body plain, or with `Transfer-Encoding: chunked`."


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


class WholeAnswers(Bounded):
    """HTTP/1.1 as uvicorn speaks it, one write for each short answer.

    A plain call of a hook is taken whole and answered whole, past ASGI (ADR 0016).
    Whatever is not plain (chunks, a long body, `Expect`, a call behind another one) goes uvicorn's way.
    """

    def on_headers_complete(self) -> None:
        """Take a plain call of a hook; leave any other to uvicorn."""
        self._chunked = False
        framing = self._framing()
        if self._plain(framing):
            path, _, query = self.url.partition(b"?")
            scope: Any = self.scope
            scope.update(method="POST", path=path.decode("ascii"), raw_path=path, query_string=query)
            self.cycle = self._running = _Call(self.parser.should_keep_alive())  # type: ignore[assignment]
            self._read = self.headers
        elif self._upgrades():
            self._read = self.headers
        else:
            self._chunked = any(name == _CODING for name, _ in framing)
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Gather the body."""
        call: Any = self.cycle
        if call.response_complete:
            return
        self._hold(len(body))
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

    def _framing(self) -> list[tuple[bytes, bytes]]:
        """The headers that say how long the body is; refuses what is for no host or two, or coded otherwise."""
        hosts, framing = 0, []
        for name, value in self.headers:
            if name in _ASKED:
                if name == _HOST:
                    hosts += 1
                else:
                    framing.append((name, value))
        if hosts != 1 and (hosts or self.parser.get_http_version() == "1.1"):
            self._refuse(MalformedRequest(_ONE_HOST))
        codings = [value for name, value in framing if name == _CODING]
        if codings and [one.lower() for one in codings] != [b"chunked"]:
            self._refuse(UnknownCoding(_CHUNKED))
        return framing

    def _upgrades(self) -> bool:
        """Whether the request asks for another protocol: Java and curl do for HTTP/2 in the clear."""
        return self.parser.should_upgrade() and any(name == _UPGRADE for name, _ in self.headers)

    def _feed(self, data: bytes | memoryview) -> None:
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
            if name != _UPGRADE:
                head += (name, b": ", value, b"\r\n")
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        # The method CONNECT asks by itself, and what follows it is not read.
        with suppress(httptools.HttpParserUpgrade):
            self.parser.feed_data(b"".join((*head, b"\r\n")))

    def _plain(self, framing: list[tuple[bytes, bytes]]) -> bool:
        """Whether this is a short POST to a hook that may be answered next."""
        if not self.url.startswith(_HOOKS) or b"%" in self.url or b"#" in self.url or self.expect_100_continue:
            return False
        if not isinstance(self.app, Observed) or not self._rests() or self._at_door:
            return False
        if self.parser.get_method() != b"POST" or self.parser.get_http_version() != "1.1":
            return False
        if len(framing) != 1 or len(self.headers) > MOST_HEADERS:
            return False
        name, length = framing[0]
        return name == _LENGTH and len(length) < _DIGITS and length.isdigit()

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
