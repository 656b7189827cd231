"""Logs and metrics: one structured line per request and attempt, counters without project names."""

from shipbell.telemetry.logs import log, new_request_id, redact, set_up_logs
from shipbell.telemetry.metrics import Metrics

__all__ = ["Metrics", "log", "new_request_id", "redact", "set_up_logs"]
