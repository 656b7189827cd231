"""The catalog as values: services, event types, content fields, gate choices, statuses, regions."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from shipbell.domain.messages import Tone
from shipbell.domain.subscriptions import Locale


@dataclass(frozen=True, slots=True)
class Label:
    """The same words in each language."""

    en: str
    zh: str

    def read(self, locale: Locale) -> str:
        """The words in this language."""
        return self.zh if locale is Locale.ZH_CN else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """Something that can happen; `said` is how a headline tells it, `group` splits a long service."""

    id: str
    service: str
    label: Label
    said: Label
    tone: Tone
    group: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentField:
    """Something that a message of a service can show."""

    id: str
    service: str
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A CodeArts service; revision B came later and is folded away at first."""

    id: str
    label: Label
    object: Label
    revision: str
    events: tuple[EventType, ...]
    fields: tuple[ContentField, ...]

    @property
    def field_ids(self) -> tuple[str, ...]:
        """Its content fields in order."""
        return tuple(one.id for one in self.fields)


@dataclass(frozen=True, slots=True)
class Status:
    """A known word of a run's status."""

    label: Label
    tone: Tone


def _label(raw: Mapping[str, str]) -> Label:
    return Label(raw["en"], raw["zh"])


def _service(name: str, raw: Mapping[str, object]) -> Service:
    table: dict[str, dict] = dict(raw)  # type: ignore[type-arg, arg-type]
    return Service(
        id=name,
        label=Label(str(raw["en"]), str(raw["zh"])),
        object=_label(table["object"]),
        revision=str(raw["revision"]),
        events=tuple(
            EventType(
                id=event,
                service=name,
                label=_label(one),
                said=_label(one["said"]),
                tone=Tone(one["tone"]),
                group=one.get("group"),
            )
            for event, one in table["events"].items()
        ),
        fields=tuple(ContentField(id=field, service=name, label=_label(one)) for field, one in table["fields"].items()),
    )


_DATA = tomllib.loads((files("shipbell.domain") / "catalog.toml").read_text("utf-8"))

SERVICES: Mapping[str, Service] = {name: _service(name, raw) for name, raw in _DATA["services"].items()}
EVENT_TYPES: Mapping[str, EventType] = {one.id: one for service in SERVICES.values() for one in service.events}
GATES: Mapping[str, Label] = {name: _label(raw) for name, raw in _DATA["gates"].items()}
GROUPS: Mapping[str, Label] = {name: _label(raw) for name, raw in _DATA["groups"].items()}
REGIONS: Mapping[str, Label] = {name: _label(raw) for name, raw in _DATA["regions"].items()}
STATUSES: Mapping[str, Status] = {
    name: Status(_label(raw), Tone(raw["tone"])) for name, raw in _DATA["statuses"].items()
}
DEFAULT_REGION = "ap-southeast-3"


def known(event_type: str) -> bool:
    """Whether the catalog has this event type."""
    return event_type in EVENT_TYPES


def status(word: str | None) -> Status | None:
    """What is known of a run's status word, however it is written."""
    return STATUSES.get(word.strip().lower()) if word else None
