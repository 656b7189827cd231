"""Pages of what knocked at a source's door, on a database."""

from sqlalchemy import RowMapping, select

from shipbell.ports.history import Page
from shipbell.ports.pages import DoorLine
from shipbell.storage.codec import from_ms
from shipbell.storage.engine import Database
from shipbell.storage.schema import door_calls

_MOST = 200


class SqlDoorPages:
    """The calls at doors, for people who look (see `ports.pages.DoorPages`)."""

    def __init__(self, database: Database) -> None:
        """Read this database."""
        self._database = database

    async def page(self, source_id: int, *, before: int | None, limit: int) -> Page[DoorLine]:
        """Calls at a source's door, the newest first."""
        limit = max(1, min(limit, _MOST))
        statement = select(door_calls).where(door_calls.c.source_id == source_id)
        if before is not None:
            statement = statement.where(door_calls.c.id < before)
        ordered = statement.order_by(door_calls.c.id.desc()).limit(limit + 1)
        rows = await self._database.read(lambda connection: connection.execute(ordered).mappings().all())
        items = tuple(_line(row) for row in rows[:limit])
        return Page(items=items, next=items[-1].id if len(rows) > limit else None)


def _line(row: RowMapping) -> DoorLine:
    return DoorLine(
        id=row["id"],
        at=from_ms(row["at"]),
        status=row["status"],
        code=row["code"],
        address=row["address"],
        accepted=row["accepted"],
        duplicates=row["duplicates"],
        ignored=row["ignored"],
    )
