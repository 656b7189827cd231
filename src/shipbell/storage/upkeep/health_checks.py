"""A look at a database that changes nothing: its schema, its pages, its newest id, its secrets."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select, text, update

from shipbell.domain.errors import WrongKey
from shipbell.domain.ids import made_at
from shipbell.domain.secret import Secret
from shipbell.storage.database.dialect import POSTGRESQL
from shipbell.storage.database.migrate import config_of
from shipbell.storage.secrets.rotation import COLUMNS
from shipbell.storage.secrets.vault import Vault
from shipbell.storage.tables.flow import attempts, counters, deliveries, events
from shipbell.storage.tables.settings import subscriptions

TOUCHED = "touched"
_MOST_FAULTS = 3
_MOST_ROBOTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """How many secrets the keys at hand open and do not open, and the robots' addresses among them."""

    opened: int
    shut: int
    robots: tuple[Secret, ...]


def schema_is_present(connection: Connection) -> bool:
    """Whether no migration is missing."""
    head = ScriptDirectory.from_config(config_of(connection)).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == head


def faults(connection: Connection) -> tuple[str, ...]:
    """What the database finds wrong with its own pages, the first few; PostgreSQL looks after its pages itself."""
    if connection.dialect.name == POSTGRESQL:
        return ()
    told = connection.execute(text(f"PRAGMA quick_check({_MOST_FAULTS})")).scalars().all()
    return tuple(one for one in told if one != "ok")


def touch(connection: Connection) -> None:
    """Write what nobody reads: SQLite spares itself the writing of a row that stays as it is."""
    connection.execute(update(counters).where(counters.c.name == TOUCHED).values(value=counters.c.value + 1))


def newest_at(connection: Connection) -> datetime | None:
    """When the newest id was made, by the clock of that moment; None in an empty database."""
    newest = [connection.execute(select(func.max(table.c.id))).scalar() for table in (events, deliveries, attempts)]
    known = [one for one in newest if one is not None]
    return made_at(max(known)) if known else None


def secrets(connection: Connection, vault: Vault) -> Secrets:
    """Try the keys on every secret."""
    opened = shut = 0
    for token in _tokens(connection):
        if _opened(vault, token) is None:
            shut += 1
        else:
            opened += 1
    urls = connection.execute(select(subscriptions.c.url).limit(_MOST_ROBOTS)).scalars()
    known = tuple(url for url in (_opened(vault, token) for token in urls) if url is not None)
    return Secrets(opened=opened, shut=shut, robots=known)


def _tokens(connection: Connection) -> Iterator[bytes]:
    for column in COLUMNS.values():
        yield from connection.execute(select(column).where(column.is_not(None))).scalars()


def _opened(vault: Vault, token: bytes) -> Secret | None:
    try:
        return vault.decrypt(token)
    except WrongKey:
        return None
