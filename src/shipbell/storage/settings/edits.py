"""Edits of settings: each checks what the writer saw, changes its rows and says what it did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from sqlalchemy import Connection, delete, insert, select, update

from shipbell.domain.errors import NotFound
from shipbell.domain.secret import Secret
from shipbell.ports import facts
from shipbell.ports.clock import Ids
from shipbell.ports.directory import (
    By,
    DropMember,
    DropProject,
    DropSource,
    DropSubscription,
    Edit,
    PutMember,
    PutProject,
    PutSource,
    PutSubscription,
)
from shipbell.storage.audit import chain
from shipbell.storage.audit.chain import Entry
from shipbell.storage.database.codec import to_ms_or_none
from shipbell.storage.queue.requeue import cancel_of_project, cancel_of_region
from shipbell.storage.secrets.vault import Vault
from shipbell.storage.settings.accounts import forget_key
from shipbell.storage.settings.edit_rows import check_seen, named_row, project_row, stamped
from shipbell.storage.settings.edit_subscriptions import SubscriptionEditor
from shipbell.storage.settings.records import project_of
from shipbell.storage.tables.flow import counters, lanes
from shipbell.storage.tables.settings import members, projects, sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """Carries out edits inside a transaction."""

    vault: Vault
    ids: Ids
    offered: Callable[[str, str], bool]
    lane_of: Callable[[str, Secret], Secret]

    def apply(self, connection: Connection, edits: Sequence[Edit], by: By, now: int) -> None:
        """Carry out edits in order, write the audit entries and move the configuration's version."""
        entries = [entry for edit in edits for entry in self._one(connection, edit, by, now)]
        chain.write(connection, entries, by, at=now)
        touched = update(counters).where(counters.c.name == "configuration").values(value=counters.c.value + 1)
        connection.execute(touched)

    def _one(self, connection: Connection, edit: Edit, by: By, now: int) -> list[Entry]:  # noqa: PLR0911 - one a kind of edit
        match edit:
            case PutProject():
                return self._put_project(connection, edit, by, now)
            case DropProject():
                return self._drop_project(connection, edit, now)
            case PutMember() | DropMember():
                return self._member(connection, edit, by, now)
            case PutSource():
                return self._put_source(connection, edit, by, now)
            case DropSource():
                return self._drop_source(connection, edit)
            case PutSubscription():
                return self._subscriptions().put(connection, project_row(connection, edit.project), edit, by, now)
            case DropSubscription():
                return self._subscriptions().drop(connection, project_row(connection, edit.project), edit, now)
            case _:
                assert_never(edit)

    def _subscriptions(self) -> SubscriptionEditor:
        return SubscriptionEditor(vault=self.vault, ids=self.ids, lane_of=self.lane_of)

    def _put_project(self, connection: Connection, edit: PutProject, by: By, now: int) -> list[Entry]:
        new = edit.project
        row = connection.execute(select(projects).where(projects.c.key == new.key)).mappings().first()
        check_seen(row, edit.expected)
        values = {"name": new.name, "region": new.region, "time_zone": new.time_zone, **stamped(row, by, now)}
        if row is None:
            connection.execute(insert(projects).values(id=self.ids.next(), key=new.key, **values))
            return [Entry(action="project.created", target=new.key, project=new.key, after=facts.project(new))]
        connection.execute(update(projects).where(projects.c.id == row["id"]).values(**values))
        if row["region"] != new.region:
            self._withdraw(connection, new.region, now)
        before = facts.project(project_of(row))
        return [
            Entry(action="project.updated", target=new.key, project=new.key, before=before, after=facts.project(new))
        ]

    def _withdraw(self, connection: Connection, region: str, now: int) -> None:
        """Cancel what waits there for channels that the region does not offer."""
        channels = connection.execute(select(lanes.c.channel).distinct()).scalars()
        shut = [one for one in channels if not self.offered(one, region)]
        if shut:
            cancel_of_region(connection, region, shut, cause="channel-unavailable-in-region", now=now)

    def _drop_project(self, connection: Connection, edit: DropProject, now: int) -> list[Entry]:
        row = project_row(connection, edit.key)
        check_seen(row, edit.expected)
        cancel_of_project(connection, row["id"], cause="project-deleted", now=now)
        forget_key(connection, edit.key)
        connection.execute(delete(projects).where(projects.c.id == row["id"]))
        before = facts.project(project_of(row))
        return [Entry(action="project.deleted", target=edit.key, project=edit.key, before=before)]

    def _member(self, connection: Connection, edit: PutMember | DropMember, by: By, now: int) -> list[Entry]:
        project = project_row(connection, edit.project)
        user = edit.member.user if isinstance(edit, PutMember) else edit.user
        this = (members.c.project_id == project["id"], members.c.user_name == user)
        row = connection.execute(select(members).where(*this)).mappings().first()
        check_seen(row, edit.expected)
        before = None if row is None else {"role": row["role"]}
        if isinstance(edit, DropMember):
            if row is None:
                raise NotFound(f"{user} is no member of {edit.project}.")
            connection.execute(delete(members).where(*this))
            return [Entry(action="member.removed", target=user, project=edit.project, before=before)]
        after = {"role": edit.member.role.value}
        values = {**after, **stamped(row, by, now)}
        if row is None:
            connection.execute(insert(members).values(project_id=project["id"], user_name=user, **values))
        else:
            connection.execute(update(members).where(*this).values(**values))
        return [Entry(action="member.set", target=user, project=edit.project, before=before, after=after)]

    def _put_source(self, connection: Connection, edit: PutSource, by: By, now: int) -> list[Entry]:
        project = project_row(connection, edit.project)
        new = edit.source
        row = named_row(connection, sources, project["id"], new.id, new.name)
        check_seen(row, edit.expected)
        values: dict[str, object] = {
            "name": new.name,
            "kind": new.kind,
            "secret": self.vault.encrypt(new.secret),
            "old_secret": None if new.old_secret is None else self.vault.encrypt(new.old_secret),
            "old_until": to_ms_or_none(new.old_until),
            **stamped(row, by, now),
        }
        after = facts.source(new)
        if row is None:
            connection.execute(insert(sources).values(id=self.ids.next(), project_id=project["id"], **values))
            return [Entry(action="source.created", target=new.name, project=edit.project, after=after)]
        connection.execute(update(sources).where(sources.c.id == row["id"]).values(**values))
        before = {"name": row["name"], "kind": row["kind"]}
        changed = self.vault.decrypt(row["secret"]) != new.secret
        action = "source.rotated" if changed else "source.updated"
        return [Entry(action=action, target=new.name, project=edit.project, before=before, after=after)]

    def _drop_source(self, connection: Connection, edit: DropSource) -> list[Entry]:
        project = project_row(connection, edit.project)
        row = named_row(connection, sources, project["id"], 0, edit.name)
        if row is None:
            raise NotFound(f"{edit.project} has no source {edit.name}.")
        check_seen(row, edit.expected)
        connection.execute(delete(sources).where(sources.c.id == row["id"]))
        before = {"name": row["name"], "kind": row["kind"]}
        return [Entry(action="source.deleted", target=edit.name, project=edit.project, before=before)]
