"""Open a store: the database migrated, its first rows written, its key checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from shipbell.domain.secret import Secret
from shipbell.storage.audit.chain import begin_counting
from shipbell.storage.database.dialect import insert_new
from shipbell.storage.database.engine import Database
from shipbell.storage.database.migrate import migrate
from shipbell.storage.secrets.vault import Vault
from shipbell.storage.tables.flow import counters
from shipbell.storage.upkeep.health_checks import TOUCHED

FILE = "shipbell.db"


@dataclass(frozen=True, slots=True)
class Opened:
    """A database that is ready, and its vault."""

    database: Database
    vault: Vault


def open_store(path: Path, secret_keys: Sequence[Secret]) -> Opened:
    """Open the SQLite file, made and migrated when needed; raises an Unusable error in words."""
    database = Database.open(path)

    def prepare(connection: Connection) -> Vault:
        migrate(connection)
        for name in ("place", "configuration", TOUCHED):
            connection.execute(insert_new(connection, counters).values(name=name, value=0))
        begin_counting(connection)
        return Vault.open(connection, secret_keys)

    try:
        return Opened(database, database.write_here(prepare))
    except BaseException:
        database.close()
        raise
