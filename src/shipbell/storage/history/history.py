"""History on a database: lists by cursor, one delivery whole, and replay."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from shipbell.domain.deliveries import LaneState
from shipbell.domain.ids import Prefix, encode
from shipbell.ports.clock import Clock
from shipbell.ports.directory import By
from shipbell.ports.history import DeliveryLine, DeliveryWhole, EventLine, Find, Page, Replayed, RobotLine, Told
from shipbell.storage.audit import chain
from shipbell.storage.database.codec import to_ms
from shipbell.storage.database.engine import Database
from shipbell.storage.history import by_external_id, by_id, robots, search_deliveries, search_events
from shipbell.storage.queue import replay

_MOST = 200


class SqlHistory:
    """The read side (see `ports.history.History`)."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        expiry: timedelta,
        offered: Callable[[str, str], bool] = lambda _channel, _region: True,
    ) -> None:
        """Read this database; what is replayed waits for `expiry` again, where its channel is offered."""
        self._offered = offered
        self._database = database
        self._clock = clock
        self._expiry_ms = int(expiry.total_seconds() * 1000)

    async def deliveries(self, find: Find) -> Page[DeliveryLine]:
        """Deliveries, the newest first."""
        limited = replace(find, limit=max(1, min(find.limit, _MOST)))
        found = await self._database.read(lambda connection: search_deliveries.deliveries_found(connection, limited))
        return Page(items=found.items, next=found.next)

    async def delivery(self, delivery_id: int) -> DeliveryWhole | None:
        """One delivery whole; None when there is none."""
        found = await self._database.read(lambda connection: by_id.wholes(connection, [delivery_id]))
        return found[0] if found else None

    async def events(self, find: Find) -> Page[EventLine]:
        """Events, the newest first."""
        limited = replace(find, limit=max(1, min(find.limit, _MOST)))
        found = await self._database.read(lambda connection: search_events.events_found(connection, limited))
        return Page(items=found.items, next=found.next)

    async def events_named(self, identifier: str, *, project_id: int | None = None) -> Sequence[EventLine]:
        """The events of an id (ours or the tool's), the newest first, a few at most."""
        return await self._database.read(lambda connection: by_external_id.named(connection, identifier, project_id))

    async def told(self, event_id: int) -> Sequence[Told]:
        """Every delivery of an event in short, the oldest first."""
        return await self._database.read(lambda connection: by_id.told(connection, event_id))

    async def wholes(self, delivery_ids: Sequence[int]) -> Sequence[DeliveryWhole]:
        """These deliveries whole, the oldest first; those that are gone are left out."""
        return await self._database.read(lambda connection: by_id.wholes(connection, delivery_ids))

    async def deliveries_of(self, event_id: int, *, most: int | None = None) -> Sequence[DeliveryWhole]:
        """Every delivery of an event, or the first of them, the oldest first."""
        return await self._database.read(lambda connection: by_id.of_event(connection, event_id, most))

    async def robots(
        self,
        *,
        project_id: int | None = None,
        lane_ids: Collection[int] | None = None,
        after: int = 0,
        most: int | None = None,
    ) -> Sequence[RobotLine]:
        """The robots that a project's subscriptions name, and those that its deliveries wait on, in order of id.

        `lane_ids` leaves those alone, `after` and `most` a page of them.
        """
        return await self._database.read(
            lambda connection: robots.lines(connection, project_id, lane_ids, after=after, most=most)
        )

    async def found(self, find: Find, *, most: int, after: int = 0) -> Sequence[int]:
        """The ids of deliveries after this one, the oldest first, without test messages."""
        return await self._database.read(lambda connection: search_deliveries.ids_found(connection, find, most, after))

    async def replay(
        self, delivery_ids: Sequence[int], *, project_id: int | None = None, by: By | None = None
    ) -> Replayed:
        """Send deliveries again, to their subscriptions' current robots, at the tail."""
        now = to_ms(self._clock.now())

        def work(connection: Connection) -> Replayed:
            done = replay.replay(
                connection,
                delivery_ids,
                project_id=project_id,
                expires_at=now + self._expiry_ms,
                offered=self._offered,
            )
            if by is not None and done.replayed:
                went = set(delivery_ids) - set(done.refused)
                chain.write(connection, replay.entries(connection, went), by, at=now)
            return done

        return await self._database.write(work)

    async def reopen(self, lane_id: int, *, project: str | None = None, by: By | None = None) -> bool:
        """Open a robot that is failing or closed; False when there is none."""
        now = to_ms(self._clock.now())

        def work(connection: Connection) -> bool:
            before = robots.state_of(connection, lane_id)
            done = robots.reopen(connection, lane_id, now)
            if done and by is not None and before not in {None, LaneState.OPEN.value}:
                entry = chain.Entry(
                    action="robot.reopened", target=encode(Prefix.ROBOT, lane_id), project=project,
                    before={"state": before}, after={"state": LaneState.OPEN.value},
                )  # fmt: skip
                chain.write(connection, [entry], by, at=now)
            return done

        return await self._database.write(work)
