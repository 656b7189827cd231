"""Corked: a transport that sends the head of an answer together with its body."""

import asyncio
from typing import Any

END_OF_HEAD = b"\r\n\r\n"


class Corked:
    """A transport that keeps back the head of an answer until its body, or the next turn of the loop.

    uvicorn writes the two one after the other, and each write is a call of the system.
    """

    __slots__ = ("_head", "_loop", "_over", "_transport", "given")

    def __init__(self, transport: asyncio.Transport) -> None:
        """Nothing was given to send yet."""
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._head = b""
        self._over = False
        self.given = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else a transport has
        """Be the transport in everything else."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send data behind what was kept back; the head of an answer is kept back. What comes too late is lost."""
        if self._over or self._transport.is_closing():
            return
        self.given += len(data)
        if self._head:
            data, self._head = self._head + data, b""
            self._transport.write(data)
        elif data.endswith(END_OF_HEAD):
            self._head = data
            self._loop.call_soon(self._flush)
        else:
            self._transport.write(data)

    def write_eof(self) -> None:
        """Send what was kept back, and nothing more."""
        self._flush()
        self._over = True
        if not self._transport.is_closing():
            self._transport.write_eof()

    def close(self) -> None:
        """Send what was kept back, then close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head and not self._transport.is_closing():
            data, self._head = self._head, b""
            self._transport.write(data)
