"""Pages of the audit log on a database."""

import msgspec
from sqlalchemy import RowMapping, select

from shipbell.ports.history import Page
from shipbell.ports.pages import AuditLine, FindAudit
from shipbell.storage.codec import from_ms
from shipbell.storage.engine import Database
from shipbell.storage.schema_people import audit

_MOST = 200
_FACTS = msgspec.json.Decoder(dict[str, object])


class SqlAuditPages:
    """The audit log, for people who look (see `ports.pages.AuditPages`)."""

    def __init__(self, database: Database) -> None:
        """Read this database."""
        self._database = database

    async def page(self, find: FindAudit) -> Page[AuditLine]:
        """Entries, the newest first."""
        limit = max(1, min(find.limit, _MOST))
        statement = select(audit).order_by(audit.c.id.desc()).limit(limit + 1)
        for column, value in (
            (audit.c.project, find.project),
            (audit.c.actor, find.actor),
            (audit.c.action, find.action),
        ):
            if value is not None:
                statement = statement.where(column == value)
        if find.before is not None:
            statement = statement.where(audit.c.id < find.before)
        rows = await self._database.read(lambda connection: connection.execute(statement).mappings().all())
        items = tuple(_line(row) for row in rows[:limit])
        return Page(items=items, next=items[-1].id if len(rows) > limit else None)


def _line(row: RowMapping) -> AuditLine:
    return AuditLine(
        id=row["id"],
        at=from_ms(row["at"]),
        actor=row["actor"],
        via=row["via"],
        address=row["address"],
        action=row["action"],
        project=row["project"],
        target=row["target"],
        before=None if row["before"] is None else _FACTS.decode(row["before"]),
        after=None if row["after"] is None else _FACTS.decode(row["after"]),
    )
