"""Insight on a database (see `ports.insight.Insight`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shipbell.ports.history import DeliveryLine, EventLine, Find
from shipbell.ports.insight import Backlog, Count, Figures, Found, Glance, Span, Standing, Tries
from shipbell.storage.database.engine import Database
from shipbell.storage.history import (
    by_id,
    charts,
    counts,
    pending,
    project_summaries,
    robots,
    search_deliveries,
    search_events,
)

_FOLLOWED = 20


@dataclass(frozen=True, slots=True)
class SqlInsight:
    """What pages ask of the past."""

    database: Database

    async def deliveries(self, find: Find) -> Found[DeliveryLine]:
        """Deliveries of a project, the newest first."""
        return await self.database.read(lambda connection: search_deliveries.deliveries_found(connection, find))

    async def events(self, find: Find, *, ignored: bool | None = None) -> Found[EventLine]:
        """Events of a project, the newest first."""
        return await self.database.read(
            lambda connection: search_events.events_found(connection, find, ignored=ignored)
        )

    async def counts(self, find: Find) -> Mapping[str, Count]:
        """How many deliveries of each state there are, and `all`."""
        return await self.database.read(lambda connection: counts.counts(connection, find))

    async def dead(self, project_id: int) -> Count:
        """How many dead letters a project has."""
        return await self.database.read(lambda connection: counts.dead(connection, project_id))

    async def backlog(self, project_id: int) -> Backlog:
        """How much waits for a project."""
        return await self.database.read(lambda connection: pending.backlog(connection, project_id))

    async def standing(self, project_id: int) -> Sequence[Standing]:
        """The robots of a project with their state alone."""
        return await self.database.read(lambda connection: robots.standing(connection, project_id))

    async def glances(self, project_ids: Sequence[int], now: datetime) -> Mapping[int, Glance]:
        """These projects at a glance."""
        return await self.database.read(lambda connection: project_summaries.glances(connection, project_ids, now))

    async def lines(self, delivery_ids: Sequence[int]) -> Sequence[DeliveryLine]:
        """These deliveries as they stand."""
        return await self.database.read(lambda connection: by_id.deliveries_by_id(connection, delivery_ids))

    async def tries(self, delivery_ids: Sequence[int]) -> Mapping[int, Tries]:
        """How often each of these was sent."""
        return await self.database.read(lambda connection: counts.tries(connection, delivery_ids))

    async def newer(self, find: Find, than: int) -> Count:
        """How many deliveries came after this one."""
        return await self.database.read(lambda connection: counts.newer(connection, find, than))

    async def follow(self, project_id: int, text: str) -> Sequence[EventLine]:
        """The events meant by a run number, a name, a commit or a link, the newest first."""
        return await self.database.read(
            lambda connection: search_events.followed(connection, project_id, text, _FOLLOWED)
        )

    async def figures(self, span: Span) -> Figures:
        """The figures of the overview."""
        return await self.database.read(lambda connection: charts.figures(connection, span))
