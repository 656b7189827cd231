"""Spans of requests tell how they ended, and hold no secret."""

import logging
from collections.abc import Iterator

import httpx
import pytest
import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shipbell.domain.ids import Prefix, encode
from shipbell.telemetry import log, set_up_logs
from shipbell.telemetry.otlp import OtlpTraces, _say_in_our_log
from shipbell.web.traced import Traced

SECRET = "marker-7a0c-4bc4-97a0-0ec2a1fa5aaa"


class Told:
    """An application that is traced into memory."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.traces = OtlpTraces(SimpleSpanProcessor(self.exporter))
        app = Starlette(routes=[Route("/{rest:path}", self.answer, methods=["GET", "POST"])])
        transport = httpx.ASGITransport(app=Traced(app, self.traces), raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://shipbell.test", timeout=60)
        self.event_ids: list[int] = []

    async def answer(self, request: Request) -> Response:
        request.scope["state"] |= {"request_id": "0123456789abcdef", "code": request.query_params.get("code")}
        self.traces.accepted(self.event_ids)
        if request.url.path.endswith("broken"):
            raise RuntimeError(f"key={SECRET}")
        return JSONResponse({}, int(request.query_params.get("status", "200")))

    async def span(self, method: str, path: str) -> ReadableSpan:
        """The span of one request."""
        self.exporter.clear()
        await self.http.request(method, path, headers={"Authorization": f"Bearer {SECRET}"}, json={"secret": SECRET})
        [span] = self.exporter.get_finished_spans()
        assert SECRET not in span.to_json()
        return span


@pytest.fixture
def told() -> Told:
    return Told()


async def test_a_span_tells_how_a_request_ended(told: Told) -> None:
    span = await told.span("POST", f"/hooks/payments/ci?status=401&code=bad-signature&token={SECRET}")
    assert span.name == "POST /hooks"
    assert dict(span.attributes or {}) == {
        "http.request.method": "POST",
        "url.path": "/hooks/payments/ci",
        "http.response.status_code": 401,
        "shipbell.code": "bad-signature",
        "shipbell.request_id": "0123456789abcdef",
    }
    assert span.status.status_code is StatusCode.UNSET
    assert span.resource.attributes["service.name"] == "shipbell"


async def test_a_span_names_the_events_of_its_request_a_bounded_number_of_them(told: Told) -> None:
    told.event_ids = list(range(1, 501))
    attributes = (await told.span("POST", "/hooks/payments/ci")).attributes or {}
    named = attributes["shipbell.event_ids"]
    assert attributes["shipbell.events"] == 500
    assert isinstance(named, tuple)
    assert len(named) == 100
    assert named[0] == encode(Prefix.EVENT, 1)


async def test_a_fault_of_ours_is_an_error_without_its_words(told: Told) -> None:
    span = await told.span("GET", "/api/v1/broken")
    assert (span.name, span.status.status_code, list(span.events)) == ("GET /api", StatusCode.ERROR, [])
    span = await told.span("GET", "/projects?status=503")
    assert (span.name, span.status.status_code) == ("GET /projects", StatusCode.ERROR)


async def test_a_secret_in_a_path_is_hidden(told: Told) -> None:
    span = await told.span("GET", f"/hooks/payments/ci&token={SECRET}")
    assert (span.attributes or {})["url.path"] == "/hooks/payments/ci&token=***"


async def test_what_machines_ask_all_the_time_leaves_no_span(told: Told) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/static/look.css"):
        await told.http.get(path)
    assert told.exporter.get_finished_spans() == ()


async def test_events_outside_a_request_are_passed_over(told: Told) -> None:
    told.traces.accepted([1, 2])
    assert told.exporter.get_finished_spans() == ()


@pytest.fixture
def our_log() -> Iterator[None]:
    theirs = logging.getLogger("opentelemetry")
    handlers, propagate = theirs.handlers[:], theirs.propagate
    yield
    theirs.handlers, theirs.propagate = handlers, propagate
    structlog.reset_defaults()
    log.cache_clear()


@pytest.mark.usefixtures("our_log")
def test_what_opentelemetry_complains_of_is_one_line_of_our_log(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs()
    _say_in_our_log()
    _say_in_our_log()
    logging.getLogger("opentelemetry.exporter").warning("no answer from %s", f"http://x/?token={SECRET}")
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "traces.troubled" in err
    assert SECRET not in err
