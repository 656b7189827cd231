"""Pages of the audit log on a database."""

import msgspec
from sqlalchemy import RowMapping

from shipbell.ports.history import Page
from shipbell.ports.pages import AuditLine, FindAudit, RefusedLine
from shipbell.storage.audit.chain import made, wanted
from shipbell.storage.audit.refused_sign_ins import SqlRefusedSignIns
from shipbell.storage.database.codec import from_ms
from shipbell.storage.database.engine import Database
from shipbell.storage.database.paging import newest_page
from shipbell.storage.tables.settings import audit

_FACTS = msgspec.json.Decoder(dict[str, object])


class SqlAuditPages:
    """The audit log, for people who look (see `ports.pages.AuditPages`)."""

    def __init__(self, database: Database, refused: SqlRefusedSignIns) -> None:
        """Read this database."""
        self._database = database
        self._refused = refused

    async def page(self, find: FindAudit) -> Page[AuditLine]:
        """Entries, the newest first."""
        entries = wanted(project=find.project, actor=find.actor, action=find.action)
        if find.project is not None and find.present:
            entries = entries.where(audit.c.id >= made(find.project))
        return await self._database.read(newest_page(audit, entries, before=find.before, limit=find.limit, line=_line))

    async def refused(self, *, before: int | None, limit: int) -> Page[RefusedLine]:
        """Sign-ins that failed, the newest first."""
        return await self._refused.page(before=before, limit=limit)


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
