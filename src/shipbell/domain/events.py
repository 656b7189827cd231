"""Event: one happening of a CI tool, in the one shape that every source reads into."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field


class Gate(StrEnum):
    """What the quality gate of a check said."""

    PASSED = "passed"
    FAILED = "failed"
    NONE = "none"


class Subject(Struct, frozen=True, kw_only=True):
    """What the event is about: a pipeline, an application, a check task, a repository."""

    name: str
    url: str | None = None


class Run(Struct, frozen=True, kw_only=True):
    """One execution of the subject; `status` is the tool's own word."""

    number: str | None = None
    status: str | None = None
    description: str | None = None
    url: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class Actor(Struct, frozen=True, kw_only=True):
    """Who made it run."""

    name: str


class Trigger(Struct, frozen=True, kw_only=True):
    """Why it ran."""

    kind: str | None = None
    branch: str | None = None
    tag: str | None = None
    commit: str | None = None


class Issues(Struct, frozen=True, kw_only=True):
    """How many issues a check found."""

    total: int | None = None


class Event(Struct, frozen=True, kw_only=True):
    """What happened; `id` names one happening within its source, absent parts are unknown."""

    id: str
    type: str
    time: datetime
    subject: Subject
    run: Run = field(default_factory=Run)
    actor: Actor | None = None
    trigger: Trigger | None = None
    gate: Gate | None = None
    issues: Issues | None = None
    project_name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


class Ignored(Struct, frozen=True, kw_only=True):
    """An understood happening that nobody can subscribe to; it is kept with the reason.

    `type` is our type where one fits, else the tool's own word; `reason` is a plain English sentence.
    """

    id: str
    type: str
    reason: str
    time: datetime
    subject: Subject
    run: Run = field(default_factory=Run)
