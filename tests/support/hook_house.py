"""A small house for the hooks: a directory and an intake in memory, and a server on a port of its own."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import uvicorn
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from hand_clock import HandClock
from shipbell import sources
from shipbell.domain.events import Event
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import Subscription
from shipbell.ports.directory import By, Edit, KnownProject, KnownSource, ProjectRecord, ProjectWhole, Snapshot
from shipbell.ports.intake import Accepted, ConfigurationMoved, DoorCall, Received
from shipbell.usecases.ingest import Ingest
from shipbell.web.app import WebServices, build_app
from shipbell.web.crowd import Crowd
from shipbell.web.hooks import Hook
from shipbell.web.limits import SourceLimit
from shipbell.web.problems import status_of
from shipbell.web.uvicorn_protocol import WholeAnswers

SECRET = "s3cret"
STARTED = datetime(2026, 11, 24, 3, 5, tzinfo=UTC)
HEALTHY = {"database": "ok"}


@dataclass
class CountedIds:
    """1, 2, 3 and on."""

    last: int = 0

    def next(self) -> int:
        self.last += 1
        return self.last


def subscription(number: int, *events: str) -> Subscription:
    """One that wants these events."""
    return Subscription(
        id=number, project_id=1, lane_id=number * 10, name=f"group {number}", channel="wecom", events=frozenset(events)
    )


def project(*subscriptions: Subscription, key: str = "payments", region: str = "ap-southeast-3") -> KnownProject:
    """A project with a source of each kind, named as its kind."""
    kinds = enumerate(sources.by_kind(), start=1)
    known = {kind: KnownSource(id=id_, name=kind, kind=kind, secrets=(Secret(SECRET),)) for id_, kind in kinds}
    return KnownProject(
        id=1,
        key=key,
        name="Payments",
        region=region,
        time_zone="UTC",
        sources=known,
        subscriptions=subscriptions,
    )


@dataclass
class MemoryDirectory:
    """The configuration as one picture; `next_picture` is what a refresh finds."""

    picture: Snapshot
    next_picture: Snapshot | None = None
    refreshed: int = 0

    async def snapshot(self) -> Snapshot:
        return self.picture

    async def refresh(self) -> Snapshot:
        self.refreshed += 1
        if self.next_picture is not None:
            self.picture = self.next_picture
        return self.picture

    async def projects(self) -> Sequence[ProjectRecord]:
        return ()

    async def whole(self, key: str) -> ProjectWhole | None:
        return None

    async def change(self, edits: Sequence[Edit], by: By) -> None:
        raise NotImplementedError


@dataclass
class MemoryIntake:
    """Keeps what is accepted under its key; `version` is the configuration's, `trouble` is raised when set."""

    version: int = 1
    trouble: Exception | None = None
    kept: list[Received] = field(default_factory=list)
    calls: list[DoorCall] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    async def accept(self, received: Sequence[Received], *, version: int, size_bytes: int = 0) -> Accepted:
        if self.trouble is not None:
            raise self.trouble
        if version != self.version:
            raise ConfigurationMoved
        known = {(one.source_id, one.event.id) for one in self.kept}
        self.sizes.append(size_bytes)
        fresh = [one for one in received if (one.source_id, one.event.id) not in known]
        self.kept += fresh
        accepted = tuple(one.id for one in fresh if isinstance(one.event, Event))
        return Accepted(event_ids=accepted, duplicates=len(received) - len(fresh), ignored=len(fresh) - len(accepted))

    def note(self, call: DoorCall) -> None:
        self.calls.append(call)


@dataclass
class House:
    """Everything behind the hooks."""

    directory: MemoryDirectory
    intake: MemoryIntake = field(default_factory=MemoryIntake)
    clock: HandClock = field(default_factory=lambda: HandClock(STARTED))
    ids: CountedIds = field(default_factory=CountedIds)
    offered: frozenset[str] = frozenset({"ap-southeast-3"})
    observed: list[tuple[str, int]] = field(default_factory=list)
    health: dict[str, str] = field(default_factory=lambda: dict(HEALTHY))

    def ingest(self, *, per_second: float = 0) -> Ingest:
        """The use case on these parts."""
        return Ingest(
            directory=self.directory,
            intake=self.intake,
            ids=self.ids,
            sources=sources.by_kind(),
            offered=lambda _channel, region: region in self.offered,
            status_of=status_of,
            limit=SourceLimit(per_second).check,
        )

    def app(self, *, per_second: float = 0, hook: Hook | None = None, routes: Sequence[BaseRoute] = ()) -> ASGIApp:
        """The application on these parts."""

        async def ready() -> dict[str, str]:
            return self.health

        made = Hook(
            ingest=self.ingest(per_second=per_second),
            clock=self.clock,
            observe=lambda code, status, _seconds: self.observed.append((code, status)),
        )
        return build_app(WebServices(hook=hook or made, ready=ready, metrics=lambda: b"shipbell_up 1\n", routes=routes))


def house(*known: KnownProject) -> House:
    """A house with these projects, or with one that wants two event types."""
    projects = known or (project(subscription(1, "pipeline.run.failed"), subscription(2, "check.task.completed")),)
    return House(MemoryDirectory(Snapshot(version=1, projects={one.key: one for one in projects})))


def moved(built: House, *subscriptions: Subscription) -> None:
    """Let the configuration move on between matching and keeping."""
    built.intake.version += 1
    key, known = next(iter(built.directory.picture.projects.items()))
    built.directory.next_picture = Snapshot(
        version=built.intake.version, projects={key: replace(known, subscriptions=subscriptions)}
    )


def with_secrets(built: House, *secrets: str, old_until: timedelta | None = None) -> None:
    """Give the generic source these secrets, the present one first."""
    known = built.directory.picture.projects["payments"]
    source = KnownSource(
        id=1,
        name="generic",
        kind="generic",
        secrets=tuple(Secret(one) for one in secrets),
        old_until=None if old_until is None else STARTED + old_until,
    )
    changed = replace(known, sources={**known.sources, "generic": source})
    built.directory.picture = Snapshot(version=1, projects={"payments": changed})


@contextmanager
def served(app: ASGIApp, crowd: Crowd | None = None, *, keep_alive_seconds: int = 5) -> Iterator[str]:
    """The address of a real server on loopback, ended afterwards."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http=partial(WholeAnswers, crowd=crowd or Crowd()),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_keep_alive=keep_alive_seconds,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.005)
        host, port = listening.getsockname()
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
