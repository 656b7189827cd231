"""The hooks: what CI tools call."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from shipbell.domain.errors import BadInput, BodyTooLarge, NotFound, ShipbellError, WrongMethod
from shipbell.domain.ids import Prefix, encode
from shipbell.ports.clock import Clock
from shipbell.ports.intake import Accepted
from shipbell.ports.source import InboundRequest
from shipbell.usecases.ingest import Ingest
from shipbell.web.addresses import Network, client_address
from shipbell.web.problems import problem, status_of

MOST_BYTES = 1024 * 1024
_ENCODE = msgspec.json.Encoder().encode
# What a call is that its sender left in the middle: nobody hears an answer.
GONE = "hung-up"
MOST_FIELDS = 1_000
_FIELDS = f"The address has more than {MOST_FIELDS:,} fields behind its question mark: send fewer."
TOO_LARGE = "The body is over 1 MiB: send fewer or smaller events."
_PARTS = 4
_ALLOW = {"Allow": "POST, OPTIONS"}
_JSON = (b"content-type", b"application/json")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer; `code` is that of the error, or what became of the call."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Everything under `/hooks/`, without a router; a `POST` is answered 202 only after the commit."""

    ingest: Ingest
    clock: Clock
    trusted: Sequence[Network] = ()
    observe: Callable[[str, int, float], None] = lambda _code, _status, _seconds: None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read one call and answer it."""

        async def reading() -> bytes:
            await self.ingest.check_address(*_target(scope["path"]))
            return await read_body(_length(scope), receive)

        answer = await self.answer(scope, reading)
        scope.setdefault("state", {})["code"] = answer.code
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def answer(self, scope: Scope, reading: Callable[[], Awaitable[bytes]]) -> Answer:
        """The answer to one call; `reading` gives its body, or raises NotFound, BodyTooLarge or ClientDisconnect."""
        began = self.clock.now()
        code, status = "internal-error", 500
        try:
            answer = await self._answered(scope, reading, began)
            code, status = answer.code, answer.status
        except ClientDisconnect:
            code, status = GONE, 0
            raise
        except ShipbellError as error:
            code, status = error.code, status_of(error)
            answer = answer_of(error, _ALLOW if isinstance(error, WrongMethod) else None)
        finally:
            self.observe(code, status, (self.clock.now() - began).total_seconds())
        return answer

    async def _answered(self, scope: Scope, reading: Callable[[], Awaitable[bytes]], began: datetime) -> Answer:
        project, source = _target(scope["path"])
        match scope["method"]:
            case "POST":
                return _taken(await self._accept(scope, reading, project, source, began))
            case "OPTIONS":
                return _handshake(scope)
            case method:
                raise WrongMethod(f"{method} does nothing here; the address takes POST.")

    async def _accept(
        self, scope: Scope, reading: Callable[[], Awaitable[bytes]], project: str, source: str, began: datetime
    ) -> Accepted:
        address = client_address(scope, self.trusted)
        try:
            body = await reading()
        except BodyTooLarge as error:
            await self.ingest.refused(project, source, error, began, address)
            raise
        query = within_fields(scope)
        request = InboundRequest(
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            query=_query(query) if query else {},
            body=body,
            received_at=began,
        )
        return await self.ingest(project, source, request, address)


def answer_of(error: ShipbellError, headers: Mapping[str, str] | None = None) -> Answer:
    """The problem document of an error, whole."""
    response = problem(error, headers)
    return Answer(status=response.status_code, headers=response.raw_headers, body=bytes(response.body), code=error.code)


def _length(scope: Scope) -> str | None:
    found = [value for name, value in scope["headers"] if name == b"content-length"]
    return found[-1].decode("latin-1") if found else None


def _target(path: str) -> tuple[str, str]:
    """Project and source of `/hooks/{project}/{source}`; raises NotFound for any other path."""
    parts = path.split("/")
    if len(parts) != _PARTS or not parts[2] or not parts[3]:
        raise NotFound("There is no such address here: a hook is /hooks/PROJECT/SOURCE.")
    return parts[2], parts[3]


def within_fields(scope: Scope) -> bytes:
    """The query of a request; raises BadInput when it has more fields than anybody means."""
    query: bytes = scope["query_string"]
    if query and query.count(b"&") >= MOST_FIELDS:
        raise BadInput(_FIELDS)
    return query


def _query(raw: bytes) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
        values.setdefault(name, value)
    return values


async def read_body(content_length: str | None, receive: Receive) -> bytes:
    """Read a body of at most 1 MiB, whatever its length header says."""
    if content_length is not None and content_length.isdigit() and int(content_length) > MOST_BYTES:
        raise BodyTooLarge(TOO_LARGE)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MOST_BYTES:
            raise BodyTooLarge(TOO_LARGE)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _taken(accepted: Accepted) -> Answer:
    body = _ENCODE(
        {
            "accepted": len(accepted.event_ids),
            "duplicates": accepted.duplicates,
            "ignored": accepted.ignored,
            "events": [encode(Prefix.EVENT, one) for one in accepted.event_ids],
        }
    )
    return Answer(status=202, headers=(_JSON, (b"content-length", b"%d" % len(body))), body=body, code="accepted")


def _handshake(scope: Scope) -> Answer:
    """Answer the validation of CloudEvents' webhook specification: `OPTIONS` with `WebHook-Request-Origin`."""
    origin = dict(scope["headers"]).get(b"webhook-request-origin")
    headers = [(b"allow", b"POST, OPTIONS"), (b"content-length", b"0")]
    if origin is not None:
        headers += [(b"webhook-allowed-origin", origin), (b"webhook-allowed-rate", b"*")]
    return Answer(status=200, headers=headers, body=b"", code="handshake")
