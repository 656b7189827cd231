"""Server: uvicorn, ended by us and in order."""

import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn


class Server(uvicorn.Server):
    """uvicorn without its own signal handling: it would raise the signal again after our orderly end."""

    def __init__(self, config: uvicorn.Config, *, ending: Callable[[], None]) -> None:
        """Serve; `ending` is called first when the server stops: it ends the answers that have no end."""
        super().__init__(config)
        self._ending = ending

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to us."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what would not end by itself, then wait for the rest."""
        self._ending()
        await super().shutdown(sockets)
