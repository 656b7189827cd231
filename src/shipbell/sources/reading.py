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
# Members that hold texts, wherever they stand; all that stands in `labels` is a text.
_TEXTS = frozenset(
    {
        "branch", "commit", "description", "id", "kind", "labels", "name", "number", "project_name", "status", "tag",
        "type", "url",
    }
)  # fmt: skip
_TYPES = {
    "str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "object": "an object",
    "array": "a list", "null": "null",
}  # fmt: skip
_TYPE = re.compile(r"`((?:\w+ \| )*\w+)`")
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
    words = _TYPE.sub(_plainly, _PLACE.sub("", told))
    return MalformedEvent(f"{words} (at {where.lstrip('.')})" if where else words)


def _plainly(types: re.Match[str]) -> str:
    """A type in words; a member's name stays as it is."""
    names = types[1].split(" | ")
    return " or ".join(_TYPES[name] for name in names) if all(name in _TYPES for name in names) else types[0]


def decoded(decoder: "msgspec.json.Decoder[T]", body: bytes) -> T:
    """Read a JSON body, with a number where a text is meant; raises MalformedEvent with the place at fault."""
    check_text(body)
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        return _with_numbers(error, decoder, body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError, ValueError) as error:
        raise malformed(error) from error


def _with_numbers(refusal: msgspec.ValidationError, decoder: "msgspec.json.Decoder[T]", body: bytes) -> T:
    """Read a body once more, with texts for numbers; raises MalformedEvent for what is wrong beside those."""
    try:
        value = msgspec.json.decode(body)
        texts = with_texts(value)
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise malformed(refusal) from refusal
    if texts == value:
        raise malformed(refusal) from refusal
    try:
        found: T = msgspec.convert(texts, decoder.type)
    except msgspec.ValidationError as error:
        raise malformed(error) from error
    return found


def converted(value: object, kind: type[T]) -> T:
    """JSON as a value of this type; tools count in numbers what is only shown, so it is looked at twice."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return msgspec.convert(with_texts(value), kind)


def with_texts(value: object, *, text: bool = False) -> object:
    """The same JSON with numbers as texts where this shape has texts; `text` says that a text is meant here."""
    match value:
        case list():
            return [with_texts(one, text=text) for one in value]
        case dict():
            return {name: with_texts(one, text=text or name in _TEXTS) for name, one in value.items()}
        case bool():
            return value
        case int() | float() if text:
            return str(value)
        case _:
            return value


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
