"""The few statements that the two dialects spell differently."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, any_, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from shipbell.storage.database.codec import write_json

POSTGRESQL = "postgresql"


def insert_new(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that leaves rows alone whose key is taken."""
    return insert_new_for(connection.dialect.name, table)


def insert_new_for(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """As `insert_new`, for a dialect by name."""
    if dialect == POSTGRESQL:
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def among(dialect: str, column: Column[Any], name: str) -> ColumnElement[bool]:
    """Whether a column is one of a list that is one parameter, however long (see `id_list`)."""
    if dialect == POSTGRESQL:
        return column == any_(bindparam(name))
    return column.in_(select(func.json_each(bindparam(name)).table_valued("value").c.value))


def id_list(connection: Connection, ids: Iterable[int]) -> object:
    """The parameter that `among` takes."""
    return list(ids) if connection.dialect.name == POSTGRESQL else write_json(list(ids))
