"""Rows of settings as the records that people read and change."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, RowMapping, select

from shipbell.domain.access import Role
from shipbell.domain.subscriptions import Format, GateFilter, Locale
from shipbell.ports.directory import MemberRecord, ProjectRecord, ProjectWhole, SourceRecord, Stamp, SubscriptionRecord
from shipbell.storage.database.codec import from_ms, from_ms_or_none
from shipbell.storage.queue.lane_heads import content_of
from shipbell.storage.secrets.vault import Vault
from shipbell.storage.tables.settings import members, projects, sources, subscriptions

_LISTS = msgspec.json.Decoder(tuple[str, ...])


def list_of(text: str) -> tuple[str, ...]:
    """Read a column that holds a list of words."""
    return _LISTS.decode(text)


def stamp_of(row: RowMapping) -> Stamp:
    """When a row was made and changed."""
    return Stamp(
        created_at=from_ms(row["created_at"]),
        updated_at=from_ms(row["updated_at"]),
        updated_by=row["updated_by"],
        revision=row["revision"],
    )


def project_of(row: RowMapping) -> ProjectRecord:
    """A project's own facts."""
    return ProjectRecord(
        id=row["id"],
        key=row["key"],
        name=row["name"],
        region=row["region"],
        time_zone=row["time_zone"],
        stamp=stamp_of(row),
    )


def member_of(row: RowMapping) -> MemberRecord:
    """A member's role."""
    return MemberRecord(user=row["user_name"], role=Role(row["role"]), stamp=stamp_of(row))


def source_of(row: RowMapping, vault: Vault) -> SourceRecord:
    """A source with its secrets."""
    return SourceRecord(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        secret=vault.decrypt(row["secret"]),
        old_secret=None if row["old_secret"] is None else vault.decrypt(row["old_secret"]),
        old_until=from_ms_or_none(row["old_until"]),
        stamp=stamp_of(row),
    )


def subscription_of(row: RowMapping, vault: Vault) -> SubscriptionRecord:
    """A subscription with its URL."""
    return SubscriptionRecord(
        id=row["id"],
        lane_id=row["lane_id"],
        name=row["name"],
        channel=row["channel"],
        url=vault.decrypt(row["url"]),
        url_mask=row["url_mask"],
        events=list_of(row["events"]),
        gate=GateFilter(row["gate"]),
        content=content_of(row["content"]),
        user_ids=row["user_ids"],
        locale=Locale(row["locale"]),
        format=Format(row["format"]),
        enabled=bool(row["enabled"]),
        stamp=stamp_of(row),
    )


def projects_of(connection: Connection) -> Sequence[ProjectRecord]:
    """Every project in order of key."""
    return [project_of(row) for row in connection.execute(select(projects).order_by(projects.c.key)).mappings()]


def whole_of(connection: Connection, vault: Vault, key: str) -> ProjectWhole | None:
    """One project with all that belongs to it, each list in order of name."""
    row = connection.execute(select(projects).where(projects.c.key == key)).mappings().first()
    if row is None:
        return None
    mine = row["id"]
    people = select(members).where(members.c.project_id == mine).order_by(members.c.user_name)
    senders = select(sources).where(sources.c.project_id == mine).order_by(sources.c.name)
    wanted = select(subscriptions).where(subscriptions.c.project_id == mine).order_by(subscriptions.c.name)
    return ProjectWhole(
        project=project_of(row),
        members=tuple(member_of(one) for one in connection.execute(people).mappings()),
        sources=tuple(source_of(one, vault) for one in connection.execute(senders).mappings()),
        subscriptions=tuple(subscription_of(one, vault) for one in connection.execute(wanted).mappings()),
    )
