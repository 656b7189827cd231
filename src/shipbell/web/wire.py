"""Wire: uvicorn's HTTP protocol, with the head and the body of an answer sent together."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_END_OF_HEAD = b"\r\n\r\n"


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


class WholeAnswers(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, one write for each short answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Speak over a corked transport."""
        super().connection_made(_Corked(transport))  # type: ignore[arg-type]
