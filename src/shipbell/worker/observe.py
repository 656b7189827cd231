"""Telling: what is said of each call to a robot that ended."""

from dataclasses import dataclass

from shipbell.domain.ids import Prefix, encode
from shipbell.domain.results import type_names
from shipbell.ports.lanes import Settlement
from shipbell.telemetry import Metrics, log
from shipbell.telemetry.traces import Traces
from shipbell.worker.alarms import Alarms


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Tells metrics, alarms, the log and, when they are asked for, traces."""

    metrics: Metrics
    alarms: Alarms
    traces: Traces | None

    def __call__(self, settlement: Settlement) -> None:
        """Tell of one call."""
        batch, attempt = settlement.batch, settlement.attempt
        self.metrics.called(settlement)
        self.alarms.called(settlement)
        log().info(
            "attempt.ended",
            attempt=encode(Prefix.ATTEMPT, batch.attempt_id),
            robot=encode(Prefix.ROBOT, batch.lane_id),
            carried=len(batch.delivery_ids),
            result=type_names[type(attempt.result)],
            code=attempt.result.code,
            status=attempt.status,
            ms=round((attempt.ended_at - batch.started_at).total_seconds() * 1000, 1),
        )
        if self.traces is not None:
            self.traces.called(settlement)
