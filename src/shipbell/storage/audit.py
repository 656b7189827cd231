"""The audit log: what was changed, by whom, each entry chained to the one before."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, RowMapping, insert, select

from shipbell.ports.directory import By
from shipbell.storage.schema_people import audit

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


def link(before: bytes, row: Mapping[str, object] | RowMapping) -> bytes:
    """The hash of an entry, over that of the one before."""
    return hashlib.sha256(before + _ENCODE({name: row[name] for name in _HASHED})).digest()


def broken_at(connection: Connection) -> int | None:
    """The first entry that does not fit its place in the chain; None when all do."""
    chained, number = _START, 0
    for row in connection.execute(select(audit).order_by(audit.c.id)).mappings():
        chained, number = link(chained, row), number + 1
        if row["id"] != number or row["hash"] != chained:
            return number
    return None
