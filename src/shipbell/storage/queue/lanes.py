"""Lanes on a database: one transaction settles finished calls and hands out the next."""

from collections.abc import Collection, Sequence
from typing import assert_never

from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, insert, literal_column, update

from shipbell.domain.deliveries import LaneState
from shipbell.domain.pacing import ended
from shipbell.domain.retry import Again, Buried, Close, Decision, Fate, GoOn, Pause, Stop
from shipbell.ports.clock import Clock
from shipbell.ports.lanes import Batch, Handed, Settlement
from shipbell.storage.database.codec import from_ms, from_ms_or_none, to_ms
from shipbell.storage.database.engine import Database
from shipbell.storage.queue import lane_rows
from shipbell.storage.queue.claim import LEASE_MS, Rules, hand_out, rested
from shipbell.storage.queue.lane_addresses import written_otherwise
from shipbell.storage.queue.lane_heads import any_fresh, with_work
from shipbell.storage.queue.lane_rows import LaneRow, PendingCompanion
from shipbell.storage.queue.requeue import follow
from shipbell.storage.queue.settle import moved_on, settle_deliveries, write_attempts
from shipbell.storage.tables.flow import WAITS, attempt_deliveries, attempts, deliveries

_INTERRUPTED = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("b_id"), deliveries.c.state != literal_column("'delivered'"))
    .values(maybe_delivered=True)
)
# A test is one call, also one that was cut off.
_TEST_ENDED = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("b_id"), deliveries.c.test, WAITS)
    .values(state="dead", cause="interrupted", settled_at=bindparam("b_at"))
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

    async def settle(
        self,
        worker: str,
        settlements: Sequence[Settlement],
        limit: int,
        *,
        unmade: Sequence[Batch] = (),
        calling: Collection[int] = (),
    ) -> Handed:
        """Write down what came of many calls, and hand out the next calls."""

        def work(connection: Connection) -> Handed:
            now = to_ms(self._clock.now())
            self._settle(connection, settlements, now)
            self._hand_back(connection, unmade, now)
            overdue = lane_rows.overdue(connection, now)
            # What a worker calls itself is not taken from it, however far the clock jumped.
            self._free(connection, [lane for lane in overdue if lane.owner != worker or lane.id not in calling])
            return self._hand_out(connection, worker, limit, now)

        return await self._database.write(work, short=True)

    async def renew(self, worker: str, calling: Collection[int]) -> None:
        """Prolong the leases of this worker on the lanes that it is calling, and those alone."""
        now = to_ms(self._clock.now())

        def work(connection: Connection) -> None:
            lane_rows.prolong(connection, calling, worker=worker, until=now + LEASE_MS)
            lane_rows.recall(connection, now, lease=LEASE_MS)

        await self._database.write(work)

    async def release(self, worker: str | None = None) -> int:
        """End every lease of this worker (None: of every worker); says how many calls were cut off."""
        return await self._database.write(
            lambda connection: self._free(connection, lane_rows.leased(connection, owner=worker))
        )

    def _hand_out(self, connection: Connection, worker: str, limit: int, now: int) -> Handed:
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
        valid = [self._fair(connection, one) for one in settlements if _holds(loaded.get(one.batch.lane_id), one.batch)]
        write_attempts(connection, valid)
        settle_deliveries(connection, valid)
        follow(connection, _again(valid), now=now)
        moved = [
            moved_on(connection, loaded[one.batch.lane_id], one, self._rules.pace[one.batch.channel]) for one in valid
        ]
        self._rest(connection, moved, now)

    def _fair(self, connection: Connection, settlement: Settlement) -> Settlement:
        """What one subscription's way of writing an address is answered ends its messages, and not the robot."""
        batch = settlement.batch
        match settlement.decision.onward:
            case Close() | Stop():
                if written_otherwise(
                    connection, batch.lane_id, batch.url, open_url=self._rules.open_url,
                    address_of=self._rules.address_of,
                ):  # fmt: skip
                    fates: dict[int, Fate] = {one: Buried() for one in settlement.decision.fates}
                    return replace(settlement, decision=Decision(fates=fates, onward=GoOn()))
            case GoOn() | Pause():
                pass
            case _:
                assert_never(settlement.decision.onward)
        return settlement

    def _hand_back(self, connection: Connection, unmade: Sequence[Batch], now: int) -> None:
        """Give back lanes whose call was not made: what they carried waits again, and nobody was called."""
        if not unmade:
            return
        loaded = lane_rows.load(connection, {one.lane_id for one in unmade})
        held = [loaded[one.lane_id] for one in unmade if _holds(loaded.get(one.lane_id), one)]
        follow(connection, [one for lane in held if lane.flight for one in lane.flight.delivery_ids], now=now)
        self._rest(connection, held, now)

    def _rest(self, connection: Connection, moved: Sequence[LaneRow], now: int) -> None:
        """Give lanes back, due if something waits."""
        busy = with_work(connection, [lane.id for lane in moved])
        lane_rows.store(connection, [self._at_rest(connection, lane, lane.id in busy, now) for lane in moved])

    def _at_rest(self, connection: Connection, lane: LaneRow, busy: bool, now: int) -> LaneRow:  # noqa: FBT001 - a fact of the lane
        free = replace(lane, owner=None, lease_until=None, flight=None)
        # A paused lane is looked at once more, also when nothing waits on it any longer: then the pause is over.
        rule = self._rules.pace.get(lane.channel)
        if rule is None:
            # Handing it out says what is wrong with it.
            return replace(free, due_at=now)
        if busy or (lane.open and (lane.companions or lane.state is LaneState.PAUSED)):
            free = rested(free, rule, now)
            if lane.due_at is None or lane.due_at <= free.ready_at or any_fresh(connection, lane.id):
                return free
            # Only what stepped aside waits: it rests for longer than others would.
            return replace(free, due_at=lane.due_at)
        return replace(free, due_at=None)

    def _free(self, connection: Connection, left: Sequence[LaneRow]) -> int:
        """End leases whose worker is gone: what was in the air may have been delivered, and waits again."""
        if not left:
            return 0
        now = to_ms(self._clock.now())
        cut = [lane for lane in left if lane.flight is not None]
        for lane in cut:
            _write_interrupted(connection, lane, now)
        follow(connection, [one for lane in cut if lane.flight for one in lane.flight.delivery_ids], now=now)
        again = [replace(_landed(lane, now), epoch=lane.epoch + 1, companions=_left(lane)) for lane in left]
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


def _left(lane: LaneRow) -> tuple[PendingCompanion, ...]:
    """A companion text that was in the air is not repeated."""
    return lane.companions[1:] if lane.flight is not None and lane.flight.companion else lane.companions


def _write_interrupted(connection: Connection, lane: LaneRow, now: int) -> None:
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
        connection.execute(_TEST_ENDED, [{"b_id": one, "b_at": now} for one in flight.delivery_ids])
