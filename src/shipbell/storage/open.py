"""Open a store: the database migrated, its first rows written, its key checked."""

import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from shipbell.domain.errors import AlreadyServed, DatabaseUnusable
from shipbell.domain.secret import Secret
from shipbell.storage.audit import begin_counting
from shipbell.storage.dialect import insert_new
from shipbell.storage.engine import Database
from shipbell.storage.migrate import migrate
from shipbell.storage.schema import counters
from shipbell.storage.vault import Vault

FILE = "shipbell.db"
_LOCK = "serve.lock"


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
        for name in ("place", "configuration"):
            connection.execute(insert_new(connection, counters).values(name=name, value=0))
        begin_counting(connection)
        return Vault.open(connection, secret_keys)

    try:
        return Opened(database, database.write_here(prepare))
    except BaseException:
        database.close()
        raise


@dataclass(frozen=True, slots=True)
class ServeLock:
    """The one server of a SQLite database; it ends with the process."""

    handle: int

    def release(self) -> None:
        """Let another server come."""
        os.close(self.handle)


def lock_for_serving(folder: Path) -> ServeLock:
    """Keep a second server out; raises AlreadyServed."""
    try:
        handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DatabaseUnusable(
            f"{folder} cannot be written ({type(error).__name__}): check the folder's owner."
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise AlreadyServed(
            f"Another server works on {folder} already: stop it, or give this one its own SHIPBELL_DATA."
        ) from error
    return ServeLock(handle)
