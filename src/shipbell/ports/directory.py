"""Directory: the configuration, read whole and changed by named edits in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shipbell.domain.access import Role
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import Content, Format, GateFilter, Locale, Subscription

# --- what the hot path reads: an immutable picture of everything, renewed when the version moves ---------


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSource:
    """A configured sender: `secrets` holds the present one and, during a rotation, the one before."""

    id: int
    name: str
    kind: str
    secrets: tuple[Secret, ...]
    old_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProject:
    """A project as the hooks need it; `subscriptions` are all of them, also those switched off."""

    id: int
    key: str
    name: str
    region: str
    time_zone: str
    sources: Mapping[str, KnownSource]
    subscriptions: tuple[Subscription, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The configuration at one version."""

    version: int
    projects: Mapping[str, KnownProject]


# --- records: what people read and change ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """When a record was made and changed, by whom, and its revision (the ETag)."""

    created_at: datetime
    updated_at: datetime
    updated_by: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRecord:
    """One member's role; `stamp` is None before it is saved."""

    user: str
    role: Role
    stamp: Stamp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """A source with its secret; `id` is 0 and `stamp` None before it is saved."""

    name: str
    kind: str
    secret: Secret
    old_secret: Secret | None = None
    old_until: datetime | None = None
    id: int = 0
    stamp: Stamp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRecord:
    """A subscription with its URL; `user_ids` as written, `lane_id` filled in by the store."""

    name: str
    channel: str
    url: Secret
    url_mask: str
    events: tuple[str, ...]
    gate: GateFilter
    content: Content
    user_ids: str
    locale: Locale
    format: Format
    enabled: bool
    id: int = 0
    lane_id: int = 0
    stamp: Stamp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRecord:
    """A project's own facts."""

    key: str
    name: str
    region: str
    time_zone: str
    id: int = 0
    stamp: Stamp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectWhole:
    """A project with all that belongs to it, each list in order of name."""

    project: ProjectRecord
    members: tuple[MemberRecord, ...] = ()
    sources: tuple[SourceRecord, ...] = ()
    subscriptions: tuple[SubscriptionRecord, ...] = ()


# --- edits: the closed union of what can be changed -----------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PutProject:
    """Make or change a project; `expected` is the revision that the writer saw (None = any)."""

    project: ProjectRecord
    expected: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DropProject:
    """End a project with all that belongs to it; its waiting deliveries are cancelled."""

    key: str
    expected: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PutMember:
    """Give a user a role in a project."""

    project: str
    member: MemberRecord
    expected: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DropMember:
    """Take a user's role in a project."""

    project: str
    user: str
    expected: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PutSource:
    """Make a source, or change the one of this id (or, with id 0, of this name)."""

    project: str
    source: SourceRecord
    expected: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DropSource:
    """End a source; what it sent stays until retention."""

    project: str
    name: str
    expected: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PutSubscription:
    """Make a subscription, or change the one of this id (or, with id 0, of this name).

    A new URL moves what waits to the new lane; switching it off cancels what waits.
    """

    project: str
    subscription: SubscriptionRecord
    expected: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DropSubscription:
    """End a subscription; what waits is cancelled."""

    project: str
    name: str
    expected: int | None = None


Edit = PutProject | DropProject | PutMember | DropMember | PutSource | DropSource | PutSubscription | DropSubscription


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who changes something, and by which way (cli, api, console, system)."""

    actor: str
    via: str
    address: str | None = None


class Directory(Protocol):
    """The store of settings."""

    async def snapshot(self) -> Snapshot:
        """The present picture; cheap while nothing changed (at most half a second old)."""
        ...

    async def refresh(self) -> Snapshot:
        """The picture as the database has it this moment."""
        ...

    async def projects(self) -> Sequence[ProjectRecord]:
        """Every project in order of key."""
        ...

    async def whole(self, key: str) -> ProjectWhole | None:
        """One project with all that belongs to it; None when there is none."""
        ...

    async def change(self, edits: Sequence[Edit], by: By) -> None:
        """Carry out all edits, or none, and write the audit entries, in one transaction.

        Raises NotFound, NameTaken, Stale (a revision that is not `expected`).
        """
        ...
