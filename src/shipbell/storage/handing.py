"""Hand out: pick what each due lane's next call carries, count its start and lease the lane."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace
from sqlalchemy import Connection

from shipbell.domain.deliveries import Companion, Handout, Head, LaneState, Waiting
from shipbell.domain.pacing import PaceRule, ready_at, room, started
from shipbell.domain.retry import spent
from shipbell.domain.secret import Secret
from shipbell.ports.clock import Ids
from shipbell.ports.lanes import Batch
from shipbell.storage.codec import from_ms, to_ms
from shipbell.storage.heads import GLANCE, LOOK_AHEAD, UNPACED_GLANCE, bury_spent, bury_unsayable, fronts, waiting_count
from shipbell.storage.lane_rows import Alarm, Flight, LaneRow
from shipbell.telemetry import log

LEASE_MS = 30_000
# Longer looks in one transaction: each costs as much as a hundred plain calls, and hooks wait meanwhile.
_LONG_LOOKS = 8
# A robot gets at most one companion text in this time.
_ALARM_EVERY_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What handing out needs from outside, all of it pure but `open_url`, which decrypts."""

    pick: Callable[[Head], Handout]
    alert: Callable[[str, Companion], tuple[str, bytes]]
    pace: Mapping[str, PaceRule]
    open_url: Callable[[bytes], Secret]
    ids: Ids


@dataclass(frozen=True, slots=True)
class _Ready:
    """A lane that may start a call now."""

    lane: LaneRow
    rule: PaceRule
    room: int | None


def hand_out(
    connection: Connection, lanes: Sequence[LaneRow], rules: Rules, *, worker: str, now: int
) -> tuple[list[Batch], list[LaneRow]]:
    """Give each of these due lanes its next call; the batches, and every lane as it is to be stored."""
    time = from_ms(now)
    batches: list[Batch] = []
    stored: list[LaneRow] = []
    ready: list[_Ready] = []
    for lane in lanes:
        rule = rules.pace[lane.channel]
        space = room(lane.pace, rule, time)
        if space == 0:
            stored.append(rested(lane, rule, now))
        elif _alarm_due(lane, now):
            _take(lane, _alarm_batch(lane, rules, worker, now), rule, batches, stored)
        else:
            ready.append(_Ready(lane, rule, space))
    for one, head in _heads(connection, ready, now):
        handout = None if head is None else _picked(connection, head, rules, now)
        if head is None:
            stored.append(_idle(one.lane, now))
        elif handout is None:
            stored.append(rested(one.lane, one.rule, now))
        else:
            _take(one.lane, _batch(one.lane, handout, rules, worker, now), one.rule, batches, stored)
    return batches, stored


def _picked(connection: Connection, head: Head, rules: Rules, now: int) -> Handout | None:
    """What goes next; a delivery that no message can be made of is buried, so that it holds up nobody."""
    try:
        return rules.pick(head)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one event, the others must go on
        first = head.waiting[0]
        log().error("delivery.not_composed", delivery=first.id, error=type(error).__name__, exc_info=error)
        bury_unsayable(connection, first.id, now)
        return None


def rested(lane: LaneRow, rule: PaceRule, now: int) -> LaneRow:
    """A lane that may be claimed as soon as its pace, or its pause, allows."""
    earliest = max(lane.ready_at, to_ms(ready_at(lane.pace, rule, from_ms(now))))
    return replace(lane, due_at=earliest, ready_at=earliest, owner=None, lease_until=None, flight=None)


def _idle(lane: LaneRow, now: int) -> LaneRow:
    """Nothing waits but, perhaps, a companion text whose minute is not over; a pause is over by now."""
    if lane.state is LaneState.PAUSED:
        lane = replace(lane, state=LaneState.OPEN, state_since=now, cause=None, cause_detail=None)
    due_at = None
    if lane.alarm is not None and lane.companion_at is not None:
        due_at = lane.companion_at + _ALARM_EVERY_MS
    return replace(lane, due_at=due_at, owner=None, lease_until=None, flight=None)


def _alarm_due(lane: LaneRow, now: int) -> bool:
    if lane.alarm is None or not lane.open:
        return False
    return lane.companion_at is None or lane.companion_at + _ALARM_EVERY_MS <= now


def _heads(connection: Connection, ready: Sequence[_Ready], now: int) -> Iterable[tuple[_Ready, Head | None]]:
    """Look at the front of each lane: a glance at all, a longer look at some of those that are behind.

    The rest of these stay due, for the next transaction.
    """
    paced = [one.lane.id for one in ready if one.room is not None]
    unpaced = [one.lane.id for one in ready if one.room is None]
    glance = fronts(connection, paced, now=now, depth=GLANCE)
    glance |= fronts(connection, unpaced, now=now, depth=UNPACED_GLANCE)
    looks = _LONG_LOOKS
    for one in ready:
        waiting = glance.get(one.lane.id, [])
        backlog = len(waiting)
        if one.room is None and backlog >= UNPACED_GLANCE and waiting[-1].event_id == waiting[0].event_id:
            waiting = fronts(connection, [one.lane.id], now=now, depth=LOOK_AHEAD).get(one.lane.id, [])
        if backlog >= GLANCE and one.room is not None:
            if looks == 0:
                continue
            looks -= 1
            waiting = fronts(connection, [one.lane.id], now=now, depth=LOOK_AHEAD).get(one.lane.id, [])
            backlog = waiting_count(connection, one.lane.id) if len(waiting) >= LOOK_AHEAD else len(waiting)
        waiting = _unspent(connection, one.lane, waiting, now)
        yield one, _head(one, [each for each in waiting if one.lane.open or each.test], backlog)


def _unspent(connection: Connection, lane: LaneRow, waiting: list[Waiting], now: int) -> list[Waiting]:
    """Bury what was repeated enough in vain; what else waits."""
    if over := [one.id for one in waiting if one.uncertain and spent(one, lane.past)]:
        bury_spent(connection, over, now)
        return [one for one in waiting if one.id not in set(over)]
    return waiting


def _head(ready: _Ready, waiting: list[Waiting], backlog: int) -> Head | None:
    if not waiting:
        return None
    return Head(
        channel=ready.lane.channel,
        room=ready.room,
        per_minute=ready.rule.per_minute,
        waiting=tuple(waiting),
        backlog=backlog,
    )


def _take(lane: LaneRow, batch: Batch, rule: PaceRule, batches: list[Batch], stored: list[LaneRow]) -> None:
    """Lease the lane for this call and count the start, before the call is made."""
    batches.append(batch)
    stored.append(
        replace(
            lane,
            pace=started(lane.pace, rule, batch.started_at),
            due_at=None,
            owner=batch.owner,
            lease_until=to_ms(batch.lease_until),
            epoch=batch.epoch,
            flight=Flight(
                attempt_id=batch.attempt_id,
                started_at=to_ms(batch.started_at),
                delivery_ids=batch.delivery_ids,
                companion=batch.handout is None,
            ),
            companion_at=to_ms(batch.started_at) if batch.handout is None else lane.companion_at,
        )
    )


def _batch(lane: LaneRow, handout: Handout, rules: Rules, worker: str, now: int) -> Batch:
    return Batch(
        lane_id=lane.id,
        channel=lane.channel,
        url=rules.open_url(lane.url),
        owner=worker,
        epoch=lane.epoch + 1,
        attempt_id=rules.ids.next(),
        started_at=from_ms(now),
        lease_until=from_ms(now + LEASE_MS),
        past=lane.past,
        msgtype=handout.msgtype,
        body=handout.body,
        delivery_ids=tuple(one.id for one in handout.carried),
        handout=handout,
    )


def _alarm_batch(lane: LaneRow, rules: Rules, worker: str, now: int) -> Batch:
    alarm = lane.alarm
    assert alarm is not None  # noqa: S101 - _alarm_due has just said so
    msgtype, body = rules.alert(lane.channel, alarm.companion)
    return Batch(
        lane_id=lane.id,
        channel=lane.channel,
        url=rules.open_url(lane.url),
        owner=worker,
        epoch=lane.epoch + 1,
        attempt_id=rules.ids.next(),
        started_at=from_ms(now),
        lease_until=from_ms(now + LEASE_MS),
        past=lane.past,
        msgtype=msgtype,
        body=body,
        delivery_ids=alarm.delivery_ids,
        handout=None,
    )


def joined(alarm: Alarm | None, companion: Companion, delivery_ids: tuple[int, ...]) -> Alarm:
    """Let one companion text alert the members of several messages."""
    if alarm is None:
        return Alarm(companion=companion, delivery_ids=delivery_ids)
    members = tuple(dict.fromkeys((*alarm.companion.user_ids, *companion.user_ids)))
    return Alarm(
        companion=Companion(headline=companion.headline, locale=companion.locale, user_ids=members),
        delivery_ids=(*alarm.delivery_ids, *delivery_ids)[-1_000:],
    )
