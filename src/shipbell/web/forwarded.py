"""How the caller addressed us: scheme and host as a trusted proxy tells them, for links, hooks and cookies."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from shipbell.web.addresses import Network, by_trusted

_SCHEMES = frozenset({"http", "https"})
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")


@dataclass(frozen=True, slots=True)
class Forwarded:
    """Puts X-Forwarded-Proto and X-Forwarded-Host of a trusted proxy in the place of what the proxy itself used."""

    app: ASGIApp
    trusted: Sequence[Network]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on as its sender made it."""
        await self.app(as_sent(scope, self.trusted), receive, send)


def as_sent(scope: Scope, trusted: Sequence[Network]) -> Scope:
    """The request as it was before the nearest proxy; that of anybody who is not trusted stays as it came."""
    if scope["type"] != "http" or not by_trusted(scope, trusted):
        return scope
    scheme, host = _last(scope, b"x-forwarded-proto").lower(), _last(scope, b"x-forwarded-host")
    changed = dict(scope)
    if scheme in _SCHEMES:
        changed["scheme"] = scheme
    if _HOST.fullmatch(host):
        kept = [(name, value) for name, value in scope["headers"] if name != b"host"]
        changed["headers"] = [(b"host", host.encode()), *kept]
    return changed


def _last(scope: Scope, header: bytes) -> str:
    """What the nearest proxy wrote: it adds to the end, and what stands before may be the sender's own."""
    values = [value for name, value in scope["headers"] if name == header]
    return values[-1].decode("latin-1").rpartition(",")[2].strip() if values else ""
