"""The rows that edits read and write: found by key or name, compared with what the writer saw, stamped."""

from sqlalchemy import Connection, RowMapping, Table, select

from shipbell.domain.errors import NameTaken, NotFound, Stale
from shipbell.ports.directory import By
from shipbell.storage.tables.settings import projects


def project_row(connection: Connection, key: str) -> RowMapping:
    """A project by its key; raises NotFound."""
    row = connection.execute(select(projects).where(projects.c.key == key)).mappings().first()
    if row is None:
        raise NotFound(f"There is no project {key}.")
    return row


def named_row(connection: Connection, table: Table, project_id: int, row_id: int, name: str) -> RowMapping | None:
    """The row of this id, or (id 0) of this name; raises NotFound for an id, NameTaken for another's name."""
    of_project = select(table).where(table.c.project_id == project_id)
    named = connection.execute(of_project.where(table.c.name == name)).mappings().first()
    if not row_id:
        return named
    row = connection.execute(of_project.where(table.c.id == row_id)).mappings().first()
    if row is None:
        raise NotFound("It does not exist any more.")
    if named is not None and named["id"] != row_id:
        raise NameTaken(f"The project has another one named {name}: choose another name.")
    return row


def check_seen(row: RowMapping | None, expected: int | None) -> None:
    """Raise Stale when the row is not the one that the writer saw (0 = none)."""
    if expected is not None and (0 if row is None else row["revision"]) != expected:
        raise Stale


def stamped(row: RowMapping | None, by: By, now: int) -> dict[str, object]:
    """Who changed a row, when, and its next revision."""
    values: dict[str, object] = {"updated_at": now, "updated_by": by.actor}
    if row is None:
        return {**values, "created_at": now, "revision": 1}
    return {**values, "revision": row["revision"] + 1}
