"""Differences: between what a file says of a project and what is known of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shipbell.domain.errors import ChannelUnavailable
from shipbell.domain.validation import Findings
from shipbell.ports.directory import (
    DropMember,
    DropSource,
    DropSubscription,
    Edit,
    MemberRecord,
    ProjectRecord,
    ProjectWhole,
    PutMember,
    PutProject,
    PutSource,
    PutSubscription,
    SourceRecord,
    SubscriptionRecord,
)
from shipbell.usecases.validate import PROJECT_KEYS, Drafts, Raw, same_wish, wish_of


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
        # Without a record a rule was broken, and nothing of the difference is used.
        key = record.key if record else ""
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
        place = found.within("members.")
        given: Mapping[object, object] = raw or {}
        for written, role in given.items():
            user = place.text_key(written)
            record = None if user is None else self.drafts.member(place, user, role, before.get(user))
            if record is not None:
                _member(difference, key, record, before.get(record.user))
        if self.prune:
            for user, old in before.items():
                if user not in given:
                    edit = DropMember(project=key, user=user, expected=_revision(old))
                    difference.add(edit, f"- member {key}/{user}")

    def _sources(
        self, found: Findings, difference: Difference, key: str, raw: object, known: ProjectWhole | None
    ) -> None:
        before = {one.name: one for one in known.sources} if known else {}
        named: set[str] = set()
        for place, one in _items(found, "sources", raw):
            name = one.get("name")
            old = before.get(name) if isinstance(name, str) else None
            record = self.drafts.source(place, one, old)
            if record is None:
                continue
            if record.name in named:
                place.add("name", "name-taken", f"Another source of this project is named {record.name} already.")
            named.add(record.name)
            _source(difference, key, record, old)
        if self.prune:
            for known_name, old in before.items():
                if known_name not in named:
                    edit = DropSource(project=key, name=known_name, expected=_revision(old))
                    difference.add(edit, f"- source {key}/{known_name}")

    def _subscriptions(
        self, found: Findings, difference: Difference, at: tuple[str, str], raw: object, known: ProjectWhole | None
    ) -> None:
        key, region = at
        before = {one.name: one for one in known.subscriptions} if known else {}
        named: set[str] = set()
        for place, one in _items(found, "subscriptions", raw):
            name = one.get("name")
            old = before.get(name.strip()) if isinstance(name, str) else None
            record = self.drafts.subscription(place, one, old)
            if record is None:
                continue
            if record.name in named:
                place.add("name", "name-taken", f"Another subscription of this project is named {record.name} already.")
            named.add(record.name)
            self._offered(place, region, record, old)
            _subscription(difference, key, record, old)
        if self.prune:
            for known_name, old in before.items():
                if known_name not in named:
                    edit = DropSubscription(project=key, name=known_name, expected=_revision(old))
                    difference.add(edit, f"- subscription {key}/{known_name}")

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


def _revision(
    old: ProjectRecord | MemberRecord | SourceRecord | SubscriptionRecord | None,
) -> int:
    """What the plan was made upon: the write is refused when it is another by then (0 = there was none)."""
    return old.stamp.revision if old is not None and old.stamp is not None else 0


def _project(difference: Difference, new: ProjectRecord, old: ProjectRecord | None) -> None:
    edit = PutProject(project=new, expected=_revision(old))
    if old is None:
        difference.add(edit, f"+ project {new.key}")
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
        difference.add(edit, f"~ project {new.key}: {', '.join(changes)}")


def _member(difference: Difference, key: str, new: MemberRecord, old: MemberRecord | None) -> None:
    edit = PutMember(project=key, member=new, expected=_revision(old))
    if old is None:
        difference.add(edit, f"+ member {key}/{new.user}: {new.role.value}")
    elif old.role is not new.role:
        difference.add(edit, f"~ member {key}/{new.user}: {old.role.value} → {new.role.value}")


def _source(difference: Difference, key: str, new: SourceRecord, old: SourceRecord | None) -> None:
    edit = PutSource(project=key, source=new, expected=_revision(old))
    if old is None:
        difference.add(edit, f"+ source {key}/{new.name} ({new.kind})")
        return
    changes = [f"kind {old.kind} → {new.kind}"] if old.kind != new.kind else []
    changes += ["secret changed"] if old.secret != new.secret else []
    if changes:
        difference.add(edit, f"~ source {key}/{new.name}: {', '.join(changes)}")


def _subscription(difference: Difference, key: str, new: SubscriptionRecord, old: SubscriptionRecord | None) -> None:
    edit = PutSubscription(project=key, subscription=new, expected=_revision(old))
    if old is None:
        difference.add(edit, f"+ subscription {key}/{new.name}")
        return
    if same_wish(new, old):
        return
    before, after = wish_of(old), wish_of(new)
    changes = [
        _urls(old, new) if name == "url" else f"{name} {_short(before[name])} → {_short(value)}"
        for name, value in after.items()
        if before[name] != value
    ]
    difference.add(edit, f"~ subscription {key}/{new.name}: {', '.join(changes)}")


def _urls(old: SubscriptionRecord, new: SubscriptionRecord) -> str:
    """Two robots may look alike behind their masks."""
    told = f"url {old.url_mask} → {new.url_mask}"
    return f"{told} (another, with the same mask)" if old.url_mask == new.url_mask else told


def _short(value: object) -> str:
    match value:
        case list():
            return f"[{', '.join(str(one) for one in value)}]"
        case dict():
            return ", ".join(f"{name} {_short(inner)}" for name, inner in value.items()) or "every field"
        case bool():
            return str(value).lower()
        case _:
            return repr(value)
