"""The shapes of request bodies, for the OpenAPI document; the rules themselves stand in the domain."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from shipbell import channels, sources
from shipbell.domain.access import Role
from shipbell.domain.catalog import EVENT_TYPES
from shipbell.domain.subscriptions import Format, GateFilter, Locale
from shipbell.usecases.accounts import MOST_PASSWORD_CHARACTERS, PASSWORD_CHARACTERS


def _one_of(*words: str) -> Meta:
    """A choice of words, as the document tells it."""
    return Meta(extra_json_schema={"enum": list(words)})


_Role = Annotated[str, _one_of(*Role)]
_Kind = Annotated[str, _one_of(*(one.kind for one in sources.REGISTRY))]
_Channel = Annotated[str, _one_of(*channels.by_kind())]
_EventType = Annotated[str, _one_of(*EVENT_TYPES)]
_Gate = Annotated[str, _one_of(*GateFilter)]
_Locale = Annotated[str, _one_of(*Locale)]
_Format = Annotated[str, _one_of(*Format)]
_State = Annotated[str, _one_of("delivered", "dead", "expired", "cancelled")]
_Key = Annotated[str, Meta(pattern="^[a-z0-9-]{1,64}$")]
_Region = Annotated[str, Meta(pattern="^[a-z0-9-]{1,32}$")]


class ProjectBody(Struct, kw_only=True):
    """A project's own facts."""

    key: Annotated[str, Meta(pattern="^[a-z0-9-]{1,64}$", examples=["payments"])]
    name: Annotated[str, Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    region: _Region | UnsetType = UNSET
    time_zone: Annotated[str, Meta(examples=["Asia/Singapore"])] | UnsetType = UNSET


class ProjectChange(Struct, kw_only=True):
    """A project's own facts; the key stays."""

    key: _Key | UnsetType = UNSET
    name: Annotated[str, Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    region: _Region | UnsetType = UNSET
    time_zone: str | UnsetType = UNSET


class MemberBody(Struct, kw_only=True):
    """A member's role."""

    role: _Role


class SourceBody(Struct, kw_only=True):
    """A source; a secret that is left out is made up for a new one and kept for a known one."""

    name: Annotated[str, Meta(pattern="^[a-z0-9-]{1,64}$", examples=["ci"])]
    kind: _Kind
    secret: Annotated[str, Meta(min_length=1, max_length=512)] | UnsetType = UNSET


class RotateBody(Struct, kw_only=True):
    """How long the old secret works beside the new one: 24 hours when left out, 0 = it ends at once."""

    overlap_hours: Annotated[float, Meta(ge=0, le=2160)] | UnsetType = UNSET


class SubscriptionBody(Struct, kw_only=True):
    """A subscription; a masked URL keeps the one that is known."""

    name: Annotated[str, Meta(min_length=1, max_length=100, examples=["release group"])]
    channel: _Channel | UnsetType = UNSET
    url: Annotated[str, Meta(max_length=256, examples=["https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=KEY"])]
    events: Annotated[list[_EventType], Meta(min_length=1, examples=[["pipeline.run.failed"]])]
    gate: _Gate | UnsetType = UNSET
    content: dict[str, list[str]] | UnsetType = UNSET
    user_ids: Annotated[str, Meta(max_length=1000, examples=["zhang.san;li.si"])] | UnsetType = UNSET
    locale: _Locale | UnsetType = UNSET
    format: _Format | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class ReplayBody(Struct, kw_only=True, rename={"from_": "from"}):
    """Which deliveries to replay; left out: all dead ones of the project."""

    robot: str | UnsetType = UNSET
    state: _State | UnsetType = UNSET
    from_: str | UnsetType = UNSET
    to: str | UnsetType = UNSET


class UserBody(Struct, kw_only=True):
    """A local account."""

    name: Annotated[str, Meta(min_length=1, max_length=128, examples=["alice"])]
    password: Annotated[str, Meta(min_length=PASSWORD_CHARACTERS, max_length=MOST_PASSWORD_CHARACTERS)]
    is_admin: bool | UnsetType = UNSET


class UserChange(Struct, kw_only=True):
    """What can be changed of an account; a new password ends its sessions."""

    name: str | UnsetType = UNSET
    password: Annotated[str, Meta(min_length=PASSWORD_CHARACTERS, max_length=MOST_PASSWORD_CHARACTERS)] | UnsetType = (
        UNSET
    )
    is_admin: bool | UnsetType = UNSET


class TokenBody(Struct, kw_only=True):
    """A token: for some projects alone or for all, to read or to write; `expires` is a number of days."""

    name: Annotated[str, Meta(min_length=1, max_length=100, examples=["deploy bot"])]
    read_only: bool | UnsetType = UNSET
    projects: list[str] | UnsetType | None = UNSET
    expires: Annotated[float, Meta(gt=0, le=3660)] | UnsetType | None = UNSET


class SourceChange(Struct, kw_only=True):
    """What can be changed of a source."""

    name: Annotated[str, Meta(pattern="^[a-z0-9-]{1,64}$")] | UnsetType = UNSET
    kind: _Kind | UnsetType = UNSET
    secret: Annotated[str, Meta(min_length=1, max_length=512)] | UnsetType | None = UNSET


class SubscriptionChange(Struct, kw_only=True):
    """What can be changed of a subscription; null gives a member its default."""

    name: Annotated[str, Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    channel: _Channel | UnsetType | None = UNSET
    url: Annotated[str, Meta(max_length=256)] | UnsetType = UNSET
    events: Annotated[list[_EventType], Meta(min_length=1)] | UnsetType = UNSET
    gate: _Gate | UnsetType | None = UNSET
    content: dict[str, list[str] | None] | UnsetType | None = UNSET
    user_ids: Annotated[str, Meta(max_length=1000)] | UnsetType | None = UNSET
    locale: _Locale | UnsetType | None = UNSET
    format: _Format | UnsetType | None = UNSET
    enabled: Annotated[bool, Meta(examples=[False])] | UnsetType | None = UNSET


class TrialBody(Struct, kw_only=True):
    """A subscription that is not saved; the mask of one that is stands for its URL."""

    url: Annotated[str, Meta(max_length=256, examples=["https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=KEY"])]
    name: str | UnsetType = UNSET
    channel: _Channel | UnsetType = UNSET
    events: list[_EventType] | UnsetType = UNSET
    gate: _Gate | UnsetType = UNSET
    content: dict[str, list[str]] | UnsetType = UNSET
    user_ids: str | UnsetType = UNSET
    locale: _Locale | UnsetType = UNSET
    format: _Format | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
