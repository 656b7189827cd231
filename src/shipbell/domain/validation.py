"""The rules of what people write: each broken one is told with its field, a code and the cure."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from shipbell.domain.access import Role
from shipbell.domain.addresses import written
from shipbell.domain.catalog import EVENT_TYPES, SERVICES
from shipbell.domain.errors import Problem
from shipbell.domain.subscriptions import Content, Format, GateFilter, Locale
from shipbell.domain.text import hides, shorten

T = TypeVar("T")

URL_CHARACTERS = 256
USER_IDS_CHARACTERS = 1_000
NAME_CHARACTERS = 100
_IN_ADDRESS = re.compile(r"[a-z0-9-]{1,64}")
_REGION = re.compile(r"[a-z0-9-]{1,32}")
_USER_NAME = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff;,:/]{1,128}")
_BAD_USER_ID = re.compile(r"[^0-9A-Za-z;.\-_@]")
_UNPRINTABLE = re.compile("[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]")
_SECRET_CHARACTERS, _MOST_SHOWN = 512, 10**18
_MOST_PROBLEMS, _FIELD_BYTES, _MESSAGE_BYTES = 1_000, 256, 1_024


def shown(key: object) -> str:
    """A key as problems name it; what is no text may be anything, so little of it is shown."""
    match key:
        case str():
            return key
        case None:
            return "null"
        case bool():
            return str(key).lower()
        case int() | float() if abs(key) < _MOST_SHOWN:
            return str(key)
        case _:
            return f"({type(key).__name__})"


class Findings:
    """Gathers broken rules; `prefix` is where the fields stand, such as `projects[0].`."""

    def __init__(self, prefix: str = "") -> None:
        """Start with none."""
        self.prefix = prefix
        self.problems: list[Problem] = []

    def add(self, field: str, code: str, message: str) -> None:
        """Note one broken rule; of very many the first are enough, and what a sender wrote is told cut."""
        if len(self.problems) < _MOST_PROBLEMS:
            told = shorten(f"{self.prefix}{field}", _FIELD_BYTES), shorten(message, _MESSAGE_BYTES)
            self.problems.append(Problem(field=told[0], code=code, message=told[1]))

    def within(self, prefix: str) -> "Findings":
        """The same list for fields that stand deeper."""
        inner = Findings(f"{self.prefix}{prefix}")
        inner.problems = self.problems
        return inner

    def unknown_keys(self, raw: Mapping[str, object], known: Sequence[str]) -> None:
        """A key that does not exist is a mistake, not a wish."""
        for key in raw:
            if self.text_key(key) is not None and key not in known:
                self.add(key, "unknown-key", f"There is no such key; known are {', '.join(known)}.")

    def text_key(self, key: object) -> str | None:
        """A key, if it is text: YAML reads `on`, `0123` and `~` as something else."""
        if isinstance(key, str):
            return key
        self.add(shown(key), "not-text", "This is read as a number, a date, true, false or nothing: put it in quotes.")
        return None

    def text(self, raw: Mapping[str, object], field: str, default: str | None = None) -> str | None:
        """A text, or the default when it is left out; None (told) when it is required or no text."""
        value = raw.get(field)
        if value is None:
            if default is None:
                self.add(field, "required", "This is required.")
            return default
        if not isinstance(value, str):
            self.add(field, "not-text", "Write text here; put numbers in quotes.")
            return None
        if _UNPRINTABLE.search(value):
            self.add(field, "unprintable", "Leave out control characters and line breaks.")
            return None
        return value


def url(found: Findings, value: str | None) -> str | None:
    """The webhook of a group robot."""
    if value is None:
        return None
    value = value.strip()
    if not value:
        found.add("url", "required", "Paste the robot's webhook URL.")
    elif not value.startswith(("http://", "https://")):
        found.add("url", "url-scheme", "Start with http:// or https://.")
    elif len(value) > URL_CHARACTERS:
        found.add("url", "url-too-long", f"{len(value)} characters; at most {URL_CHARACTERS}.")
    elif not _has_host(value) or written(value) is None:
        found.add("url", "url-unusable", "This is not a whole address: copy it from the robot again.")
    else:
        return value
    return None


def _has_host(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0) and not re.search(r"\s", value)
    except ValueError:
        return False


def events(found: Findings, value: object) -> tuple[str, ...]:
    """The ticked event types, in catalog order."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        if value is None:
            found.add("events", "events-required", "Tick at least one event type.")
        else:
            found.add("events", "not-a-list", "Write a list of event types.")
        return ()
    for one in value:
        if one not in EVENT_TYPES:
            found.add("events", "unknown-event-type", f"The catalog has no event type “{one}”.")
    if not value:
        found.add("events", "events-required", "Tick at least one event type.")
    return tuple(one for one in EVENT_TYPES if one in value)


def content(found: Findings, value: object) -> Content:
    """The chosen fields per service; a service left out shows all its fields."""
    if value is None:
        return Content({})
    if not isinstance(value, Mapping):
        found.add("content", "not-an-object", "Write services with their fields, such as pipeline: [trigger].")
        return Content({})
    chosen: dict[str, tuple[str, ...]] = {}
    place = found.within("content.")
    for service, fields in value.items():
        if place.text_key(service) is None:
            continue
        if service not in SERVICES:
            place.add(service, "unknown-service", f"There is no such service; known are {', '.join(SERVICES)}.")
        elif not isinstance(fields, list) or not all(isinstance(one, str) for one in fields):
            place.add(service, "not-a-list", "Write a list of fields; [] for none.")
        else:
            known = SERVICES[service].field_ids
            for one in fields:
                if one not in known:
                    place.add(service, "unknown-field", f"{service} has no field “{one}”; it has {', '.join(known)}.")
            chosen[service] = tuple(one for one in known if one in fields)
    return Content({name: chosen[name] for name in SERVICES if name in chosen})


def user_ids(found: Findings, value: str | None) -> str:
    """Members to mention, as written."""
    value = value or ""
    if len(value) > USER_IDS_CHARACTERS:
        found.add("user_ids", "user-ids-too-long", f"{len(value)} characters; at most {USER_IDS_CHARACTERS}.")
    elif (bad := _BAD_USER_ID.search(value)) is not None:
        if bad.group() in ",，；、 ":
            message = f"Separate IDs with ; instead of “{bad.group()}”."
        else:
            message = f"“{bad.group()}” is not allowed: use digits, letters, ; . - _ and @."
        found.add("user_ids", "user-ids-character", message)
    return value


def members_of(value: str) -> tuple[str, ...]:
    """The single ids of `a;;b;@c`: empty parts and repeats are skipped; no id begins with the sign but `@all`."""
    ids = (one if one == "@all" else one.lstrip("@") for one in value.split(";"))
    return tuple(dict.fromkeys(one for one in ids if one))


def name(found: Findings, value: str | None, known: str | None = None) -> str | None:
    """A name for people: 1 to 100 characters that can be seen; one that is `known` may stay as it is."""
    if value is None:
        return None
    value = value.strip()
    if not 1 <= len(value) <= NAME_CHARACTERS:
        found.add("name", "name-length", f"{len(value)} characters; 1 to {NAME_CHARACTERS}.")
        return None
    return _visible(found, "name", value, known)


def source_name(found: Findings, value: str | None) -> str | None:
    """A source's name: part of an address."""
    return project_key(found, value, "name")


def project_key(found: Findings, value: str | None, field: str = "key") -> str | None:
    """A project's key: part of addresses."""
    return _matched(found, field, value, _IN_ADDRESS, "Use 1 to 64 of a-z, 0-9 and -.")


def region(found: Findings, value: str | None) -> str | None:
    """A region's code; unknown codes are allowed."""
    return _matched(found, "region", value, _REGION, "Use 1 to 32 of a-z, 0-9 and -.")


def user_name(found: Findings, value: str | None, field: str = "name", known: str | None = None) -> str | None:
    """An account's name; one that is `known` may hold what cannot be seen."""
    if value is not None and not _USER_NAME.fullmatch(value):
        found.add(field, "name-characters", "Use 1 to 128 characters without spaces, ; , : or /.")
        return None
    return value if value is None else _visible(found, field, value, known)


def _visible(found: Findings, field: str, value: str, known: str | None) -> str | None:
    """A name without signs that nobody sees: with them it would look like another one."""
    if value != known and hides(value):
        found.add(field, "name-invisible", "Leave out what cannot be seen, such as zero-width and direction marks.")
        return None
    return value


def _matched(found: Findings, field: str, value: str | None, shape: re.Pattern[str], cure: str) -> str | None:
    if value is None:
        return None
    if not shape.fullmatch(value):
        found.add(field, f"{field}-characters", cure)
        return None
    return value


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    """Reading them walks through folders, so they are read once."""
    return frozenset(available_timezones())


def time_zone(found: Findings, value: str | None) -> str | None:
    """An IANA time zone."""
    if value is not None and value not in _zones():
        found.add("time_zone", "unknown-time-zone", f"There is no time zone “{value}”; write such as Asia/Singapore.")
        return None
    return value


def role(found: Findings, value: object, field: str = "role") -> Role | None:
    """A member's role."""
    return _choice(found, field, value, {one.value: one for one in Role}, "unknown-role")


def gate(found: Findings, value: object) -> GateFilter:
    """The gate filter."""
    return _choice(found, "gate", value, {one.value: one for one in GateFilter}) or GateFilter.ALL


def locale(found: Findings, value: object) -> Locale:
    """A message's language."""
    return _choice(found, "locale", value, {one.value: one for one in Locale}) or Locale.EN


def form(found: Findings, value: object) -> Format:
    """A message's format."""
    return _choice(found, "format", value, {one.value: one for one in Format}) or Format.MARKDOWN


def channel(found: Findings, value: object, kinds: Sequence[str]) -> str | None:
    """A channel's kind."""
    return _choice(found, "channel", value, {one: one for one in kinds})


def source_kind(found: Findings, value: object, kinds: Sequence[str]) -> str | None:
    """A source's kind."""
    return _choice(found, "kind", value, {one: one for one in kinds})


def _choice(found: Findings, field: str, value: object, choices: Mapping[str, T], code: str | None = None) -> T | None:
    if isinstance(value, str) and value in choices:
        return choices[value]
    told = "required" if value is None else code or f"unknown-{field}"
    found.add(field, told, f"Choose one of {', '.join(choices)}.")
    return None


def flag(found: Findings, raw: Mapping[str, object], field: str, *, default: bool) -> bool:
    """True or false."""
    value = raw.get(field, default)
    if not isinstance(value, bool):
        found.add(field, "not-a-boolean", "Write true or false.")
        return default
    return value


def secret(found: Findings, value: str | None) -> str | None:
    """A source's secret, without spaces at its ends: no header carries them."""
    value = None if value is None else value.strip()
    if value is not None and not 1 <= len(value) <= _SECRET_CHARACTERS:
        found.add("secret", "secret-length", f"Use 1 to {_SECRET_CHARACTERS} characters.")
        return None
    return value
