"""Differences: between what a file says of a project and what is known of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shipbell.domain.errors import ChannelUnavailable
from shipbell.domain.rules import Findings
from shipbell.ports.directory import (
    DropMember,
    DropSource,
    DropSubscription,
    Edit,
    ProjectRecord,
    ProjectWhole,
    PutMember,
    PutProject,
    PutSource,
    PutSubscription,
    SourceRecord,
    SubscriptionRecord,
)
from shipbell.usecases.drafts import PROJECT_KEYS, Drafts, Raw, same_wish, wish_of


@dataclass(frozen=True, slots=True)
class Difference:
    """What would change in one project."""

    edits: list[Edit] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def add(self, edit: Edit, line: str) -> None:
        """Note one change."""
        self.edits.append(edit)
        self.lines.append(line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Differ:
    """Compares projects; with `prune`, what a named project does not mention goes."""

    drafts: Drafts
    prune: bool

    def project(self, found: Findings, raw: Raw, known: ProjectWhole | None) -> Difference:
        """The difference of one project; broken rules go to the findings. Raises ChannelUnavailable."""
        difference = Difference()
        found.unknown_keys(raw, PROJECT_KEYS)
        record = self.drafts.project(found, raw, known.project if known else None)
        key = record.key if record else str(raw.get("key"))
        if record is not None:
            _project(difference, record, known.project if known else None)
        self._members(found, difference, key, raw.get("members"), known)
        self._sources(found, difference, key, raw.get("sources"), known)
        region = record.region if record else ""
        self._subscriptions(found, difference, (key, region), raw.get("subscriptions"), known)
        return difference

    def _members(
        self, found: Findings, difference: Difference, key: str, raw: object, known: ProjectWhole | None
    ) -> None:
        if raw is not None and not isinstance(raw, dict):
            found.add("members", "not-an-object", "Write names with roles, such as alice: project_manager.")
            return
        before = {one.user: one for one in known.members} if known else {}
        given: Mapping[object, object] = raw or {}
        for user, role in given.items():
            record = self.drafts.member(found.within("members."), str(user), role)
            old = before.get(str(user))
            if record is None or (old is not None and old.role is record.role):
                continue
            told = f"~ member {key}/{user}: {old.role.value} → {record.role.value}" if old else None
            difference.add(PutMember(project=key, member=record), told or f"+ member {key}/{user}: {record.role.value}")
        if self.prune:
            for user in before:
                if user not in given:
                    difference.add(DropMember(project=key, user=user), f"- member {key}/{user}")

    def _sources(
        self, found: Findings, difference: Difference, key: str, raw: object, known: ProjectWhole | None
    ) -> None:
        before = {one.name: one for one in known.sources} if known else {}
        named: set[str] = set()
        for place, one in _items(found, "sources", raw):
            old = before.get(str(one.get("name")))
            record = self.drafts.source(place, one, old)
            if record is None:
                continue
            if record.name in named:
                place.add("name", "name-taken", f"Another source of this project is named {record.name} already.")
            named.add(record.name)
            _source(difference, key, record, old)
        if self.prune:
            for name in before:
                if name not in named:
                    difference.add(DropSource(project=key, name=name), f"- source {key}/{name}")

    def _subscriptions(
        self, found: Findings, difference: Difference, at: tuple[str, str], raw: object, known: ProjectWhole | None
    ) -> None:
        key, region = at
        before = {one.name: one for one in known.subscriptions} if known else {}
        named: set[str] = set()
        for place, one in _items(found, "subscriptions", raw):
            old = before.get(str(one.get("name")).strip())
            record = self.drafts.subscription(place, one, old)
            if record is None:
                continue
            if record.name in named:
                place.add("name", "name-taken", f"Another subscription of this project is named {record.name} already.")
            named.add(record.name)
            self._offered(place, region, record, old)
            _subscription(difference, key, record, old)
        if self.prune:
            for name in before:
                if name not in named:
                    difference.add(DropSubscription(project=key, name=name), f"- subscription {key}/{name}")

    def _offered(
        self, place: Findings, region: str, record: SubscriptionRecord, old: SubscriptionRecord | None
    ) -> None:
        try:
            self.drafts.check_offered(region, record, old)
        except ChannelUnavailable as error:
            raise ChannelUnavailable(f"{place.prefix}channel: {error.sentence}") from error


def _items(found: Findings, field_name: str, raw: object) -> Iterable[tuple[Findings, Raw]]:
    if raw is None:
        return
    if not isinstance(raw, list):
        found.add(field_name, "not-a-list", f"Write a list of {field_name}.")
        return
    for index, one in enumerate(raw):
        place = found.within(f"{field_name}[{index}].")
        if isinstance(one, dict):
            yield place, one
        else:
            found.add(f"{field_name}[{index}]", "not-an-object", "Write keys with values.")


def _project(difference: Difference, new: ProjectRecord, old: ProjectRecord | None) -> None:
    if old is None:
        difference.add(PutProject(project=new), f"+ project {new.key}")
        return
    changes = [
        f"{name} {before!r} → {after!r}"
        for name, before, after in (
            ("name", old.name, new.name),
            ("region", old.region, new.region),
            ("time_zone", old.time_zone, new.time_zone),
        )
        if before != after
    ]
    if changes:
        difference.add(PutProject(project=new), f"~ project {new.key}: {', '.join(changes)}")


def _source(difference: Difference, key: str, new: SourceRecord, old: SourceRecord | None) -> None:
    if old is None:
        difference.add(PutSource(project=key, source=new), f"+ source {key}/{new.name} ({new.kind})")
        return
    changes = [f"kind {old.kind} → {new.kind}"] if old.kind != new.kind else []
    changes += ["secret changed"] if old.secret != new.secret else []
    if changes:
        difference.add(PutSource(project=key, source=new), f"~ source {key}/{new.name}: {', '.join(changes)}")


def _subscription(difference: Difference, key: str, new: SubscriptionRecord, old: SubscriptionRecord | None) -> None:
    if old is None:
        difference.add(PutSubscription(project=key, subscription=new), f"+ subscription {key}/{new.name}")
        return
    if same_wish(new, old):
        return
    before, after = wish_of(old), wish_of(new)
    changes = [
        f"url {old.url_mask} → {new.url_mask}" if name == "url" else f"{name} {_short(before[name])} → {_short(value)}"
        for name, value in after.items()
        if before[name] != value
    ]
    line = f"~ subscription {key}/{new.name}: {', '.join(changes)}"
    difference.add(PutSubscription(project=key, subscription=new), line)


def _short(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(str(one) for one in value)}]"
    return str(value).lower() if isinstance(value, bool) else repr(value)
