"""The subscription form: what is typed, right or not, to and from records."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shipbell.domain import validation
from shipbell.domain.catalog import SERVICES
from shipbell.domain.ids import Prefix, decode, encode
from shipbell.domain.subscriptions import Content, Format, GateFilter, Locale
from shipbell.domain.validation import Findings
from shipbell.ports.directory import ProjectWhole, SubscriptionRecord
from shipbell.usecases.preview import Look
from shipbell.web.console.frame.forms import Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What stands in the form's fields; `id` is empty for a new one, `copy_of` names where a mask comes from."""

    name: str = ""
    url: str = ""
    events: frozenset[str] = frozenset()
    gate: str = GateFilter.ALL.value
    content: Mapping[str, frozenset[str]]
    user_ids: str = ""
    locale: str = Locale.EN.value
    format: str = Format.MARKDOWN.value
    enabled: bool = True
    id: str = ""
    copy_of: str = ""
    revision: int = 0
    preview: str = ""


def blank(language: Locale) -> Typed:
    """A new subscription: nothing ticked, every field of content, the reader's language."""
    content = {name: frozenset(service.field_ids) for name, service in SERVICES.items()}
    return Typed(content=content, locale=language.value)


def typed_from(record: SubscriptionRecord) -> Typed:
    """A kept subscription in the form."""
    chosen = record.content.chosen
    return Typed(
        name=record.name,
        url=record.url_mask,
        events=frozenset(record.events),
        gate=record.gate.value,
        content={name: frozenset(chosen.get(name, service.field_ids)) for name, service in SERVICES.items()},
        user_ids=record.user_ids,
        locale=record.locale.value,
        format=record.format.value,
        enabled=record.enabled,
        id=encode(Prefix.SUBSCRIPTION, record.id),
        revision=record.stamp.revision if record.stamp else 0,
    )


def typed_of(form: Form) -> Typed:
    """What a form sent."""
    revision = form.one("revision", "0")
    return Typed(
        name=form.one("name"),
        url=form.one("url"),
        events=frozenset(form.every("events")),
        gate=form.one("gate", GateFilter.ALL.value),
        content={name: frozenset(form.every(f"content.{name}")) for name in SERVICES},
        user_ids=form.one("user_ids"),
        locale=form.one("locale", Locale.EN.value),
        format=form.one("format", Format.MARKDOWN.value),
        enabled=form.has("enabled"),
        id=form.one("id"),
        copy_of=form.one("copy_of"),
        revision=int(revision) if revision.isascii() and revision.isdigit() else 0,
        preview=form.one("preview"),
    )


def toggled(typed: Typed, service: str) -> Typed:
    """The form after a click on a service: all of its event types, or none where all were ticked."""
    if service not in SERVICES:
        return typed
    every = frozenset(one.id for one in SERVICES[service].events)
    events = typed.events - every if every <= typed.events else typed.events | every
    return replace(typed, events=events)


def raw_of(typed: Typed, channel: str, whole: ProjectWhole) -> dict[str, object]:
    """What was typed under the keys of a file; a service with all its fields is left out of the content.

    The mask in a copy stands for the URL that it was copied from.
    """
    source = record_named(whole, typed.copy_of, channel)
    url = source.url.reveal() if source and typed.url.strip() == source.url_mask else typed.url.strip()
    return {
        "name": typed.name,
        "channel": channel,
        "url": url,
        "events": sorted(typed.events),
        "gate": typed.gate,
        "content": {
            name: [one for one in SERVICES[name].field_ids if one in fields]
            for name, fields in typed.content.items()
            if not fields >= set(SERVICES[name].field_ids)
        },
        "user_ids": typed.user_ids.strip(),
        "locale": typed.locale,
        "format": typed.format,
        "enabled": typed.enabled,
    }


def look_of(typed: Typed) -> Look:
    """How messages would look; what is not right yet is left out."""
    found = Findings()
    user_ids = validation.user_ids(found, typed.user_ids.strip())
    mentioned = () if found.problems else validation.members_of(user_ids)
    chosen = {
        name: tuple(one for one in SERVICES[name].field_ids if one in fields) for name, fields in typed.content.items()
    }
    return Look(
        format=validation.form(found, typed.format),
        locale=validation.locale(found, typed.locale),
        content=Content(chosen),
        user_ids=mentioned,
    )


def record_named(whole: ProjectWhole, public_id: str, channel: str) -> SubscriptionRecord | None:
    """The subscription of a public id in this project and of this channel: a tab has those of its own alone."""
    number = decode(Prefix.SUBSCRIPTION, public_id)
    return next((one for one in whole.subscriptions if one.id == number and one.channel == channel), None)
