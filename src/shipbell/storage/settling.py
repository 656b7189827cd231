"""Settle: write down what came of many calls, in the transaction that also hands out the next ones."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import assert_never

from sqlalchemy import Connection, bindparam, case, func, insert, literal_column, update

from shipbell.domain.deliveries import LaneState
from shipbell.domain.results import Delivered, Gone, Refused, Rejected, Throttled, Transient, type_names
from shipbell.domain.retry import Again, Buried, Close, Fate, GoOn, Pause, Shown, Stop
from shipbell.domain.pacing import PaceRule, drained
from shipbell.ports.lanes import Settlement
from shipbell.storage.codec import to_ms
from shipbell.storage.handing import joined
from shipbell.storage.keeping import next_places
from shipbell.storage.lane_rows import LaneRow
from shipbell.storage.schema import attempt_deliveries, attempts, deliveries

Row = dict[str, object]

_THIS = deliveries.c.id == bindparam("b_id")
_WAITS = deliveries.c.state == literal_column("'waiting'")

# A message that was in the air when its delivery was cancelled or ran out has been shown all the same.
_SHOWN = (
    update(deliveries)
    .where(_THIS, deliveries.c.state != "delivered")
    .values(
        state="delivered",
        cause=None,
        settled_at=bindparam("b_at"),
        maybe_delivered=False,
    )
)
_BURIED = (
    update(deliveries)
    .where(_THIS, _WAITS)
    .values(
        state="dead",
        cause=bindparam("b_cause"),
        settled_at=bindparam("b_at"),
        maybe_delivered=case((bindparam("b_maybe") == 1, True), else_=deliveries.c.maybe_delivered),
    )
)
_AGAIN = (
    update(deliveries)
    .where(_THIS, _WAITS)
    .values(
        failures=deliveries.c.failures + bindparam("b_counted"),
        failing_since=func.coalesce(deliveries.c.failing_since, bindparam("b_failed_at")),
        uncertain=deliveries.c.uncertain + bindparam("b_uncertain"),
        uncertain_since=func.coalesce(deliveries.c.uncertain_since, bindparam("b_uncertain_at")),
        maybe_delivered=case((bindparam("b_uncertain") > 0, True), else_=deliveries.c.maybe_delivered),
        alone=bindparam("b_alone"),
    )
)
_ASIDE = update(deliveries).where(_THIS, _WAITS).values(place=bindparam("b_place"), stepped_aside=True)


def settle_deliveries(connection: Connection, settlements: Sequence[Settlement]) -> None:
    """Give every carried delivery its fate; doing it twice changes nothing."""
    shown: list[Row] = []
    buried: list[Row] = []
    again: list[Row] = []
    aside: list[int] = []
    for settlement in settlements:
        at = to_ms(settlement.attempt.ended_at)
        for delivery_id, fate in settlement.decision.fates.items():
            match fate:
                case Shown():
                    shown.append({"b_id": delivery_id, "b_at": at})
                case Buried(maybe=maybe):
                    cause = settlement.attempt.result.code
                    buried.append({"b_id": delivery_id, "b_at": at, "b_cause": cause, "b_maybe": int(maybe)})
                case Again():
                    again.append(_again(delivery_id, fate, at))
                    if fate.aside:
                        aside.append(delivery_id)
                case _:
                    assert_never(fate)
    for statement, rows in ((_SHOWN, shown), (_BURIED, buried), (_AGAIN, again)):
        if rows:
            connection.execute(statement, rows)
    if aside:
        place = next_places(connection, len(aside))
        connection.execute(_ASIDE, [{"b_id": one, "b_place": place + index} for index, one in enumerate(aside)])


def _again(delivery_id: int, fate: Again, at: int) -> Row:
    return {
        "b_id": delivery_id,
        "b_counted": int(fate.counted),
        "b_failed_at": at if fate.counted else None,
        "b_uncertain": int(fate.uncertain),
        "b_uncertain_at": at if fate.uncertain else None,
        "b_alone": fate.alone,
    }


def write_attempts(connection: Connection, settlements: Sequence[Settlement]) -> None:
    """Keep every attempt, and which deliveries it carried."""
    if not settlements:
        return
    connection.execute(insert(attempts), [_attempt_row(one) for one in settlements])
    connection.execute(insert(attempt_deliveries), list(_carried_rows(settlements)))


def _attempt_row(settlement: Settlement) -> Row:
    batch, attempt = settlement.batch, settlement.attempt
    result = attempt.result
    return {
        "id": batch.attempt_id,
        "lane_id": batch.lane_id,
        "started_at": to_ms(batch.started_at),
        "ended_at": to_ms(attempt.ended_at),
        "result": type_names[type(result)],
        "code": result.code,
        "detail": result.detail,
        "status": attempt.status,
        "maybe_delivered": _maybe(result),
        "companion": batch.handout is None,
        "carried": len(batch.delivery_ids),
        "body": batch.body,
    }


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


def _carried_rows(settlements: Sequence[Settlement]) -> Iterable[Row]:
    for settlement in settlements:
        batch = settlement.batch
        lines = batch.handout.lines if batch.handout else {}
        for delivery_id in batch.delivery_ids:
            yield {"delivery_id": delivery_id, "attempt_id": batch.attempt_id, "line": lines.get(delivery_id)}


def moved_on(connection: Connection, lane: LaneRow, settlement: Settlement, rule: PaceRule) -> LaneRow:
    """The lane after this call: open, paused, failing or closed; a closed one buries what waits."""
    now = to_ms(settlement.attempt.ended_at)
    result = settlement.attempt.result
    lane = _alarmed(replace(lane, flight=None), settlement)
    told = {"cause": result.code, "cause_detail": result.detail}
    match settlement.decision.onward:
        case GoOn(rejected=rejected):
            if not lane.open and not isinstance(result, Delivered):
                return replace(lane, answered_at=now)
            return replace(
                lane, state=LaneState.OPEN, cause=None, cause_detail=None, failures=0, answered_at=now,
                rejected=rejected, state_since=lane.state_since if lane.state is LaneState.OPEN else now,
            )  # fmt: skip
        case Pause() as pause:
            return _paused(lane, pause, rule, now, told)
        case Stop(rejected=rejected):
            return replace(
                lane, state=LaneState.FAILING, state_since=now, rejected=rejected, answered_at=now, due_at=None, **told
            )
        case Close():
            bury_waiting(connection, lane.id, cause=result.code, now=now)
            since = lane.state_since if lane.state is LaneState.CLOSED else now
            return replace(
                lane, state=LaneState.CLOSED, state_since=since, answered_at=now, due_at=None, alarm=None, **told
            )
        case _:
            assert_never(settlement.decision.onward)


def _paused(lane: LaneRow, pause: Pause, rule: PaceRule, now: int, told: dict[str, str]) -> LaneRow:
    """A pause of a lane that is failing or closed (a test was made) leaves its state alone."""
    lane = replace(
        lane,
        ready_at=to_ms(pause.until),
        failures=lane.failures + pause.failed,
        pace=drained(lane.pace, rule, pause.until) if pause.drained else lane.pace,
    )
    if not lane.open:
        return lane
    since = lane.state_since if lane.state is LaneState.PAUSED else now
    return replace(lane, state=LaneState.PAUSED, state_since=since, **told)


def _alarmed(lane: LaneRow, settlement: Settlement) -> LaneRow:
    """Let a companion text wait after a message that needs one; one that was settled is done with.

    A companion that the robot did not take yet waits on; one whose fate is unknown is not repeated.
    """
    batch, result = settlement.batch, settlement.attempt.result
    if batch.handout is None:
        match result:
            case Throttled() | Transient(uncertain=False):
                return replace(lane, companion_at=None)
            case Delivered() | Transient() | Rejected() | Gone() | Refused():
                return replace(lane, alarm=None)
            case _:
                assert_never(result)
    if batch.handout.companion is None or not isinstance(result, Delivered):
        return lane
    return replace(lane, alarm=joined(lane.alarm, batch.handout.companion, batch.delivery_ids))


def bury_waiting(connection: Connection, lane_id: int, *, cause: str, now: int) -> None:
    """Everything that waits on a lane becomes a dead letter with this cause."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.lane_id == lane_id, _WAITS)
        .values(state="dead", cause=cause, settled_at=now)
    )


def is_final(fate: Fate) -> bool:
    """Whether a delivery with this fate waits no more."""
    return isinstance(fate, Shown | Buried)
