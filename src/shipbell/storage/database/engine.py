"""Database: transactions as plain functions of a connection, run where they do not hold up the event loop.

`await db.write(work)` and `await db.read(work)` call `work(connection)` inside one transaction. The functions
are synchronous SQLAlchemy Core and run in threads: one writer, several readers.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import Error as SqliteError
from typing import Any, Concatenate, Self, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from shipbell.domain.errors import DatabaseUnusable
from shipbell.storage.database.group_commit import Group, LockedOut, Rhythm

T = TypeVar("T")
Work = Callable[Concatenate[Connection, ...], T]

_READERS = 4
_BUSY_MS = 10_000
# What short work in the loop's thread waits for another process.
_SHORT_MS = 5
_FULL = ("database or disk is full", "disk I/O error", "file is too short")
_BROKEN = ("not a database", "malformed")
_READ_ONLY = ("readonly", "unable to open", "permission denied")


@dataclass(frozen=True, slots=True)
class Database:
    """An open SQLite database; close it with `aclose`."""

    path: Path
    writer: Engine
    reader: Engine
    writing: ThreadPoolExecutor
    reading: ThreadPoolExecutor
    rhythm: Rhythm = field(default_factory=Rhythm)
    _group: Group = field(init=False)

    def __post_init__(self) -> None:
        """Let short writes find each other."""
        object.__setattr__(self, "_group", Group(here=self._at_once, there=self._in_thread, rhythm=self.rhythm))

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open (or create) the file; raises DatabaseUnusable in words."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            writer = _sqlite(path, size=1, begin="BEGIN IMMEDIATE")
            with writer.connect():
                pass
        except (DBAPIError, SqliteError, OSError) as error:
            raise usable(error, path) from error
        return cls(
            path=path,
            writer=writer,
            reader=_sqlite(path, size=_READERS, begin="BEGIN"),
            writing=ThreadPoolExecutor(1, "shipbell-writer"),
            reading=ThreadPoolExecutor(_READERS, "shipbell-reader"),
        )

    async def write(self, work: Callable[[Connection], T], *, short: bool = False) -> T:
        """Run `work` in the one write transaction; it is committed when this returns.

        `short` work shares a transaction with the other short work of this turn of the event loop (ADR 0011), and
        runs in the loop's own thread while writes are quick and nobody else writes: handing it to the writer's
        thread and back costs more than the work (ADR 0010). Raises DatabaseUnusable when the disk is full or
        read-only; whatever else `work` raises passes on, and nothing of it is kept.
        """
        if short:
            return await self._group.join(work)
        return await self._in_thread(work)

    async def _in_thread(self, work: Callable[[Connection], T]) -> T:
        flight = self.writing.submit(self.write_here, work)
        self.rhythm.flights.add(flight)
        flight.add_done_callback(self.rhythm.flights.discard)
        return await asyncio.wrap_future(flight)

    def _at_once(self, work: Callable[[Connection], T]) -> T:
        """Run `work` here; raises LockedOut, with nothing done, when another process holds the write lock."""
        try:
            with self.writer.connect() as connection:
                _patience(connection, _SHORT_MS)
                try:
                    transaction = connection.begin()
                except OperationalError as error:
                    if "locked" in str(error.orig):
                        raise LockedOut from error
                    raise
                finally:
                    _patience(connection, _BUSY_MS)
                with transaction:
                    return work(connection)
        except DBAPIError as error:
            told = _told(error, self.path)
            raise told from None if told is error else error

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one consistent view of the database."""
        return await asyncio.get_running_loop().run_in_executor(self.reading, self.read_here, work)

    def write_here(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a write transaction in the calling thread (commands, migrations)."""
        return _inside(self.writer, self.path, work)

    def read_here(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a read transaction in the calling thread."""
        return _inside(self.reader, self.path, work)

    async def aclose(self) -> None:
        """Wait for what is being written, then close the file."""
        await asyncio.get_running_loop().run_in_executor(None, self.close)

    def close(self) -> None:
        """Close the file, and merge its log into it."""
        self.writing.shutdown()
        self.reading.shutdown()
        self.reader.dispose()
        self.writer.dispose()


def _inside(engine: Engine, path: Path, work: Callable[[Connection], T]) -> T:
    try:
        with engine.begin() as connection:
            return work(connection)
    except DBAPIError as error:
        told = _told(error, path)
        raise told from None if told is error else error


def _told(error: DBAPIError, path: Path) -> Exception:
    """A database that cannot be used, in words; any other error as it is."""
    if isinstance(error, OperationalError) or any(sign in str(error.orig) for sign in _BROKEN):
        return usable(error, path)
    return error


def _patience(connection: Connection, milliseconds: int) -> None:
    """How long to wait for another process's write."""
    driver: Any = connection.connection.dbapi_connection
    driver.execute(f"PRAGMA busy_timeout = {milliseconds}")


def usable(error: Exception, path: Path) -> DatabaseUnusable:
    """Say in words why the database cannot be used."""
    told = str(getattr(error, "orig", error))
    if any(sign in told for sign in _FULL):
        return DatabaseUnusable(f"The disk of {path.parent} is full: free some space; nothing accepted is lost.")
    if any(sign in told.lower() for sign in _READ_ONLY):
        return DatabaseUnusable(
            f"{path} cannot be written: give the user of this process write access to {path.parent}."
        )
    if any(sign in told for sign in _BROKEN):
        return DatabaseUnusable(f"{path} is damaged or no SQLite database: restore a back-up (shipbell restore).")
    if "locked" in told or "busy" in told:
        return DatabaseUnusable(f"{path} is busy with another process: try again in some seconds.")
    return DatabaseUnusable(f"{path} cannot be used: {told}.")


def _sqlite(path: Path, *, size: int, begin: str) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_reset_on_return=None,
        # An error that quotes a statement must not quote what was written.
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": _BUSY_MS / 1000, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        _pragmas(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _pragmas(connection: DBAPIConnection) -> None:
    """WAL lets readers go on while one writes; FULL makes a commit survive a power cut."""
    assert isinstance(connection, SqliteConnection)  # noqa: S101 - tells the type checker what the URL says
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        f"busy_timeout = {_BUSY_MS}",
        "foreign_keys = ON",
        "cache_size = -65536",
        "temp_store = MEMORY",
        "wal_autocheckpoint = 8000",
        "journal_size_limit = 67108864",
    ):
        connection.execute(f"PRAGMA {pragma}")
