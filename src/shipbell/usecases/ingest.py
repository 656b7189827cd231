"""Ingest: from a call at a hook to committed events."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from shipbell.domain.errors import BadSignature, Busy, MalformedEvent, NotFound, ShipbellError, UnknownSourceKind
from shipbell.domain.events import Event, Ignored
from shipbell.domain.matching import matching
from shipbell.domain.text import clean
from shipbell.ports.clock import Ids
from shipbell.ports.directory import Directory, KnownProject, KnownSource, Snapshot
from shipbell.ports.intake import Accepted, ConfigurationMoved, DoorCall, Intake, NewDelivery, Received
from shipbell.ports.source import EventSource, InboundRequest

_TRIES = 5
# Longer calls take more than a millisecond to check and read.
_LARGE_BYTES = 128 * 1024
_UNKNOWN = "There is no such project or source: check the address of the hook."


class _Named(msgspec.Struct):
    """The one member of a body that tells which event it was."""

    id: object = None


_NAMED = msgspec.json.Decoder(_Named)
_KEPT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingest:
    """Checks, reads, matches and keeps what a CI tool sends."""

    directory: Directory
    intake: Intake
    ids: Ids
    sources: Mapping[str, EventSource]
    offered: Callable[[str, str], bool]
    status_of: Callable[[ShipbellError], int]
    counted: Callable[[str, Accepted], None] = lambda _kind, _accepted: None
    limit: Callable[[int, datetime], None] = lambda _source_id, _now: None
    # Large calls are read one in each turn of the event loop, so that small ones come between them.
    large: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def __call__(self, project_key: str, source_name: str, request: InboundRequest, address: str) -> Accepted:
        """Keep the events of one call; returns after the commit.

        Raises NotFound, BadSignature, TooOften, MalformedEvent, Busy or DatabaseUnusable.
        """
        if len(request.body) > _LARGE_BYTES:
            async with self.large:
                await asyncio.sleep(0)
        snapshot = await self.directory.snapshot()
        project, source = find(snapshot, project_key, source_name)
        try:
            accepted = await self._admit(snapshot, project, source, request)
        except ShipbellError as error:
            named = event_named(request) if isinstance(error, MalformedEvent) else None
            at, status = request.received_at, self.status_of(error)
            self._note(source, at, address, status, error.code, refusal=error, event=named)
            raise
        except Exception:
            self._note(source, request.received_at, address, 500, "internal-error")
            raise
        self._note(source, request.received_at, address, 202, "accepted", accepted)
        self.counted(source.kind, accepted)
        return accepted

    async def check_address(self, project_key: str, source_name: str) -> None:
        """Raise NotFound when there is no such source, before its body is read."""
        find(await self.directory.snapshot(), project_key, source_name)

    async def refused(
        self, project_key: str, source_name: str, error: ShipbellError, at: datetime, address: str
    ) -> None:
        """Note a call that was refused before it could be read; nothing when there is no such source."""
        try:
            _, source = find(await self.directory.snapshot(), project_key, source_name)
        except NotFound:
            return
        self._note(source, at, address, self.status_of(error), error.code, refusal=error)

    async def _admit(
        self, snapshot: Snapshot, project: KnownProject, source: KnownSource, request: InboundRequest
    ) -> Accepted:
        reader = self._reader(source)
        verify(reader, source, request)
        # Only now: who does not know the secret cannot use up what the source may send.
        self.limit(source.id, request.received_at)
        events, size_bytes = reader.parse(request), len(request.body)
        for _ in range(_TRIES):
            received = [self._received(one, project, source, request) for one in events]
            try:
                return await self.intake.accept(received, version=snapshot.version, size_bytes=size_bytes)
            except ConfigurationMoved:
                snapshot = await self.directory.refresh()
                project, source = find(snapshot, project.key, source.name)
        raise Busy("The settings change faster than events can be matched: send it again in a second.")

    def _reader(self, source: KnownSource) -> EventSource:
        reader = self.sources.get(source.kind)
        if reader is None:
            raise UnknownSourceKind(
                f"This version does not read sources of the kind {source.kind}: start the version that made it."
            )
        return reader

    def _received(
        self, event: Event | Ignored, project: KnownProject, source: KnownSource, request: InboundRequest
    ) -> Received:
        deliveries: tuple[NewDelivery, ...] = ()
        if isinstance(event, Event):
            deliveries = tuple(
                NewDelivery(id=self.ids.next(), subscription_id=one.id, lane_id=one.lane_id)
                for one in matching(event, project.subscriptions)
                if self.offered(one.channel, project.region)
            )
        return Received(
            id=self.ids.next(),
            project_id=project.id,
            source_id=source.id,
            event=event,
            received_at=request.received_at,
            deliveries=deliveries,
        )

    def _note(  # noqa: PLR0913 - the columns of one line at the door
        self,
        source: KnownSource,
        at: datetime,
        address: str,
        status: int,
        code: str,
        accepted: Accepted | None = None,
        *,
        refusal: ShipbellError | None = None,
        event: str | None = None,
    ) -> None:
        self.intake.note(
            DoorCall(
                source_id=source.id,
                at=at,
                status=status,
                code=code,
                address=address,
                accepted=len(accepted.event_ids) if accepted else 0,
                duplicates=accepted.duplicates if accepted else 0,
                ignored=accepted.ignored if accepted else 0,
                detail=_cut(refusal.sentence, source) if refusal else "",
                event=event and _cut(event, source),
            )
        )


def find(snapshot: Snapshot, project_key: str, source_name: str) -> tuple[KnownProject, KnownSource]:
    """The project and source of a hook; raises NotFound, the same for either."""
    project = snapshot.projects.get(project_key)
    source = project.sources.get(source_name) if project else None
    if project is None or source is None:
        raise NotFound(_UNKNOWN)
    return project, source


def verify(reader: EventSource, source: KnownSource, request: InboundRequest) -> None:
    """Raise BadSignature unless one of the source's secrets admits the call."""
    refusal: BadSignature | None = None
    over = source.old_until is not None and request.received_at >= source.old_until
    for secret in source.secrets[:1] if over else source.secrets:
        try:
            reader.verify(request, secret)
        except BadSignature as error:
            refusal = refusal or error
        else:
            return
    raise refusal or BadSignature("This source has no secret that is in force.")


def event_named(request: InboundRequest) -> str | None:
    """The tool's id of the event in a refused call, where it holds one that can be read."""
    if given := request.headers.get("ce-id"):
        return given
    try:
        found = _NAMED.decode(request.body).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return None
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else None


def _cut(text: str, source: KnownSource) -> str:
    """What may be kept of a text: not the source's secrets, nothing that no database holds, no more than is shown."""
    for secret in source.secrets:
        text = text.replace(secret.reveal(), "***")
    return clean(text.encode(errors="ignore").decode())[:_KEPT]
