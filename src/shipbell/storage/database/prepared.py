"""Prepared: a Core statement compiled once for each dialect, run with plain tuples.

SQLAlchemy spends more time on building, keying and binding a statement than SQLite on running it. The hot path
therefore compiles its statements once and hands the driver tuples; what SQL is spoken stays the dialect's affair.
SQLite's driver gets them without a detour, any other through SQLAlchemy.
"""

import itertools
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, TypeVar, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import Executable

Values = tuple[Any, ...]
S = TypeVar("S", bound=Executable)

_SQLITE = "sqlite"


@dataclass(frozen=True, slots=True)
class _Compiled:
    """The SQL of one dialect, and how its parameters are picked out of the given ones (None = as given)."""

    sql: str
    pick: Callable[[Values], Values] | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement with named parameters, given in the order of `names`; its constants stand in the SQL."""

    build: Callable[[str], Executable]
    names: tuple[str, ...] = ()
    _compiled: dict[str, _Compiled] = field(default_factory=dict)

    def rows(self, connection: Connection, *values: Any) -> Sequence[Values]:  # noqa: ANN401 - column values
        """Run it once; its rows as tuples."""
        compiled = self._for(connection)
        given = compiled.pick(values) if compiled.pick else values
        if connection.dialect.name == _SQLITE:
            driver = _driver(connection)
            try:
                found: Sequence[Values] = driver.execute(compiled.sql, given).fetchall()
            except Exception as error:
                raise _told(compiled.sql, error) from error
            return found
        return connection.exec_driver_sql(compiled.sql, given).fetchall()

    def many(self, connection: Connection, rows: Iterable[Values]) -> None:
        """Run it for each row, in one call of the driver."""
        compiled = self._for(connection)
        given = [compiled.pick(row) for row in rows] if compiled.pick else list(rows)
        if not given:
            return
        if connection.dialect.name == _SQLITE:
            try:
                _driver(connection).executemany(compiled.sql, given)
            except Exception as error:
                raise _told(compiled.sql, error) from error
        else:
            connection.exec_driver_sql(compiled.sql, given)

    def _for(self, connection: Connection) -> _Compiled:
        name = connection.dialect.name
        found = self._compiled.get(name)
        if found is None:
            found = self._compiled[name] = self._compile(connection)
        return found

    def _compile(self, connection: Connection) -> _Compiled:
        statement: Any = self.build(connection.dialect.name)
        compiled = statement.compile(dialect=connection.dialect)
        wanted = tuple(compiled.positiontup or ())
        if wanted == self.names:
            return _Compiled(str(compiled), None)
        # Constants of the statement stand behind the given values.
        constants = tuple(compiled.binds[one].value for one in wanted if one not in self.names)
        numbers = itertools.count(len(self.names))
        places = [self.names.index(one) if one in self.names else next(numbers) for one in wanted]
        if len(places) == 1:
            only = places[0]
            return _Compiled(str(compiled), lambda row: ((*row, *constants)[only],))
        pick = itemgetter(*places)
        return _Compiled(str(compiled), (lambda row: pick((*row, *constants))) if constants else pick)


def _driver(connection: Connection) -> sqlite3.Connection:
    """The driver itself: what SQLAlchemy lays around a call costs more than most of our statements."""
    driver: Any = connection.connection.dbapi_connection
    return cast("sqlite3.Connection", driver)


def _told(sql: str, error: Exception) -> BaseException:
    """An error as SQLAlchemy would have raised it, without what was to be written."""
    return DBAPIError.instance(sql, (), error, sqlite3.Error, hide_parameters=True)
