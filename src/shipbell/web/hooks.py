"""The hooks: what CI tools call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from shipbell.domain.errors import BodyTooLarge, NotFound, ShipbellError, WrongMethod
from shipbell.domain.ids import Prefix, encode
from shipbell.ports.clock import Clock
from shipbell.ports.intake import Accepted
from shipbell.ports.source import InboundRequest
from shipbell.usecases.ingest import Ingest
from shipbell.web.addresses import Network, client_address
from shipbell.web.problems import problem, status_of

MOST_BYTES = 1024 * 1024
_ENCODE = msgspec.json.Encoder().encode
_TOO_LARGE = "The body is over 1 MiB: send fewer or smaller events."
_PARTS = 4
_ALLOW = {"Allow": "POST, OPTIONS"}
_JSON = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Everything under `/hooks/`, without a router; a `POST` is answered 202 only after the commit."""

    ingest: Ingest
    clock: Clock
    trusted: Sequence[Network] = ()
    observe: Callable[[str, int, float], None] = lambda _code, _status, _seconds: None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        began = self.clock.now()
        code, status = "internal-error", 500
        try:
            code, status = await self._answered(scope, receive, send, began)
        except ClientDisconnect:
            return
        except ShipbellError as error:
            code, status = error.code, status_of(error)
            await problem(error, _ALLOW if isinstance(error, WrongMethod) else None)(scope, receive, send)
        finally:
            scope.setdefault("state", {})["code"] = code
            self.observe(code, status, (self.clock.now() - began).total_seconds())

    async def _answered(self, scope: Scope, receive: Receive, send: Send, began: datetime) -> tuple[str, int]:
        project, source = _target(scope["path"])
        match scope["method"]:
            case "POST":
                accepted = await self._accept(scope, receive, project, source, began)
                await _answer(send, 202, _body(accepted))
                return "accepted", 202
            case "OPTIONS":
                await _handshake(scope, send)
                return "handshake", 200
            case method:
                raise WrongMethod(f"{method} does nothing here; the address takes POST.")

    async def _accept(self, scope: Scope, receive: Receive, project: str, source: str, began: datetime) -> Accepted:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        address = client_address(scope, self.trusted)
        try:
            body = await read_body(headers.get("content-length"), receive)
        except BodyTooLarge as error:
            await self.ingest.refused(project, source, error, began, address)
            raise
        query = scope["query_string"]
        request = InboundRequest(
            headers=headers,
            query=_query(query) if query else {},
            body=body,
            received_at=began,
        )
        return await self.ingest(project, source, request, address)


def _target(path: str) -> tuple[str, str]:
    """Project and source of `/hooks/{project}/{source}`; raises NotFound for any other path."""
    parts = path.split("/")
    if len(parts) != _PARTS or not parts[2] or not parts[3]:
        raise NotFound("There is no such address here: a hook is /hooks/PROJECT/SOURCE.")
    return parts[2], parts[3]


def _query(raw: bytes) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
        values.setdefault(name, value)
    return values


async def read_body(content_length: str | None, receive: Receive) -> bytes:
    """Read a body of at most 1 MiB, whatever its length header says."""
    if content_length is not None and content_length.isdigit() and int(content_length) > MOST_BYTES:
        raise BodyTooLarge(_TOO_LARGE)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MOST_BYTES:
            raise BodyTooLarge(_TOO_LARGE)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _body(accepted: Accepted) -> bytes:
    return _ENCODE(
        {
            "accepted": len(accepted.event_ids),
            "duplicates": accepted.duplicates,
            "ignored": accepted.ignored,
            "events": [encode(Prefix.EVENT, one) for one in accepted.event_ids],
        }
    )


async def _answer(send: Send, status: int, body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [_JSON, length]})
    await send({"type": "http.response.body", "body": body})


async def _handshake(scope: Scope, send: Send) -> None:
    """Answer the validation of CloudEvents' webhook specification: `OPTIONS` with `WebHook-Request-Origin`."""
    headers = dict(scope["headers"])
    origin = headers.get(b"webhook-request-origin")
    answer = [(b"allow", b"POST, OPTIONS"), (b"content-length", b"0")]
    if origin is not None:
        answer += [(b"webhook-allowed-origin", origin), (b"webhook-allowed-rate", b"*")]
    await send({"type": "http.response.start", "status": 200, "headers": answer})
    await send({"type": "http.response.body", "body": b""})
