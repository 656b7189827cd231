"""The application: routes, one log line a request, and errors in words."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shipbell.domain.errors import BadInput, Busy, InternalError, NotFound, ShipbellError, WrongMethod
from shipbell.telemetry import log, new_request_id
from shipbell.telemetry.surprises import surprise
from shipbell.web.addresses import client_address
from shipbell.web.hooks import GONE, Answer, Hook, answer_of, within_fields
from shipbell.web.problems import problem
from shipbell.web.readiness import Check, Readiness

_HOOKS = "/hooks"
_READ = "GET, HEAD"
_STOPPING = Busy("The server stops: ask again in some seconds.", 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebServices:
    """What the application answers with; `routes` are those of the API and the console."""

    hook: Hook
    ready: Check
    metrics: Callable[[], bytes]
    routes: Sequence[BaseRoute] = ()


def build_app(services: WebServices) -> ASGIApp:
    """Put the application together."""
    app = Starlette(
        routes=[
            Route("/healthz", Probe(_healthy)),
            Route("/readyz", Probe(_readiness(Readiness(services.ready, services.hook.clock)))),
            Route("/metrics", Probe(_metrics(services.metrics))),
            *services.routes,
        ],
        exception_handlers={ShipbellError: _refused, 404: _unknown},
    )
    for one in (app, *(route.app for route in services.routes if isinstance(route, Mount))):
        if isinstance(one, Starlette):
            one.exception_handlers.setdefault(Exception, _broken)
    return Observed(app, services.hook)


@dataclass(frozen=True, slots=True)
class Probe:
    """An address that is only read; it takes every method, since the console takes whatever no route wants."""

    endpoint: Callable[[Request], Awaitable[Response]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a reader, and tell everybody else what the address takes."""
        if scope["method"] in {"GET", "HEAD"}:
            response = await self.endpoint(Request(scope, receive, send))
        else:
            refusal = WrongMethod(f"{scope['method']} does nothing here; the address takes {_READ}.")
            scope["state"]["code"] = refusal.code
            response = problem(refusal, {"Allow": _READ})
        await response(scope, receive, send)


async def _healthy(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _readiness(ready: Readiness) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        checks = await ready.checks()
        fine = all(one == "ok" for one in checks.values())
        return JSONResponse({"status": "ok" if fine else "not ready", "checks": checks}, 200 if fine else 503)

    return answer


def _metrics(render: Callable[[], bytes]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        return Response(render(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return answer


async def _refused(_request: Request, error: Exception) -> Response:
    if isinstance(error, ShipbellError):
        return problem(error)
    raise error


async def _unknown(_request: Request, _error: Exception) -> Response:
    return problem(NotFound("There is no such address here."))


async def _broken(_request: Request, error: Exception) -> Response:
    """Pass on what nobody foresaw: left alone, Starlette answers it in plain text before we hear of it."""
    raise error


@dataclass(frozen=True, slots=True)
class Observed:
    """Gives each request an id and one log line; what nobody foresaw becomes a 500 without its inside.

    Calls of the hooks go past router and middleware: they are the hot path.
    """

    app: ASGIApp
    hook: Hook

    async def whole(self, scope: Scope, body: bytes) -> Answer:
        """Answer a call of a hook that came whole (see `web.uvicorn_protocol`)."""
        request_id, began = new_request_id(), time.perf_counter()

        async def reading() -> bytes:
            return body

        try:
            answer = await self.hook.answer(scope, reading)
        except Exception as error:  # noqa: BLE001 - the last place where one request's fault stays its own
            answer = answer_of(_broken_by(error, request_id))
        scope["state"]["code"] = answer.code
        self._tell(scope, request_id, answer.status, time.perf_counter() - began)
        return replace(answer, headers=(*answer.headers, (b"x-request-id", request_id.encode())))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and tell of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, began = new_request_id(), time.perf_counter()
        status = 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        scope.setdefault("state", {})["request_id"] = request_id
        try:
            await (self.hook if _of_hooks(scope["path"]) else self._bounded)(scope, receive, sent)
        except ClientDisconnect:
            scope["state"]["code"] = GONE
        except asyncio.CancelledError:
            # uvicorn gives up on what still waits when the server stops, and would log it as a fault.
            if not status:
                scope["state"]["code"] = _STOPPING.code
                await problem(_STOPPING)(scope, receive, sent)
        except Exception as error:  # noqa: BLE001 - the last place where one request's fault stays its own
            broken = _broken_by(error, request_id)
            if not status:
                scope["state"]["code"] = broken.code
                await problem(broken)(scope, receive, sent)
        self._tell(scope, request_id, status, time.perf_counter() - began)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.app
        try:
            within_fields(scope)
        except BadInput as refusal:
            scope["state"]["code"], app = refusal.code, problem(refusal)
        await app(scope, receive, send)

    def _tell(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        log().info(
            "request.answered",
            request_id=request_id,
            client=client_address(scope, self.hook.trusted),
            method=scope["method"],
            path=scope["path"],
            status=status,
            code=scope["state"].get("code"),
            ms=round(seconds * 1000, 2),
        )


def _broken_by(error: Exception, request_id: str) -> InternalError:
    """Tell the log of a fault that nobody foresaw; what its caller may know of it."""
    log().error("request.broken", request_id=request_id, **surprise(error))
    return InternalError(f"Tell the administrator this request id: {request_id}.")


def _of_hooks(path: str) -> bool:
    return path.startswith(_HOOKS) and path[len(_HOOKS) :][:1] in {"", "/"}
