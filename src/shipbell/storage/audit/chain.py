"""The audit log: what was changed, by whom, each entry chained to the one before."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, ScalarSelect, Select, func, insert, literal_column, select, update

from shipbell.ports.directory import By
from shipbell.storage.database.codec import from_ms
from shipbell.storage.database.dialect import insert_new
from shipbell.storage.tables.flow import counters
from shipbell.storage.tables.settings import audit

COUNTER = "audit"
_START = b"shipbell audit"
_ENCODE = msgspec.json.Encoder(order="sorted").encode
_HASHED = ("id", "at", "actor", "via", "address", "action", "project", "target", "before", "after")

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One change; secrets are masked before they come here."""

    action: str
    target: str
    project: str | None = None
    before: Facts | None = None
    after: Facts | None = None


def write(connection: Connection, entries: Iterable[Entry], by: By, *, at: int) -> None:
    """Append entries to the chain."""
    last = connection.execute(select(audit.c.id, audit.c.hash).order_by(audit.c.id.desc()).limit(1)).first()
    number, chained = (last.id, last.hash) if last else (0, _START)
    written = 0
    for entry in entries:
        number += 1
        row = {
            "id": number,
            "at": at,
            "actor": by.actor,
            "via": by.via,
            "address": by.address,
            "action": entry.action,
            "project": entry.project,
            "target": entry.target,
            "before": None if entry.before is None else _ENCODE(entry.before).decode(),
            "after": None if entry.after is None else _ENCODE(entry.after).decode(),
        }
        chained = link(chained, row)
        connection.execute(insert(audit).values(**row, hash=chained))
        written += 1
    # How many there should be: a chain alone does not tell that its end was cut off.
    connection.execute(update(counters).where(counters.c.name == COUNTER).values(value=counters.c.value + written))


def link(before: bytes, row: Mapping[str, object] | RowMapping) -> bytes:
    """The hash of an entry, over that of the one before."""
    return hashlib.sha256(before + _ENCODE({name: row[name] for name in _HASHED})).digest()


@dataclass(frozen=True, slots=True)
class Fault:
    """The first entry that does not fit its place; `missing`: it and whatever followed were cut off at the end."""

    number: int
    missing: bool


def fault(connection: Connection) -> Fault | None:
    """Walk the chain; None when it is whole."""
    chained, number = _START, 0
    for row in connection.execute(select(audit).order_by(audit.c.id)).mappings():
        chained, number = link(chained, row), number + 1
        if row["id"] != number or row["hash"] != chained:
            return Fault(number, missing=False)
    written = connection.execute(select(counters.c.value).where(counters.c.name == COUNTER)).scalar()
    if written is None or written == number:
        return None
    return Fault(min(number, written) + 1, missing=number < written)


def begin_counting(connection: Connection) -> None:
    """Count the entries of a database that was not counted yet."""
    if connection.execute(select(counters.c.value).where(counters.c.name == COUNTER)).first() is None:
        written = connection.execute(select(func.count()).select_from(audit)).scalar_one()
        connection.execute(insert_new(connection, counters).values(name=COUNTER, value=written))


def wanted(*, project: str | None, actor: str | None, action: str | None) -> Select[Any]:
    """The entries of a project, of somebody and of a kind; None = of any."""
    statement = select(audit)
    for column, value in ((audit.c.project, project), (audit.c.actor, actor), (audit.c.action, action)):
        if value is not None:
            statement = statement.where(column == value)
    return statement


def made(project: str) -> ScalarSelect[int]:
    """The entry that says how the present project of a key was made; entries before it are of those that had it before.

    Found among the beginnings of projects, from the last one back: no index of what happened in one is walked.
    """
    key = audit.c.project.concat(literal_column("''"))
    statement = select(audit.c.id).where(audit.c.action == "project.created", key == project)
    return statement.order_by(audit.c.id.desc()).limit(1).scalar_subquery()


def entries_after(connection: Connection, number: int, entries: Select[Any], limit: int) -> Sequence[RowMapping]:
    """Some of these entries after this one, the oldest first."""
    statement = entries.where(audit.c.id > number).order_by(audit.c.id).limit(limit)
    return connection.execute(statement).mappings().all()


def as_json(row: RowMapping) -> str:
    """An entry as one line of JSON; with its hash the chain can be checked elsewhere."""
    facts = {
        **row,
        "at": from_ms(row["at"]),
        "before": None if row["before"] is None else msgspec.Raw(row["before"].encode()),
        "after": None if row["after"] is None else msgspec.Raw(row["after"].encode()),
        "hash": row["hash"].hex(),
    }
    return msgspec.json.encode(facts).decode()
