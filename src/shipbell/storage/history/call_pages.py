"""Pages of what knocked at a source's door, on a database."""

from sqlalchemy import RowMapping, select

from shipbell.ports.history import Page
from shipbell.ports.pages import DoorLine
from shipbell.storage.database.codec import from_ms
from shipbell.storage.database.engine import Database
from shipbell.storage.database.paging import newest_page
from shipbell.storage.tables.flow import door_calls


class SqlDoorPages:
    """The calls at doors, for people who look (see `ports.pages.DoorPages`)."""

    def __init__(self, database: Database) -> None:
        """Read this database."""
        self._database = database

    async def page(self, source_id: int, *, before: int | None, limit: int) -> Page[DoorLine]:
        """Calls at a source's door, the newest first."""
        calls = select(door_calls).where(door_calls.c.source_id == source_id)
        return await self._database.read(newest_page(door_calls, calls, before=before, limit=limit, line=_line))


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
        detail=row["detail"],
        event=row["event"],
    )
