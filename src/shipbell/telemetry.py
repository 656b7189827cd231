"""Logs and metrics: one structured line per request and attempt, counters without project names."""

import re
import secrets
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from shipbell.domain.secret import Secret

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_KEY = re.compile(r"(key=|token=|Bearer )[A-Za-z0-9_.\-]{6,}", re.IGNORECASE)
_LATENCIES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


def log() -> FilteringBoundLogger:
    """The logger, as `set_up_logs` has made it."""
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def new_request_id() -> str:
    """An id for one request, 16 characters."""
    return secrets.token_hex(8)


def set_up_logs(*, level: str = "info", form: str = "json") -> None:
    """Write logs to stderr, as JSON lines or for people."""
    render: list[Callable[[WrappedLogger, str, EventDict], Any]]
    logger: Callable[..., Any]
    if form == "json":
        render = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_json)]
        logger = structlog.BytesLoggerFactory(sys.stderr.buffer)
    else:
        render = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        logger = structlog.PrintLoggerFactory(sys.stderr)
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso"), redact, *render],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=logger,
        cache_logger_on_first_use=True,
    )


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide secrets and robot keys, wherever they come from."""
    for name, value in event.items():
        if isinstance(value, Secret):
            event[name] = str(value)
        elif isinstance(value, str) and ("=" in value or "earer" in value):
            event[name] = _KEY.sub(r"\1***", value)
    return event


def _json(event: EventDict, **_options: object) -> bytes:
    return msgspec.json.encode(event, enc_hook=str)


class Metrics:
    """What Prometheus reads; label values come from registries and closed sets alone."""

    def __init__(self) -> None:
        """Start at zero."""
        self.registry = CollectorRegistry()
        self.events = Counter(
            "shipbell_events", "Events by what became of them.", ["kind", "fate"], registry=self.registry
        )
        self.hooks = Counter("shipbell_hook_calls", "Calls at hooks by their code.", ["code"], registry=self.registry)
        self.attempts = Counter(
            "shipbell_attempts", "Calls to robots by their result.", ["channel", "result"], registry=self.registry
        )
        self.accepting = Histogram(
            "shipbell_accept_seconds",
            "From a hook's call to its answer.",
            registry=self.registry,
            buckets=_LATENCIES,
        )
        self.delivering = Histogram(
            "shipbell_deliver_seconds",
            "From the arrival of an event to the robot's answer.",
            registry=self.registry,
            buckets=_LATENCIES,
        )
        self.open_calls = Gauge("shipbell_open_calls", "Calls to robots in the air.", registry=self.registry)
        self.waiting = Gauge("shipbell_waiting_deliveries", "Deliveries that wait.", registry=self.registry)
        self.oldest = Gauge(
            "shipbell_oldest_waiting_seconds", "The age of the oldest delivery that waits.", registry=self.registry
        )
        self.lanes = Gauge("shipbell_lanes", "Robots by their state.", ["state"], registry=self.registry)

    def render(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)
