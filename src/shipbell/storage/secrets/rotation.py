"""Rotation on a database: chunks of secrets, each in a transaction of its own, so that the server goes on."""

from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Column, Connection, bindparam, func, select, update

from shipbell.domain.secret import Secret
from shipbell.ports.clock import Clock
from shipbell.ports.directory import By
from shipbell.ports.rotation import Turned
from shipbell.storage.audit import chain
from shipbell.storage.audit.chain import Entry
from shipbell.storage.database.codec import to_ms
from shipbell.storage.database.engine import Database
from shipbell.storage.secrets.vault import Vault
from shipbell.storage.tables.flow import deliveries
from shipbell.storage.tables.flow import vault as vault_table
from shipbell.storage.tables.settings import sources, subscriptions

_CHUNK = 200
_DATA_KEY = "data key"
# Every column that holds what the vault has encrypted.
COLUMNS: Mapping[str, Column[Any]] = {
    "tests": deliveries.c.url,
    "subscriptions": subscriptions.c.url,
    "sources": sources.c.secret,
    "old secrets of sources": sources.c.old_secret,
}


class SqlRotation:
    """The secrets of one database (see `ports.rotation.Rotation`)."""

    def __init__(self, database: Database, vault: Vault, keys: Sequence[Secret], clock: Clock) -> None:
        """Rotate to the first of these keys."""
        self._database = database
        self._vault = vault
        self._newest = Fernet(keys[0].reveal())
        self._clock = clock

    @property
    def shelves(self) -> Sequence[str]:
        """The shelves in the order to work through: the data key, which all else hangs on, comes last."""
        return (*COLUMNS, _DATA_KEY)

    async def count(self) -> int:
        """How many secrets there are."""

        def work(connection: Connection) -> int:
            statements = (select(func.count(column)) for column in (*COLUMNS.values(), vault_table.c.value))
            return sum(connection.execute(one).scalar_one() for one in statements)

        return await self._database.read(work)

    async def turn(self, shelf: str, after: int) -> Turned:
        """Write a chunk of a shelf anew."""
        if shelf == _DATA_KEY:
            return await self._database.write(self._data_key)
        return await self._database.write(lambda connection: self._chunk(connection, COLUMNS[shelf], after))

    async def done(self, rewritten: int, by: By) -> None:
        """Leave an entry in the audit log."""
        entry = Entry(action="secrets.rotated", target="secrets", after={"rewritten": rewritten})
        at = to_ms(self._clock.now())
        await self._database.write(lambda connection: chain.write(connection, [entry], by, at=at))

    def _chunk(self, connection: Connection, column: Column[Any], after: int) -> Turned:
        table = column.table
        rows = connection.execute(
            select(table.c.id, column.label("token"))
            .where(table.c.id > after, column.is_not(None))
            .order_by(table.c.id)
            .limit(_CHUNK)
        ).all()
        anew = [
            {"this": row.id, "anew": self._vault.rotated(row.token)} for row in rows if not self._is_newest(row.token)
        ]
        if anew:
            statement = update(table).where(table.c.id == bindparam("this")).values({column.name: bindparam("anew")})
            connection.execute(statement, anew)
        more = len(rows) == _CHUNK
        return Turned(seen=len(rows), rewritten=len(anew), after=rows[-1].id if more else None)

    def _data_key(self, connection: Connection) -> Turned:
        rows = connection.execute(select(vault_table.c.name, vault_table.c.value)).all()
        old = [row for row in rows if not self._is_newest(row.value)]
        for row in old:
            anew = self._vault.rotated(row.value)
            connection.execute(update(vault_table).where(vault_table.c.name == row.name).values(value=anew))
        return Turned(seen=len(rows), rewritten=len(old), after=None)

    def _is_newest(self, token: bytes) -> bool:
        try:
            self._newest.decrypt(token)
        except InvalidToken:
            return False
        return True
