"""The shapes of replies: what is encoded, and what the OpenAPI document says of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")
Facts = Mapping[str, Any]


class Listed(Struct, Generic[T]):
    """A page of a list; `next` is the cursor of what follows."""

    items: list[T]
    next: str | None


class Named(Struct):
    """A word of ours with its labels in each language."""

    id: str
    label: dict[str, str]


class EventTypeShape(Struct):
    """An event type; `group` splits a long service."""

    id: str
    label: dict[str, str]
    group: str | None


class ServiceShape(Struct):
    """A service with its event types and content fields."""

    id: str
    label: dict[str, str]
    revision: str
    events: list[EventTypeShape]
    fields: list[Named]


class CatalogShape(Struct):
    """Everything that a subscription can choose from."""

    services: list[ServiceShape]
    gates: list[Named]
    channels: list[str]
    source_kinds: list[str]
    formats: list[str]
    locales: list[str]
    roles: list[str]


class RegionShape(Struct):
    """A region, and the channels that are offered there."""

    id: str
    label: dict[str, str]
    channels: list[str]


class Stamped(Struct, kw_only=True):
    """What every setting says of itself; times are RFC 3339 in UTC."""

    id: str
    created_at: datetime | None
    updated_at: datetime | None
    updated_by: str | None


class ProjectShape(Stamped, kw_only=True):
    """A project; `role` is the caller's own, null for an instance administrator without one."""

    key: str
    name: str
    region: str
    time_zone: str
    role: str | None


class MemberShape(Stamped, kw_only=True):
    """A member's role."""

    user: str
    role: str


class SourceShape(Stamped, kw_only=True):
    """A source; its secret is masked but in the one reply that tells it."""

    name: str
    kind: str
    secret: str
    old_secret_until: datetime | None
    hook: str


class SubscriptionShape(Stamped, kw_only=True):
    """A subscription; its URL is masked, and the mask, sent back, keeps it."""

    name: str
    channel: str
    url: str
    events: list[str]
    gate: str
    content: dict[str, list[str]]
    user_ids: str
    locale: str
    format: str
    enabled: bool
    robot: str


class VerdictShape(Struct):
    """What came of a test message; the detail says the cure."""

    verdict: str
    detail: str


class CallShape(Struct, kw_only=True):
    """One call at a source's door; `detail` is what a refused caller was told, `event` the tool's id of its event."""

    id: str
    at: datetime
    status: int
    code: str
    address: str
    accepted: int
    duplicates: int
    ignored: int
    detail: str
    event: str | None


class UserShape(Stamped, kw_only=True):
    """An account; `local` = it has a password here."""

    name: str
    is_admin: bool
    local: bool
    last_seen_at: datetime | None


class TokenShape(Struct, kw_only=True):
    """A token of one's own; `token` itself is told once, when it is made."""

    id: str
    name: str
    read_only: bool
    projects: list[str] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    token: str | None = None


class AuditShape(Struct, kw_only=True):
    """One change, secrets masked."""

    id: str
    at: datetime
    actor: str
    via: str
    address: str | None
    action: str
    project: str | None
    target: str
    before: Facts | None
    after: Facts | None


class RefusedShape(Struct, kw_only=True):
    """Sign-ins of an account (or of names that are none) from a network that failed within the minute `at`."""

    at: datetime
    name: str
    network: str
    count: int


class BrokenRule(Struct):
    """One broken rule."""

    field: str
    code: str
    message: str


class ProblemShape(Struct, omit_defaults=True):
    """An error (RFC 9457) with a stable code."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[BrokenRule] = []
