"""Drafts: what people wrote in a file, a form or a request, checked and made into records."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import token_urlsafe

from shipbell.domain import validation
from shipbell.domain.catalog import DEFAULT_REGION
from shipbell.domain.errors import ChannelUnavailable, InvalidValue
from shipbell.domain.secret import Secret
from shipbell.domain.validation import Findings
from shipbell.ports import facts
from shipbell.ports.channel import Channel
from shipbell.ports.directory import MemberRecord, ProjectRecord, SourceRecord, SubscriptionRecord

Raw = Mapping[str, object]
# Stands in for the name of a project whose key is broken: one mistake is told once.
_NAMELESS = "-"
SECRET_MASK = "********"  # noqa: S105 - what stands for a secret
PROJECT_KEYS = ("key", "name", "region", "time_zone", "members", "sources", "subscriptions")
SOURCE_KEYS = ("name", "kind", "secret")
SUBSCRIPTION_KEYS = (
    "name", "channel", "url", "events", "gate", "content", "user_ids", "locale", "format", "enabled",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """Makes records by the rules; broken ones are noted in the findings, and the record is then None."""

    channels: Mapping[str, Channel]
    source_kinds: tuple[str, ...]
    offered: Callable[[str, str], bool]
    time_zone: str = "UTC"

    def project(self, found: Findings, raw: Raw, known: ProjectRecord | None) -> ProjectRecord | None:
        """A project's own facts."""
        key = validation.project_key(found, found.text(raw, "key"))
        name = validation.name(found, found.text(raw, "name", key or _NAMELESS), known.name if known else None)
        region = validation.region(found, found.text(raw, "region", DEFAULT_REGION))
        zone = validation.time_zone(found, found.text(raw, "time_zone", self.time_zone))
        if key is None or name is None or region is None or zone is None:
            return None
        return ProjectRecord(key=key, name=name, region=region, time_zone=zone, id=known.id if known else 0)

    def member(self, found: Findings, user: str, role: object, known: MemberRecord | None) -> MemberRecord | None:
        """A member's role; the field is the member's name, the codes are those of names and roles."""
        field = user or '""'
        name = validation.user_name(found, user, field, known.user if known else None)
        given = validation.role(found, role, field)
        return None if name is None or given is None else MemberRecord(user=name, role=given)

    def source(
        self, found: Findings, raw: Raw, known: SourceRecord | None, *, make_up: bool = False
    ) -> SourceRecord | None:
        """A source; a known one keeps its secret when it is left out or masked."""
        found.unknown_keys(raw, SOURCE_KEYS)
        name = validation.source_name(found, found.text(raw, "name"))
        kind = validation.source_kind(found, raw.get("kind"), self.source_kinds)
        secret = self._secret(found, raw, known, make_up=make_up)
        if name is None or kind is None or secret is None:
            return None
        kept = known is not None and known.secret == secret
        return SourceRecord(
            name=name,
            kind=kind,
            secret=secret,
            id=known.id if known else 0,
            old_secret=known.old_secret if known and kept else None,
            old_until=known.old_until if known and kept else None,
        )

    def _secret(self, found: Findings, raw: Raw, known: SourceRecord | None, *, make_up: bool) -> Secret | None:
        given = raw.get("secret")
        if given is None or given == SECRET_MASK:
            if known is not None:
                return known.secret
            if given is None and make_up:
                return Secret(token_urlsafe(32))
            code, message = ("required", "A new source needs a secret.")
            if given is not None:
                code, message = ("mask-for-new", "This is a mask, and there is no secret that it could stand for.")
            found.add("secret", code, message)
            return None
        text = validation.secret(found, found.text(raw, "secret"))
        return None if text is None else Secret(text)

    def subscription(self, found: Findings, raw: Raw, known: SubscriptionRecord | None) -> SubscriptionRecord | None:
        """A subscription; a mask keeps the URL of a known one."""
        before = len(found.problems)
        found.unknown_keys(raw, SUBSCRIPTION_KEYS)
        name = validation.name(found, found.text(raw, "name"), known.name if known else None)
        kind = validation.channel(found, raw.get("channel", next(iter(self.channels))), tuple(self.channels))
        url = self._url(found, raw, known)
        events = validation.events(found, raw.get("events"))
        gate = validation.gate(found, raw.get("gate", "all"))
        content = validation.content(found, raw.get("content"))
        user_ids = validation.user_ids(found, found.text(raw, "user_ids", ""))
        locale = validation.locale(found, raw.get("locale", "en"))
        form = validation.form(found, raw.get("format", "markdown"))
        enabled = validation.flag(found, raw, "enabled", default=True)
        if len(found.problems) > before or name is None or kind is None or url is None:
            return None
        return SubscriptionRecord(
            id=known.id if known else 0,
            lane_id=known.lane_id if known else 0,
            name=name,
            channel=kind,
            url=url,
            url_mask=self.channels[kind].mask(url),
            events=events,
            gate=gate,
            content=content,
            user_ids=user_ids,
            locale=locale,
            format=form,
            enabled=enabled,
        )

    def _url(self, found: Findings, raw: Raw, known: SubscriptionRecord | None) -> Secret | None:
        text = found.text(raw, "url")
        if text is None:
            return None
        if known is not None and text.strip() == known.url_mask:
            return known.url
        if "****" in text:
            found.add("url", "mask-for-new", "This is a mask: paste the whole URL of the robot.")
            return None
        checked = validation.url(found, text)
        return None if checked is None else Secret(checked)

    def check_offered(self, region: str, new: SubscriptionRecord, known: SubscriptionRecord | None) -> None:
        """Raise ChannelUnavailable for making, enabling or changing one where its channel is not offered."""
        if self.offered(new.channel, region):
            return
        if known is not None and (same_wish(new, known) or only_switched_off(new, known)):
            return
        raise ChannelUnavailable(
            f"The channel {new.channel} is not offered in the region {region}: SHIPBELL_CHANNEL_REGIONS says where."
        )


def same_wish(one: SubscriptionRecord, other: SubscriptionRecord) -> bool:
    """Whether two records ask for the same."""
    return wish_of(one) == wish_of(other)


def only_switched_off(new: SubscriptionRecord, known: SubscriptionRecord) -> bool:
    """Whether the only change is that it is switched off."""
    return not new.enabled and {**wish_of(new), "enabled": None} == {**wish_of(known), "enabled": None}


def wish_of(record: SubscriptionRecord) -> dict[str, object]:
    """All that people can change of a subscription."""
    return {**facts.subscription(record), "url": record.url}


def finished(found: Findings) -> None:
    """Raise InvalidValue when a rule was broken."""
    if found.problems:
        raise InvalidValue(found.problems)
