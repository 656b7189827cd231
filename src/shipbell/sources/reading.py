"""Reading bodies: JSON into values, and mistakes into sentences that name their place."""

import re
from datetime import datetime
from typing import TypeVar

import msgspec

from shipbell.domain.catalog import known
from shipbell.domain.errors import MalformedEvent, UnknownEventType
from shipbell.domain.events import Actor, Event, Gate, Issues, Run, Subject, Trigger
from shipbell.domain.text import clean

T = TypeVar("T")

MOST_EVENTS = 1_000
_MOST_TYPE_CHARACTERS = 1_024
_MOST_ISSUES = 10**12
_FIRST_YEAR, _LAST_YEAR = 1970, 9000
_PLACE = re.compile(r" - at `\$(?P<place>[^`]*)`$")
_GZIP = b"\x1f\x8b"
_NUL_ESCAPE = re.compile(rb"\\u0000|\x00", re.IGNORECASE)
_SURROGATE_ESCAPE = re.compile(rb"\\ud[89a-f]", re.IGNORECASE)


class ActorBody(msgspec.Struct):
    """Who made it run; without a name nobody is known."""

    name: str | None = None


class EventBody(msgspec.Struct, rename=None):
    """An event as JSON; unknown members are ignored, and only `id`, `type` and `subject.name` must be there."""

    id: str
    type: str
    subject: Subject
    time: datetime | None = None
    run: Run | None = None
    actor: ActorBody | None = None
    trigger: Trigger | None = None
    gate: Gate | None = None
    issues: Issues | None = None
    project_name: str | None = None
    labels: dict[str, str] | None = None


def malformed(error: Exception, place: str = "") -> MalformedEvent:
    """Say what is wrong with a body, and where."""
    told = str(error)
    found = _PLACE.search(told)
    where = place + (found.group("place") if found else "")
    words = _PLACE.sub("", told)
    return MalformedEvent(f"{words} (at {where.lstrip('.')})" if where else words)


def decoded(decoder: "msgspec.json.Decoder[T]", body: bytes) -> T:
    """Read a JSON body; raises MalformedEvent with the place at fault."""
    check_text(body)
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError, ValueError) as error:
        raise malformed(error) from error


def check_text(body: bytes) -> None:
    """Refuse what no database and no message can hold: NUL and lone surrogates."""
    if not body.strip():
        raise MalformedEvent("The body is empty: send one event as JSON.")
    if body.startswith(_GZIP):
        raise MalformedEvent("The body is compressed: send it as it is.")
    if b"\x00" in body or (b"\\u0000" in body and _NUL_ESCAPE.search(body.replace(b"\\\\", b""))):
        raise MalformedEvent("The body holds a NUL character: leave it out.")
    if _SURROGATE_ESCAPE.search(body) and _has_lone_surrogate(body):
        raise MalformedEvent("The body holds half of a surrogate pair: send whole characters.")


def _has_lone_surrogate(body: bytes) -> bool:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    without_pairs = re.sub(
        r"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}", "", text.replace("\\\\", ""), flags=re.IGNORECASE
    )
    return _SURROGATE_ESCAPE.search(without_pairs.encode()) is not None


def aware(time: datetime | None, place: str) -> datetime | None:
    """A time must say its zone, and lie within what calendars of all zones can say."""
    if time is None:
        return None
    if time.tzinfo is None:
        raise MalformedEvent(f"Expected a time with its zone, such as 2026-11-24T03:04:12Z (at {place})")
    if not _FIRST_YEAR <= time.year <= _LAST_YEAR:
        raise MalformedEvent(f"Expected a time between the years {_FIRST_YEAR} and {_LAST_YEAR} (at {place})")
    return time


def bounded(text: str, place: str) -> str:
    """A type is short enough to be looked up; ids may be as long as the body."""
    if len(text) > _MOST_TYPE_CHARACTERS:
        raise MalformedEvent(f"Expected at most {_MOST_TYPE_CHARACTERS} characters (at {place})")
    return text


def countable(number: int, place: str) -> int:
    """A count is neither negative nor absurd."""
    if not 0 <= number <= _MOST_ISSUES:
        raise MalformedEvent(f"Expected a count from 0 to {_MOST_ISSUES} (at {place})")
    return number


def event_of(body: EventBody, *, received_at: datetime, place: str = "") -> Event:
    """Make an event; raises MalformedEvent or UnknownEventType."""
    prefix = f"{place}." if place else ""
    for name, value in (("id", body.id), ("type", body.type), ("subject.name", body.subject.name)):
        if not clean(value):
            raise MalformedEvent(f"Expected some text, got an empty one (at {prefix}{name})")
    if not known(body.type):
        raise UnknownEventType(
            f"The catalog has no event type “{body.type[:80]}” (at {prefix}type); see /api/v1/catalog."
        )
    if body.issues is not None and body.issues.total is not None:
        countable(body.issues.total, f"{prefix}issues.total")
    run = body.run or _NO_RUN
    if body.run is not None:
        aware(run.started_at, f"{prefix}run.started_at")
        aware(run.finished_at, f"{prefix}run.finished_at")
    return Event(
        id=body.id,
        type=body.type,
        time=aware(body.time, f"{prefix}time") or received_at,
        subject=body.subject,
        run=run,
        actor=Actor(name=body.actor.name) if body.actor and body.actor.name else None,
        trigger=body.trigger,
        gate=body.gate,
        issues=body.issues,
        project_name=body.project_name,
        labels=body.labels or {},
    )


_NO_RUN = Run()
