"""Pulse on a database: one look at the ends of some indexes (see `ports.pulse.Pulse`)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, select

from shipbell.ports.pulse import Mark
from shipbell.storage.database.engine import Database
from shipbell.storage.tables.flow import counters, deliveries, door_calls, events, lanes
from shipbell.storage.tables.settings import projects, sources, subscriptions

# Ids sort by time, so the largest one moves with each new row. A settled call moves its robot's `answered_at` or
# `ready_at`; sums see all of them, where the largest would hide a call that began early and ended late.
_EVENT = select(func.max(events.c.id)).where(events.c.project_id == projects.c.id)
_DELIVERY = select(func.max(deliveries.c.id)).where(deliveries.c.project_id == projects.c.id)
_LAST_CALL = (
    select(func.max(door_calls.c.id)).where(door_calls.c.source_id == sources.c.id).correlate(sources).scalar_subquery()
)
_CALL = select(func.max(_LAST_CALL)).select_from(sources).where(sources.c.project_id == projects.c.id)
_ROBOTS = (
    select(func.coalesce(func.sum(lanes.c.answered_at), 0) + func.sum(lanes.c.ready_at))
    .select_from(subscriptions.join(lanes, lanes.c.id == subscriptions.c.lane_id))
    .where(subscriptions.c.project_id == projects.c.id)
)
_SETTINGS = select(counters.c.value).where(counters.c.name == "configuration")
_PARTS: Sequence[Select[Any]] = (_EVENT, _DELIVERY, _CALL, _ROBOTS, _SETTINGS)
_MARK = [one.correlate(projects).scalar_subquery() for one in _PARTS]


class SqlPulse:
    """What watchers of a project ask before they look closer."""

    def __init__(self, database: Database) -> None:
        """Read this database."""
        self._database = database

    async def marks(self, project_ids: Sequence[int]) -> Mapping[int, Mark]:
        """The mark of each project that exists."""
        return await self._database.read(lambda connection: _marks(connection, project_ids))


def _marks(connection: Connection, project_ids: Sequence[int]) -> Mapping[int, Mark]:
    statement = select(projects.c.id, *_MARK).where(projects.c.id.in_(project_ids))
    return {row[0]: tuple(int(part or 0) for part in row[1:]) for row in connection.execute(statement)}
