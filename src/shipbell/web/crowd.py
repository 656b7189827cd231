"""Crowd: what all connections of strangers share, and how much of it there is."""

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from starlette.types import Scope

from shipbell.domain.errors import Crowded, ShipbellError
from shipbell.telemetry import log
from shipbell.web.addresses import Network, client_address

MOST_CONNECTIONS = 4_096
# Bytes of bodies on their way in and in work, beside the first few of each.
MOST_HELD_BYTES = 64 * 1024 * 1024
_SELDOM_SECONDS = 5.0
_FULL = "Too many connections are open here. Try again in a moment."
_BODIES = "Too many large bodies are on their way in. Try again in a moment."
_RETRY_SECONDS = 5


@dataclass(slots=True, kw_only=True)
class Crowd:
    """All connections of one server: how many may be open, and how much of their bodies is held.

    Refusals of a kind are told to the log once in five seconds, with how many were left out.
    """

    most: int = MOST_CONNECTIONS
    most_bytes: int = MOST_HELD_BYTES
    trusted: Sequence[Network] = ()
    seconds: Callable[[], float] = time.monotonic
    held_bytes: int = 0
    _told_at: dict[str, float] = field(default_factory=dict)
    _left_out: dict[str, int] = field(default_factory=dict)

    @property
    def door(self) -> int:
        """How many more may come in for a moment to ask for health."""
        return min(64, max(1, self.most // 4))

    def full(self) -> Crowded:
        """The refusal of a connection that is one too many."""
        return Crowded(_FULL, _RETRY_SECONDS)

    def hold(self, size_bytes: int) -> None:
        """Hold so much more of a body; raises Crowded when there is no room for it."""
        if self.held_bytes + size_bytes > self.most_bytes:
            raise Crowded(_BODIES, _RETRY_SECONDS)
        self.held_bytes += size_bytes

    def let_go(self, size_bytes: int) -> None:
        """Hold so much less."""
        self.held_bytes -= size_bytes

    def tell(self, refusal: ShipbellError, scope: Scope) -> None:
        """Tell the log of a refusal and of who was refused."""
        now, code = self.seconds(), refusal.code
        if code in self._told_at and now - self._told_at[code] < _SELDOM_SECONDS:
            self._left_out[code] += 1
            return
        left_out, self._told_at[code], self._left_out[code] = self._left_out.get(code, 0), now, 0
        client = client_address(scope, self.trusted)
        log().warning("request.refused", code=code, why=refusal.sentence, client=client, left_out=left_out)


def connections_within_limits() -> int:
    """How many connections may come in: half of the files that this process may open, of which it takes all it can.

    The other half is for calls to robots, for the database and for files.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return MOST_CONNECTIONS if hard == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, max(1, hard // 2))
