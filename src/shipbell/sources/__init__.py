"""Sources: the reader of one tool's calls each; adding one is a folder and a line here."""

from importlib.resources import files

from shipbell.ports.source import EventSource
from shipbell.sources.cloudevents.source import CloudEventsSource
from shipbell.sources.codearts.source import CodeArtsSource
from shipbell.sources.generic.source import GenericSource

REGISTRY: tuple[EventSource, ...] = (GenericSource(), CloudEventsSource(), CodeArtsSource())


def by_kind() -> dict[str, EventSource]:
    """Every source under its kind."""
    return {source.kind: source for source in REGISTRY}


def instructions(kind: str, language: str = "en") -> str:
    """The page of a kind in a language that it has, else in English; `{hook_url}` and `{secret}` stand in it."""
    folder = files("shipbell.sources") / kind
    own = folder / f"README.{language}.md"
    return (own if own.is_file() else folder / "README.md").read_text("utf-8")
