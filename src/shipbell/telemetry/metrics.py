"""Metrics: what Prometheus reads, without the names of projects, sources or robots."""

from collections.abc import Callable, Mapping
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from shipbell.domain.deliveries import LaneState
from shipbell.domain.ids import TIME_SHIFT, milliseconds
from shipbell.domain.results import Delivered, type_names
from shipbell.ports.intake import Accepted
from shipbell.ports.lanes import Settlement

_LATENCIES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


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
        # Finding a counter by its labels costs more than counting.
        self._fates = cache(self.events.labels)
        self._results = cache(self.attempts.labels)
        self._codes = cache(self.hooks.labels)

    def took_in(self, kind: str, accepted: Accepted) -> None:
        """Count what became of the events of one call."""
        for fate, count in (
            ("accepted", len(accepted.event_ids)),
            ("duplicate", accepted.duplicates),
            ("ignored", accepted.ignored),
        ):
            if count:
                self._fates(kind, fate).inc(count)

    def answered(self, code: str, seconds: float) -> None:
        """Count one call at a hook."""
        self._codes(code).inc()
        self.accepting.observe(seconds)

    def called(self, settlement: Settlement) -> None:
        """Count one call to a robot, and how long what it delivered has been on its way."""
        batch, attempt = settlement.batch, settlement.attempt
        self._results(batch.channel, type_names[type(attempt.result)]).inc()
        if batch.handout is not None and isinstance(attempt.result, Delivered):
            # An event's id says when it arrived.
            ended_at = milliseconds(attempt.ended_at)
            for one in batch.handout.carried:
                self.delivering.observe((ended_at - (one.event_id >> TIME_SHIFT)) / 1_000)

    def waits(self, deliveries: int, oldest_seconds: float) -> None:
        """Tell how much waits, and since when."""
        self.waiting.set(deliveries)
        self.oldest.set(oldest_seconds)

    def stand(self, robots: Mapping[LaneState, int]) -> None:
        """Tell how many robots are in each state."""
        for state in LaneState:
            self.lanes.labels(state.value).set(robots.get(state, 0))

    def count_calls(self, now_open: Callable[[], int]) -> None:
        """Ask this at each scrape for the calls in the air."""
        self.open_calls.set_function(now_open)

    def render(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)
