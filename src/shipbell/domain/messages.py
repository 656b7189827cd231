"""Message: what a group is to read, before a channel gives it a form."""

from enum import StrEnum

from msgspec import Struct

from shipbell.domain.subscriptions import Format, Locale


class Tone(StrEnum):
    """How a result feels: it decides the sign, the colour and the order in a digest."""

    BAD = "bad"
    WARN = "warn"
    GOOD = "good"
    NEUTRAL = "neutral"


class Field(Struct, frozen=True, kw_only=True):
    """One labelled value; a lower `rank` is given up later when the message is too long."""

    id: str
    label: str
    value: str
    rank: int
    tone: Tone | None = None


class Link(Struct, frozen=True, kw_only=True):
    """Where to read on; `url` is http or https, raw."""

    label: str
    url: str


class Line(Struct, frozen=True, kw_only=True):
    """One line of a digest: a delivery, or several of one subject folded with a count.

    `delivery_ids` names every delivery the line speaks for.
    """

    text: str
    delivery_ids: tuple[int, ...]
    url: str | None = None
    count: int = 1


class Section(Struct, frozen=True, kw_only=True):
    """The lines of one result under one heading."""

    heading: str
    tone: Tone
    lines: tuple[Line, ...]


class Message(Struct, frozen=True, kw_only=True):
    """One message: a single event (fields and link) or a digest (sections)."""

    format: Format
    locale: Locale
    headline: str
    tone: Tone
    fields: tuple[Field, ...] = ()
    link: Link | None = None
    sections: tuple[Section, ...] = ()
    user_ids: tuple[str, ...] = ()
