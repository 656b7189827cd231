"""Spans through OpenTelemetry, sent to a collector over OTLP/HTTP by a thread of their own (the extra `otel`)."""

import logging
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import Thread
from typing import Self

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, get_current_span

from shipbell import __version__
from shipbell.domain.ids import Prefix, encode
from shipbell.domain.results import Delivered, type_names
from shipbell.ports.lanes import Settlement
from shipbell.telemetry.logs import log, without_secrets
from shipbell.telemetry.traces import Answered

# Of so many events the request that brought them is remembered, for links; the ids stand in the spans anyway.
_REMEMBERED = 10_000
_MOST_IDS = 100
_MOST_LINKS = 32
_SERVER_ERRORS = 500
_LAST_SECONDS = 3.0


class OtlpTraces:
    """Spans of one process (see `telemetry.traces.Traces`); sampling and batches follow the OTEL_ variables."""

    def __init__(self, processor: SpanProcessor) -> None:
        """Hand ended spans to this processor."""
        provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        provider.add_span_processor(processor)
        self._processor = processor
        self._tracer = provider.get_tracer("shipbell", __version__)
        self._brought: OrderedDict[int, SpanContext] = OrderedDict()

    @classmethod
    def to_the_collector(cls) -> Self:
        """Spans sent where the OTEL_ variables say."""
        _say_in_our_log()
        return cls(BatchSpanProcessor(OTLPSpanExporter()))

    @contextmanager
    def request(self, method: str, path: str) -> Iterator[Answered]:
        """One request; its name tells the part of the house, its attributes the address."""
        attributes = {"http.request.method": method, "url.path": without_secrets(path)}
        name = f"{method} /{path.split('/', 2)[1]}"
        # An exception's words may hold what must not be seen.
        with self._tracer.start_as_current_span(
            name, kind=SpanKind.SERVER, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:

            def answered(status: int, code: str | None, request_id: str | None) -> None:
                span.set_attribute("http.response.status_code", status)
                if code is not None:
                    span.set_attribute("shipbell.code", code)
                if request_id is not None:
                    span.set_attribute("shipbell.request_id", request_id)
                if status >= _SERVER_ERRORS:
                    span.set_status(Status(StatusCode.ERROR))

            yield answered

    def accepted(self, event_ids: Sequence[int]) -> None:
        """Name the events in the span that is open, and remember it for their attempts."""
        span = get_current_span()
        if not event_ids or not span.is_recording():
            return
        span.set_attribute("shipbell.events", len(event_ids))
        span.set_attribute("shipbell.event_ids", _ids(Prefix.EVENT, event_ids))
        for one in event_ids:
            self._brought[one] = span.get_span_context()
        while len(self._brought) > _REMEMBERED:
            self._brought.popitem(last=False)

    def called(self, settlement: Settlement) -> None:
        """Tell of an attempt after it ended, with the times that were measured."""
        batch, attempt = settlement.batch, settlement.attempt
        events = [one.event_id for one in batch.handout.carried] if batch.handout else []
        known = {found.span_id: found for one in events if (found := self._brought.get(one)) is not None}
        span = self._tracer.start_span(
            f"attempt {batch.channel}",
            kind=SpanKind.CLIENT,
            links=[Link(one) for one in list(known.values())[:_MOST_LINKS]],
            start_time=_nanoseconds(batch.started_at),
            attributes={
                "shipbell.attempt_id": encode(Prefix.ATTEMPT, batch.attempt_id),
                "shipbell.robot_id": encode(Prefix.ROBOT, batch.lane_id),
                "shipbell.deliveries": len(batch.delivery_ids),
                "shipbell.delivery_ids": _ids(Prefix.DELIVERY, batch.delivery_ids),
                "shipbell.event_ids": _ids(Prefix.EVENT, events),
                "shipbell.result": type_names[type(attempt.result)],
                "shipbell.code": attempt.result.code,
            },
        )
        if attempt.status is not None:
            span.set_attribute("http.response.status_code", attempt.status)
        if not isinstance(attempt.result, Delivered):
            span.set_status(Status(StatusCode.ERROR))
        span.end(_nanoseconds(attempt.ended_at))

    def close(self) -> None:
        """Send what waits; a collector that does not answer holds up the end no longer than this."""
        last = Thread(target=self._processor.shutdown, name="last-spans", daemon=True)
        last.start()
        last.join(_LAST_SECONDS)


def _resource() -> Resource:
    """Who we are, unless the OTEL_ variables say otherwise."""
    given = OTELResourceDetector().detect().attributes
    return Resource.create({"service.name": "shipbell", "service.version": __version__, **given})


def _ids(prefix: Prefix, numbers: Sequence[int]) -> list[str]:
    return [encode(prefix, one) for one in list(dict.fromkeys(numbers))[:_MOST_IDS]]


def _nanoseconds(time: datetime) -> int:
    return int(time.timestamp() * 1_000_000) * 1_000


class _OurLog(logging.Handler):
    """Writes what OpenTelemetry complains of as a line of our log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        log().warning("traces.troubled", detail=record.getMessage())


def _say_in_our_log() -> None:
    theirs = logging.getLogger("opentelemetry")
    if not any(isinstance(one, _OurLog) for one in theirs.handlers):
        theirs.addHandler(_OurLog(logging.WARNING))
        theirs.propagate = False
