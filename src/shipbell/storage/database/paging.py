"""One page of a table, the newest first, by the cursor of row numbers."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Select, Table

from shipbell.ports.history import Page

T = TypeVar("T")
_MOST = 200


def newest_page(
    table: Table, wanted: Select[Any], *, before: int | None, limit: int, line: Callable[[RowMapping], T]
) -> Callable[[Connection], Page[T]]:
    """Read the newest rows of what is wanted, from before a row on; `limit` is kept between 1 and 200."""
    most = max(1, min(limit, _MOST))
    ordered = (wanted if before is None else wanted.where(table.c.id < before)).order_by(table.c.id.desc())

    def read(connection: Connection) -> Page[T]:
        rows = connection.execute(ordered.limit(most + 1)).mappings().all()
        shown = rows[:most]
        return Page(items=tuple(line(row) for row in shown), next=shown[-1]["id"] if len(rows) > most else None)

    return read
