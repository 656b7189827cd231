"""Lanes on a database: one transaction settles finished calls and hands out the next."""

from collections.abc import Sequence

from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, insert, literal_column, update

from shipbell.domain.deliveries import LaneState
from shipbell.domain.pacing import ended
from shipbell.domain.retry import Again
from shipbell.ports.clock import Clock
from shipbell.ports.lanes import Batch, Handed, Settlement
from shipbell.storage import lane_rows
from shipbell.storage.codec import from_ms, from_ms_or_none, to_ms
from shipbell.storage.engine import Database
from shipbell.storage.handing import LEASE_MS, Rules, hand_out, rested
from shipbell.storage.heads import with_work
from shipbell.storage.lane_rows import LaneRow
from shipbell.storage.schema import attempt_deliveries, attempts, deliveries, lanes
from shipbell.storage.settling import moved_on, settle_deliveries, write_attempts
from shipbell.storage.waiting import follow

_INTERRUPTED = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("b_id"), deliveries.c.state != literal_column("'delivered'"))
    .values(maybe_delivered=True)
)


class SqlLanes:
    """The store of lanes (see `ports.lanes.Lanes`)."""

    def __init__(self, database: Database, rules: Rules, clock: Clock) -> None:
        """Work on this database by these rules."""
        self._database = database
        self._rules = rules
        self._clock = clock

    async def claim(self, worker: str, limit: int) -> Handed:
        """Lease due lanes, count their starts and hand out one call each, `limit` at most."""
        return await self.settle(worker, (), limit)

    async def settle(self, worker: str, settlements: Sequence[Settlement], limit: int) -> Handed:
        """Write down what came of many calls, and hand out the next calls."""
        return await self._database.write(
            lambda connection: self._exchange(connection, worker, settlements, limit), short=True
        )

    async def renew(self, worker: str) -> None:
        """Prolong every lease of this worker."""
        until = to_ms(self._clock.now()) + LEASE_MS
        statement = update(lanes).where(lanes.c.owner == worker).values(lease_until=until)
        await self._database.write(lambda connection: connection.execute(statement))

    async def release(self, worker: str | None = None) -> int:
        """End every lease of this worker (None: of every worker); says how many calls were cut off."""
        return await self._database.write(
            lambda connection: self._free(connection, lane_rows.leased(connection, owner=worker))
        )

    def _exchange(self, connection: Connection, worker: str, settlements: Sequence[Settlement], limit: int) -> Handed:
        now = to_ms(self._clock.now())
        self._settle(connection, settlements, now)
        self._free(connection, lane_rows.overdue(connection, now))
        due = lane_rows.due(connection, now, limit)
        batches: list[Batch] = []
        if due:
            batches, stored = hand_out(connection, due, self._rules, worker=worker, now=now)
            lane_rows.store(connection, stored)
        return Handed(batches=tuple(batches), next_due_at=from_ms_or_none(lane_rows.next_due_at(connection)))

    def _settle(self, connection: Connection, settlements: Sequence[Settlement], now: int) -> None:
        """Settle the calls whose lease still holds; a stale one changes nothing."""
        if not settlements:
            return
        loaded = lane_rows.load(connection, {one.batch.lane_id for one in settlements})
        valid = [one for one in settlements if _holds(loaded.get(one.batch.lane_id), one.batch)]
        write_attempts(connection, valid)
        settle_deliveries(connection, valid)
        follow(connection, _again(valid), now=now)
        moved = [
            moved_on(connection, loaded[one.batch.lane_id], one, self._rules.pace[one.batch.channel]) for one in valid
        ]
        self._rest(connection, moved, now)

    def _rest(self, connection: Connection, moved: Sequence[LaneRow], now: int) -> None:
        """Give lanes back, due if something waits."""
        busy = with_work(connection, [lane.id for lane in moved])
        lane_rows.store(connection, [self._at_rest(lane, lane.id in busy, now) for lane in moved])

    def _at_rest(self, lane: LaneRow, busy: bool, now: int) -> LaneRow:  # noqa: FBT001 - a fact of the lane
        free = replace(lane, owner=None, lease_until=None, flight=None)
        # A paused lane is looked at once more, also when nothing waits on it any longer: then the pause is over.
        if busy or (lane.open and (lane.alarm is not None or lane.state is LaneState.PAUSED)):
            return rested(free, self._rules.pace[lane.channel], now)
        return replace(free, due_at=None)

    def _free(self, connection: Connection, left: Sequence[LaneRow]) -> int:
        """End leases whose worker is gone: what was in the air may have been delivered, and waits again."""
        if not left:
            return 0
        now = to_ms(self._clock.now())
        cut = [lane for lane in left if lane.flight is not None]
        for lane in cut:
            _write_interrupted(connection, lane)
        follow(connection, [one for lane in cut if lane.flight for one in lane.flight.delivery_ids], now=now)
        again = [replace(_landed(lane, now), epoch=lane.epoch + 1, alarm=_alarm_left(lane)) for lane in left]
        self._rest(connection, again, now)
        return len(cut)


def _again(settlements: Sequence[Settlement]) -> list[int]:
    """The deliveries that wait on after these calls."""
    fates = ((one, fate) for settlement in settlements for one, fate in settlement.decision.fates.items())
    return [one for one, fate in fates if isinstance(fate, Again)]


def _holds(lane: LaneRow | None, batch: Batch) -> bool:
    return (
        lane is not None
        and lane.owner == batch.owner
        and lane.epoch == batch.epoch
        and lane.flight is not None
        and lane.flight.attempt_id == batch.attempt_id
    )


def _landed(lane: LaneRow, now: int) -> LaneRow:
    """The robot may have got what was in the air as late as now."""
    return lane if lane.flight is None else replace(lane, pace=ended(lane.pace, from_ms(now)))


def _alarm_left(lane: LaneRow) -> lane_rows.Alarm | None:
    """A companion text that was in the air is not repeated."""
    return None if lane.flight is not None and lane.flight.companion else lane.alarm


def _write_interrupted(connection: Connection, lane: LaneRow) -> None:
    flight = lane.flight
    assert flight is not None  # noqa: S101 - the caller has chosen such lanes
    connection.execute(
        insert(attempts),
        [
            {
                "id": flight.attempt_id,
                "lane_id": lane.id,
                "started_at": flight.started_at,
                "ended_at": None,
                "result": "interrupted",
                "code": "interrupted",
                "maybe_delivered": True,
                "companion": flight.companion,
                "carried": len(flight.delivery_ids),
                "body": b"",
            }
        ],
    )
    rows = [{"delivery_id": one, "attempt_id": flight.attempt_id} for one in flight.delivery_ids]
    connection.execute(insert(attempt_deliveries), rows)
    if not flight.companion:
        connection.execute(_INTERRUPTED, [{"b_id": one} for one in flight.delivery_ids])
