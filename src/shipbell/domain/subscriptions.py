"""Subscription: who wants to hear what, where, and how it reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """How a message is sent."""

    MARKDOWN = "markdown"
    TEXT = "text"


class Locale(StrEnum):
    """A language that messages and pages are written in."""

    EN = "en"
    ZH_CN = "zh-CN"


class GateFilter(StrEnum):
    """Which completed checks are wanted."""

    ALL = "all"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Content:
    """The chosen field ids per service; a service that is absent shows all its fields, an empty tuple none."""

    chosen: Mapping[str, tuple[str, ...]]


ALL_FIELDS = Content({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A valid subscription; its URL lives with its robot, encrypted."""

    id: int
    project_id: int
    lane_id: int
    name: str
    channel: str
    events: frozenset[str]
    gate: GateFilter = GateFilter.ALL
    content: Content = ALL_FIELDS
    user_ids: tuple[str, ...] = ()
    locale: Locale = Locale.EN
    format: Format = Format.MARKDOWN
    enabled: bool = True
