"""Sign-ins that failed, on a database: gathered in memory, one row a name, network and minute, bounded."""

from collections import Counter
from datetime import timedelta

from sqlalchemy import Connection, RowMapping, delete, select, update

from shipbell.ports.clock import Clock, Ids
from shipbell.ports.history import Page
from shipbell.ports.pages import RefusedLine
from shipbell.storage.database.codec import from_ms, to_ms
from shipbell.storage.database.dialect import insert_new
from shipbell.storage.database.engine import Database
from shipbell.storage.database.paging import newest_page
from shipbell.storage.tables.settings import refused_sign_ins, users

_KEPT = 10_000
# Between two writes only so many names and networks are told apart.
_BETWEEN_WRITES = 1_000
_WRITE_EVERY = timedelta(seconds=1)
_MINUTE_MS = 60_000
# A name that is no account may be a mistyped password, and is not kept.
_UNKNOWN = "(unknown)"

_Key = tuple[int, str, str]


class SqlRefusedSignIns:
    """The store of refused sign-ins (see `ports.sessions.RefusedSignIns`); one a process."""

    def __init__(self, database: Database, clock: Clock, ids: Ids, *, kept: int = _KEPT) -> None:
        """Work on this database, and keep so many rows."""
        self._kept = kept
        self._database = database
        self._clock = clock
        self._ids = ids
        self._waiting: Counter[_Key] = Counter()
        self._written_at = clock.now() - _WRITE_EVERY

    async def note(self, name: str, network: str) -> None:
        """Count one; written at most once a second, together with those that came meanwhile."""
        now = self._clock.now()
        key = (to_ms(now) // _MINUTE_MS * _MINUTE_MS, name, network)
        if key in self._waiting or len(self._waiting) < _BETWEEN_WRITES:
            self._waiting[key] += 1
        if abs(now - self._written_at) >= _WRITE_EVERY:
            await self.keep()

    async def keep(self) -> None:
        """Write what waits."""
        if self._waiting:
            waiting, self._waiting = self._waiting, Counter()
            self._written_at = self._clock.now()
            await self._database.write(lambda connection: self._write(connection, waiting))

    async def page(self, *, before: int | None, limit: int) -> Page[RefusedLine]:
        """Refused sign-ins, the newest first."""
        await self.keep()
        table = refused_sign_ins
        return await self._database.read(newest_page(table, select(table), before=before, limit=limit, line=_line))

    def _write(self, connection: Connection, waiting: Counter[_Key]) -> None:
        table = refused_sign_ins
        typed = {name for _, name, _ in waiting}
        known = set(connection.execute(select(users.c.name).where(users.c.name.in_(typed))).scalars())
        for (at, name, network), count in waiting.items():
            row = {"at": at, "name": name if name in known else _UNKNOWN, "network": network}
            connection.execute(insert_new(connection, table).values(id=self._ids.next(), count=0, **row))
            this = [table.c[column] == value for column, value in row.items()]
            connection.execute(update(table).where(*this).values(count=table.c.count + count))
        oldest = select(table.c.id).order_by(table.c.id.desc()).offset(self._kept - 1).limit(1).scalar_subquery()
        connection.execute(delete(table).where(table.c.id < oldest))


def _line(row: RowMapping) -> RefusedLine:
    return RefusedLine(at=from_ms(row["at"]), name=row["name"], network=row["network"], count=row["count"])
