"""Sources: the reader of one tool's calls each; adding one is a folder and a line here."""

from shipbell.ports.source import EventSource
from shipbell.sources.cloudevents.source import CloudEventsSource
from shipbell.sources.codearts.source import CodeArtsSource
from shipbell.sources.generic.source import GenericSource

REGISTRY: tuple[EventSource, ...] = (GenericSource(), CloudEventsSource(), CodeArtsSource())


def by_kind() -> dict[str, EventSource]:
    """Every source under its kind."""
    return {source.kind: source for source in REGISTRY}
