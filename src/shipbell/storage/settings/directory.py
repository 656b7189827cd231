"""Directory on a database: a cached picture for the hot path, records for people, edits in one transaction."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection, RowMapping, select

from shipbell.domain.ids import Prefix, encode
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import Format, GateFilter, Locale, Subscription
from shipbell.domain.validation import members_of
from shipbell.ports.clock import Clock, Ids
from shipbell.ports.directory import By, Edit, KnownProject, KnownSource, ProjectRecord, ProjectWhole, Snapshot
from shipbell.storage.database.codec import from_ms, to_ms
from shipbell.storage.database.engine import Database
from shipbell.storage.queue.lane_heads import content_of
from shipbell.storage.secrets.vault import Vault
from shipbell.storage.settings import records
from shipbell.storage.settings.edits import Editor
from shipbell.storage.settings.picture import Picture, version_of
from shipbell.storage.tables.settings import projects, sources, subscriptions
from shipbell.telemetry import log

# So many projects, those looked at last, are kept as they were read: a large one takes longer to read than a page may.
_REMEMBERED = 16


class SqlDirectory:
    """The store of settings (see `ports.directory.Directory`)."""

    def __init__(  # noqa: PLR0913 - what the store stands on, each by its name
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        ids: Ids,
        *,
        offered: Callable[[str, str], bool],
        lane_of: Callable[[str, Secret], Secret],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """Work on this database; `changed` is called after each change made here."""
        self._database = database
        self._vault = vault
        self._clock = clock
        self._changed = changed
        self._editor = Editor(vault=vault, ids=ids, offered=offered, lane_of=lane_of)
        self._picture = Picture(database, clock, self._read)
        self._wholes: dict[str, tuple[int, ProjectWhole]] = {}

    async def snapshot(self) -> Snapshot:
        """The present picture (see `Picture.present`)."""
        return await self._picture.present()

    async def refresh(self) -> Snapshot:
        """The picture as the database has it this moment."""
        return await self._picture.renewed()

    async def projects(self) -> Sequence[ProjectRecord]:
        """Every project in order of key."""
        return await self._database.read(records.projects_of)

    async def whole(self, key: str) -> ProjectWhole | None:
        """One project with all that belongs to it; None when there is none."""
        return await self._database.read(lambda connection: self._whole(connection, key))

    def _whole(self, connection: Connection, key: str) -> ProjectWhole | None:
        """A project as it is; what was read before holds as long as no setting of anybody changed."""
        version = version_of(connection)
        known = self._wholes.pop(key, None)
        whole = known[1] if known and known[0] == version else records.whole_of(connection, self._vault, key)
        if whole is not None:
            self._wholes[key] = (version, whole)
            while len(self._wholes) > _REMEMBERED:
                self._wholes.pop(next(iter(self._wholes)), None)
        return whole

    async def change(self, edits: Sequence[Edit], by: By) -> None:
        """Carry out all edits, or none, and write the audit entries, in one transaction."""
        if not edits:
            return
        now = to_ms(self._clock.now())
        await self._database.write(lambda connection: self._editor.apply(connection, edits, by, now))
        self._picture.outdate()
        self._changed()

    def _read(self, connection: Connection) -> Snapshot:
        version = version_of(connection)
        now = to_ms(self._clock.now())
        senders: dict[int, dict[str, KnownSource]] = {}
        for row in connection.execute(select(sources)).mappings().all():
            senders.setdefault(row["project_id"], {})[row["name"]] = self._source(row, now)
        wanted: dict[int, list[Subscription]] = {}
        for row in connection.execute(select(subscriptions).order_by(subscriptions.c.id)).mappings().all():
            wanted.setdefault(row["project_id"], []).append(_subscription(row))
        return Snapshot(
            version=version,
            projects={
                row["key"]: _project(row, senders.get(row["id"], {}), wanted.get(row["id"], []))
                for row in connection.execute(select(projects)).mappings().all()
            },
        )

    def _source(self, row: RowMapping, now: int) -> KnownSource:
        secret = self._vault.opened(row["secret"])
        if secret is None:
            # It admits nobody, and keeps no other source from being read.
            log().error("source.sealed", source=encode(Prefix.SOURCE, row["id"]))
            return KnownSource(id=row["id"], name=row["name"], kind=row["kind"], secrets=())
        secrets = [secret]
        old = self._vault.opened(row["old_secret"])
        if old is not None and row["old_until"] is not None and row["old_until"] > now:
            secrets.append(old)
        until = from_ms(row["old_until"]) if len(secrets) > 1 else None
        return KnownSource(id=row["id"], name=row["name"], kind=row["kind"], secrets=tuple(secrets), old_until=until)


def _project(row: RowMapping, senders: Mapping[str, KnownSource], wanted: Sequence[Subscription]) -> KnownProject:
    return KnownProject(
        id=row["id"],
        key=row["key"],
        name=row["name"],
        region=row["region"],
        time_zone=row["time_zone"],
        sources=senders,
        subscriptions=tuple(wanted),
    )


def _subscription(row: RowMapping) -> Subscription:
    return Subscription(
        id=row["id"],
        project_id=row["project_id"],
        lane_id=row["lane_id"],
        name=row["name"],
        channel=row["channel"],
        events=frozenset(records.list_of(row["events"])),
        gate=GateFilter(row["gate"]),
        content=content_of(row["content"]),
        user_ids=members_of(row["user_ids"]),
        locale=Locale(row["locale"]),
        format=Format(row["format"]),
        enabled=bool(row["enabled"]),
    )
