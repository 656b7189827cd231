"""Pages of the audit log, of failed sign-ins and of what knocked at a source's door."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shipbell.ports.history import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One change: who, by which way, what, before and after with secrets masked."""

    id: int
    at: datetime
    actor: str
    via: str
    address: str | None
    action: str
    project: str | None
    target: str
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindAudit:
    """Which entries; None = any. `before` is a cursor: the id of the last one seen.

    `present`: of a project's key, only what was written since the project was made that has it now.
    """

    project: str | None = None
    present: bool = False
    actor: str | None = None
    action: str | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorLine:
    """One call at a source's door: what was answered, never the body.

    `detail` is the sentence that a refused caller was told, `event` the tool's id of a refused event; both cut.
    """

    id: int
    at: datetime
    status: int
    code: str
    address: str
    accepted: int
    duplicates: int
    ignored: int
    detail: str = ""
    event: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """Sign-ins of a name from a network that failed within one minute."""

    at: datetime
    name: str
    network: str
    count: int


class AuditPages(Protocol):
    """The audit log, and the sign-ins that failed beside it, for people who look."""

    async def page(self, find: FindAudit) -> Page[AuditLine]:
        """Entries, the newest first."""
        ...

    async def refused(self, *, before: int | None, limit: int) -> Page[RefusedLine]:
        """Sign-ins that failed, the newest first."""
        ...


class DoorPages(Protocol):
    """The calls at doors, for people who look."""

    async def page(self, source_id: int, *, before: int | None, limit: int) -> Page[DoorLine]:
        """Calls at a source's door, the newest first."""
        ...
