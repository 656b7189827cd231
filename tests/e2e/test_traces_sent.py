"""A real server tells a real collector (of ours, on loopback) of a hook's call and of the attempt that came of it."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import aiohttp
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from robots import event, until
from server import HEADERS, SECRET, serving
from shipbell.simulator import RobotSettings, serve_robot

ROBOT = "marker-7a0c-4bc4-97a0-0ec2a1fa5aaa"


@dataclass
class Collector:
    """What was told, and where."""

    address: str = ""
    bodies: list[bytes] = field(default_factory=list)
    services: set[str] = field(default_factory=set)

    def spans(self, name: str) -> list[Span]:
        """The spans of this name."""
        found: list[Span] = []
        for body in list(self.bodies):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                told = {one.key: one.value.string_value for one in resource.resource.attributes}
                self.services.add(told["service.name"])
                found += [span for scope in resource.scope_spans for span in scope.spans if span.name == name]
        return found


@contextmanager
def collector() -> Iterator[Collector]:
    """A collector that takes everything."""
    made = Collector()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    made.address = f"http://127.0.0.1:{server.server_port}"
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield made
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def asked_for(address: str) -> dict[str, str]:
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": address, "OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_SERVICE_NAME": "bell"}


def texts(span: Span) -> Mapping[str, str | Sequence[str] | int]:
    """The attributes of a span."""
    told: dict[str, str | Sequence[str] | int] = {}
    for one in span.attributes:
        match one.value.WhichOneof("value"):
            case "string_value":
                told[one.key] = one.value.string_value
            case "int_value":
                told[one.key] = one.value.int_value
            case _:
                told[one.key] = [part.string_value for part in one.value.array_value.values]
    return told


async def post(address: str, body: object) -> list[str]:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{address}/hooks/payments/ci?token={SECRET}", json=body, headers=HEADERS) as reply,
    ):
        assert reply.status == 202
        events: list[str] = (await reply.json())["events"]
        return events


async def test_an_attempt_is_linked_with_the_calls_that_brought_its_events(tmp_path: Path) -> None:
    with collector() as told:
        async with await serve_robot(RobotSettings(port=0)) as robot:
            projects = {"payments": {"group": {"url": robot.url(ROBOT)}}}
            async with serving(tmp_path, projects, asked_for(told.address)) as server:
                events = await post(server.address, event("api"))
                await until(lambda: bool(told.spans("attempt wecom")), 60, "the span of the attempt")
                await until(lambda: bool(told.spans("POST /hooks")), 60, "the span of the request")
        [request], [attempt] = told.spans("POST /hooks"), told.spans("attempt wecom")
        assert texts(request)["shipbell.event_ids"] == events
        assert texts(request)["http.response.status_code"] == 202
        assert texts(request)["shipbell.code"] == "accepted"
        assert texts(attempt)["shipbell.event_ids"] == events
        assert (texts(attempt)["shipbell.result"], texts(attempt)["shipbell.deliveries"]) == ("delivered", 1)
        assert attempt.status.code != Status.STATUS_CODE_ERROR
        assert [(one.trace_id, one.span_id) for one in attempt.links] == [(request.trace_id, request.span_id)]
        assert 0 < attempt.end_time_unix_nano - attempt.start_time_unix_nano < 10**10
        assert told.services == {"bell"}
        for body in told.bodies:
            assert SECRET.encode() not in body
            assert ROBOT.encode() not in body


async def test_a_collector_that_is_away_holds_up_neither_hooks_nor_the_end(tmp_path: Path) -> None:
    with collector() as gone:
        away = gone.address
    async with await serve_robot(RobotSettings(port=0)) as robot:
        projects = {"payments": {"group": {"url": robot.url(ROBOT)}}}
        async with serving(tmp_path, projects, asked_for(away)) as server:
            began = time.monotonic()
            for number in range(20):
                await post(server.address, event("api", number))
            assert time.monotonic() - began < 30
            await until(lambda: "traces.troubled" in server.said(), 60, "the complaint")
            code, seconds = await server.stop()
            assert (code, seconds < 30) == (0, True)
            assert "Traceback" not in server.said()
            assert ROBOT not in server.said()
