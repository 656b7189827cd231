"""Traced: puts a span around each request; it stands there only when traces are asked for."""

from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shipbell.telemetry.traces import Traces

# Asked every few seconds by machines: spans of these would drown the others.
_SILENT = frozenset({"/healthz", "/readyz", "/metrics"})
_STATIC = "/static/"


@dataclass(frozen=True, slots=True)
class Traced:
    """The application, with a span a request."""

    app: ASGIApp
    traces: Traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and tell how it ended."""
        if scope["type"] != "http" or scope["path"] in _SILENT or scope["path"].startswith(_STATIC):
            await self.app(scope, receive, send)
            return
        status = 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        state = scope.setdefault("state", {})
        with self.traces.request(scope["method"], scope["path"]) as answered:
            try:
                await self.app(scope, receive, sent)
            finally:
                answered(status, state.get("code"), state.get("request_id"))
