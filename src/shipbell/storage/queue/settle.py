"""Settle: write down what came of many calls, in the transaction that also hands out the next ones."""

from collections.abc import Iterable, Sequence
from typing import assert_never

from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, func, insert, literal_column, update

from shipbell.domain.deliveries import LaneState
from shipbell.domain.pacing import PaceRule, drained, ended
from shipbell.domain.results import Delivered, Gone, Refused, Rejected, Throttled, Transient, type_names
from shipbell.domain.retry import Again, Buried, Close, GoOn, Pause, Shown, Stop
from shipbell.ports.lanes import Attempt, Settlement
from shipbell.storage.database.codec import to_ms
from shipbell.storage.database.prepared import Prepared, Values
from shipbell.storage.queue.claim import joined
from shipbell.storage.queue.insert_events import next_places
from shipbell.storage.queue.lane_ends import closed
from shipbell.storage.queue.lane_rows import LaneRow
from shipbell.storage.tables.flow import WAITS, attempt_deliveries, attempts, deliveries

_THIS = deliveries.c.id == bindparam("b_id")

# A message that was in the air when its delivery was cancelled or ran out has been shown all the same.
_SHOWN = Prepared(
    lambda _: (
        update(deliveries)
        .where(_THIS, deliveries.c.state != "delivered")
        .values(state="delivered", cause=None, settled_at=bindparam("b_at"), maybe_delivered=False)
    ),
    ("b_id", "b_at"),
)
_BURIED = Prepared(
    lambda _: (
        update(deliveries)
        .where(_THIS, WAITS)
        .values(state="dead", cause=bindparam("b_cause"), settled_at=bindparam("b_at"))
    ),
    ("b_id", "b_at", "b_cause"),
)
# Also what was cancelled, or ran out, during a call whose answer got lost may have been shown.
_MAYBE = Prepared(
    lambda _: (
        update(deliveries)
        .where(_THIS, deliveries.c.state != literal_column("'delivered'"))
        .values(maybe_delivered=True)
    ),
    ("b_id",),
)
_AGAIN = Prepared(
    lambda _: (
        update(deliveries)
        .where(_THIS, WAITS)
        .values(
            failures=deliveries.c.failures + bindparam("b_counted"),
            failing_since=func.coalesce(deliveries.c.failing_since, bindparam("b_failed_at")),
            uncertain=deliveries.c.uncertain + bindparam("b_uncertain"),
            uncertain_since=func.coalesce(bindparam("b_uncertain_at"), deliveries.c.uncertain_since),
            alone=bindparam("b_alone"),
        )
    ),
    ("b_id", "b_counted", "b_failed_at", "b_uncertain", "b_uncertain_at", "b_alone"),
)
_ASIDE = Prepared(
    lambda _: update(deliveries).where(_THIS, WAITS).values(place=bindparam("b_place"), stepped_aside=True),
    ("b_id", "b_place"),
)
_ATTEMPT_COLUMNS = (
    "id", "lane_id", "started_at", "ended_at", "result", "code", "detail", "status", "maybe_delivered", "companion",
    "carried", "body",
)  # fmt: skip
_CARRIED_COLUMNS = ("delivery_id", "attempt_id", "line")
_INSERT_ATTEMPT = Prepared(
    lambda _: insert(attempts).values({name: bindparam(name) for name in _ATTEMPT_COLUMNS}), _ATTEMPT_COLUMNS
)
_INSERT_CARRIED = Prepared(
    lambda _: insert(attempt_deliveries).values({name: bindparam(name) for name in _CARRIED_COLUMNS}),
    _CARRIED_COLUMNS,
)


def settle_deliveries(connection: Connection, settlements: Sequence[Settlement]) -> None:
    """Give every carried delivery its fate; doing it twice changes nothing."""
    shown: list[Values] = []
    buried: list[Values] = []
    again: list[Values] = []
    aside: list[int] = []
    for settlement in settlements:
        at = to_ms(settlement.attempt.ended_at)
        for delivery_id, fate in settlement.decision.fates.items():
            match fate:
                case Shown():
                    shown.append((delivery_id, at))
                case Buried(cause=cause):
                    buried.append((delivery_id, at, cause or settlement.attempt.result.code))
                case Again():
                    again.append(_again(delivery_id, fate, at))
                    if fate.aside:
                        aside.append(delivery_id)
                case _:
                    assert_never(fate)
    for statement, rows in ((_SHOWN, shown), (_BURIED, buried), (_AGAIN, again)):
        statement.many(connection, rows)
    if buried or again:
        _MAYBE.many(connection, list(_unsure(settlements)))
    if aside:
        place = next_places(connection, len(aside))
        _ASIDE.many(connection, [(one, place + index) for index, one in enumerate(aside)])


def _unsure(settlements: Sequence[Settlement]) -> Iterable[Values]:
    """The deliveries that the group may have seen."""
    for settlement in settlements:
        for delivery_id, fate in settlement.decision.fates.items():
            match fate:
                case Buried(maybe=True) | Again(uncertain=True):
                    yield (delivery_id,)
                case Shown() | Buried() | Again():
                    continue
                case _:
                    assert_never(fate)


def _again(delivery_id: int, fate: Again, at: int) -> Values:
    return (
        delivery_id,
        int(fate.counted),
        at if fate.counted else None,
        int(fate.uncertain),
        at if fate.uncertain else None,
        fate.alone,
    )


def write_attempts(connection: Connection, settlements: Sequence[Settlement]) -> None:
    """Keep every attempt, and which deliveries it carried."""
    _INSERT_ATTEMPT.many(connection, [_attempt_row(one) for one in settlements])
    _INSERT_CARRIED.many(connection, _carried_rows(settlements))


def _attempt_row(settlement: Settlement) -> Values:
    batch, attempt = settlement.batch, settlement.attempt
    result = attempt.result
    return (
        batch.attempt_id,
        batch.lane_id,
        to_ms(batch.started_at),
        to_ms(attempt.ended_at),
        type_names[type(result)],
        result.code,
        result.detail,
        attempt.status,
        _maybe(result),
        batch.handout is None,
        len(batch.delivery_ids),
        batch.body,
    )


def _maybe(result: Delivered | Throttled | Transient | Rejected | Gone | Refused) -> bool:
    match result:
        case Transient(uncertain=uncertain):
            return uncertain
        case Rejected(maybe=maybe):
            return maybe
        case Delivered() | Throttled() | Gone() | Refused():
            return False
        case _:
            assert_never(result)


def _carried_rows(settlements: Sequence[Settlement]) -> Iterable[Values]:
    for settlement in settlements:
        batch = settlement.batch
        lines = batch.handout.lines if batch.handout else {}
        for delivery_id in batch.delivery_ids:
            yield delivery_id, batch.attempt_id, lines.get(delivery_id)


def moved_on(connection: Connection, lane: LaneRow, settlement: Settlement, rule: PaceRule) -> LaneRow:
    """The lane after this call: open, paused, failing or closed; a closed one buries what waits."""
    now = to_ms(settlement.attempt.ended_at)
    result = settlement.attempt.result
    lane = replace(lane, flight=None, pace=ended(lane.pace, settlement.attempt.ended_at))
    lane = _with_companions(lane, settlement)
    match settlement.decision.onward:
        case GoOn(rejected=rejected):
            if not lane.open and not isinstance(result, Delivered):
                return replace(lane, answered_at=now)
            return replace(
                lane, state=LaneState.OPEN, cause=None, cause_detail=None, failures=0, answered_at=now,
                rejected=rejected, state_since=lane.state_since if lane.state is LaneState.OPEN else now,
            )  # fmt: skip
        case Pause() as pause:
            return _paused(lane, pause, rule, settlement.attempt)
        case Stop(rejected=rejected):
            return replace(
                lane,
                state=LaneState.FAILING,
                state_since=now,
                rejected=rejected,
                answered_at=now,
                due_at=None,
                cause=result.code,
                cause_detail=result.detail,
            )
        case Close():
            shut = closed(connection, lane, cause=result.code, detail=result.detail, now=now)
            return replace(shut, answered_at=now)
        case _:
            assert_never(settlement.decision.onward)


def _paused(lane: LaneRow, pause: Pause, rule: PaceRule, attempt: Attempt) -> LaneRow:
    """A pause of a lane that is failing or closed (a test was made) leaves its state alone."""
    lane = replace(
        lane,
        ready_at=to_ms(pause.others_at or pause.until),
        due_at=to_ms(pause.until),
        failures=lane.failures + pause.failed,
        pace=drained(lane.pace, rule, pause.until) if pause.drained else lane.pace,
    )
    if not lane.open:
        return lane
    since = lane.state_since if lane.state is LaneState.PAUSED else to_ms(attempt.ended_at)
    return replace(
        lane,
        state=LaneState.PAUSED,
        state_since=since,
        cause=attempt.result.code,
        cause_detail=attempt.result.detail,
    )


def _with_companions(lane: LaneRow, settlement: Settlement) -> LaneRow:
    """Let a companion text wait after a message that needs one; one that was settled is done with.

    A companion that the robot did not take yet waits on, for a minute after a failure, so that it holds up no
    message; one whose fate is unknown is not repeated.
    """
    batch, result = settlement.batch, settlement.attempt.result
    if batch.handout is None:
        match result:
            case Throttled():
                return replace(lane, companion_at=None)
            case Transient(uncertain=False):
                return lane
            case Delivered() | Transient() | Rejected() | Gone() | Refused():
                return replace(lane, companions=lane.companions[1:])
            case _:
                assert_never(result)
    if batch.handout.companion is None or not isinstance(result, Delivered):
        return lane
    project_id = batch.handout.carried[0].project_id
    pending = joined(lane.companions, batch.handout.companion, batch.delivery_ids, project_id)
    return replace(lane, companions=pending)
