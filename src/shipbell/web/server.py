"""Server: uvicorn, set up and ended by us, its words in our log."""

import contextlib
import logging
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import uvicorn

from shipbell.telemetry import log
from shipbell.telemetry.surprises import surprise
from shipbell.web.crowd import Crowd
from shipbell.web.uvicorn_protocol import WholeAnswers

_GRACE_SECONDS = 5
_KEPT_SECONDS = 30
_BACKLOG = 2_048


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


def configured(app: Any, crowd: Crowd) -> uvicorn.Config:  # noqa: ANN401 - uvicorn's own union
    """What uvicorn is told."""
    for name in ("uvicorn.error", "asyncio"):
        heard = logging.getLogger(name)
        heard.handlers, heard.propagate = [_Heard()], False
    return uvicorn.Config(
        app,
        loop="none",
        # It is called, and nothing else.
        http=partial(WholeAnswers, crowd=crowd),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=min(_BACKLOG, max(1, crowd.most // 2)),
        timeout_graceful_shutdown=_GRACE_SECONDS,
        timeout_keep_alive=_KEPT_SECONDS,
    )


class _Heard(logging.Handler):
    """Writes what libraries say as lines of our log."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        fault = {} if error is None else surprise(error)
        log().log(record.levelno, "server.said", logger=record.name, words=record.getMessage(), **fault)
