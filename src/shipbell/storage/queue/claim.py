"""Hand out: pick what each due lane's next call carries, count its start and lease the lane."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import assert_never

from msgspec.structs import replace
from sqlalchemy import Connection

from shipbell.domain.deliveries import Companion, Handout, Head, LaneState, Waiting
from shipbell.domain.ids import Prefix, encode
from shipbell.domain.pacing import PaceRule, present, ready_at, room, started
from shipbell.domain.secret import Secret
from shipbell.ports.clock import Ids
from shipbell.ports.lanes import Batch
from shipbell.storage.database.codec import from_ms, to_ms
from shipbell.storage.queue.lane_ends import closed
from shipbell.storage.queue.lane_heads import (
    GLANCE,
    LOOK_AHEAD,
    UNPACED_GLANCE,
    bury_unsayable,
    fronts,
    url_of,
    waiting_count,
)
from shipbell.storage.queue.lane_rows import Flight, LaneRow, PendingCompanion
from shipbell.telemetry import log
from shipbell.telemetry.surprises import surprise

LEASE_MS = 30_000
# Longer looks in one transaction: each costs as much as a hundred plain calls, and hooks wait meanwhile.
_LONG_LOOKS = 8
# A robot gets at most one companion text in this time.
_COMPANION_EVERY_MS = 60_000
_MOST_COMPANIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What handing out needs from outside, all of it pure but `open_url`, which decrypts."""

    pick: Callable[[Head], Handout]
    alert: Callable[[str, Companion], tuple[str, bytes]]
    pace: Mapping[str, PaceRule]
    open_url: Callable[[bytes], Secret]
    address_of: Callable[[str, Secret], str]
    ids: Ids


@dataclass(frozen=True, slots=True)
class _Ready:
    """A lane that may start a call now."""

    lane: LaneRow
    rule: PaceRule
    room: int | None


@dataclass(frozen=True, slots=True)
class _Sealed:
    """The front of a lane that no key opens."""


@dataclass(slots=True)
class _Out:
    """What one transaction hands out: the calls to start, and every lane as it is to be stored."""

    connection: Connection
    rules: Rules
    worker: str
    now: int
    batches: list[Batch] = field(default_factory=list)
    stored: list[LaneRow] = field(default_factory=list)

    def shut(self, lane: LaneRow, cause: str) -> None:
        """Close a lane that this process cannot call."""
        log().error("robot.not_callable", robot=encode(Prefix.ROBOT, lane.id), channel=lane.channel, cause=cause)
        self.stored.append(closed(self.connection, lane, cause=cause, now=self.now))

    def companion(self, lane: LaneRow, rule: PaceRule) -> None:
        """Hand out the first companion text that waits; one that has nowhere to go, or cannot be made, is dropped."""
        pending = lane.companions[0]
        url = url_of(self.connection, pending.delivery_ids[0], self.rules.open_url) if pending.delivery_ids else None
        text = None if url is None else _alerting(self.rules, lane, pending)
        if url is None or text is None:
            self.stored.append(rested(replace(lane, companions=lane.companions[1:]), rule, self.now))
            return
        msgtype, body = text
        carried = pending.delivery_ids
        self.take(lane, rule, self.batch(lane, url=url, msgtype=msgtype, body=body, delivery_ids=carried))

    def message(self, ready: _Ready, head: Head) -> None:
        """Hand out what goes next; a delivery that no message can be made of is buried, so that it holds up nobody."""
        lane = ready.lane
        handout = _picked(self.connection, head, self.rules, self.now)
        if handout is None:
            self.stored.append(rested(lane, ready.rule, self.now))
            return
        batch = self.batch(
            lane,
            url=handout.carried[0].url,
            msgtype=handout.msgtype,
            body=handout.body,
            delivery_ids=tuple(one.id for one in handout.carried),
        )
        past = replace(lane.past, others=_others(head, handout))
        self.take(lane, ready.rule, replace(batch, handout=handout, past=past))

    def batch(self, lane: LaneRow, *, url: Secret, msgtype: str, body: bytes, delivery_ids: tuple[int, ...]) -> Batch:
        """A call of a lane, leased to this worker from now on."""
        return Batch(
            lane_id=lane.id,
            channel=lane.channel,
            url=url,
            owner=self.worker,
            epoch=lane.epoch + 1,
            attempt_id=self.rules.ids.next(),
            started_at=from_ms(self.now),
            lease_until=from_ms(self.now + LEASE_MS),
            past=lane.past,
            msgtype=msgtype,
            body=body,
            delivery_ids=delivery_ids,
            handout=None,
        )

    def take(self, lane: LaneRow, rule: PaceRule, batch: Batch) -> None:
        """Lease the lane for this call and count the start, before the call is made."""
        self.batches.append(batch)
        flight = Flight(
            attempt_id=batch.attempt_id,
            started_at=self.now,
            delivery_ids=batch.delivery_ids,
            companion=batch.handout is None,
        )
        self.stored.append(
            replace(
                lane,
                pace=started(lane.pace, rule, batch.started_at),
                due_at=None,
                owner=batch.owner,
                lease_until=to_ms(batch.lease_until),
                epoch=batch.epoch,
                flight=flight,
                companion_at=self.now if batch.handout is None else lane.companion_at,
            )
        )


def hand_out(
    connection: Connection, lanes: Sequence[LaneRow], rules: Rules, *, worker: str, now: int
) -> tuple[list[Batch], list[LaneRow]]:
    """Give each of these due lanes its next call; the batches, and every lane as it is to be stored.

    A lane that cannot be handed out closes with its cause, or its delivery is buried; the others go on.
    """
    out = _Out(connection, rules, worker, now)
    for one, front in _heads(connection, _ready(lanes, out), rules, now):
        match front:
            case None:
                out.stored.append(_idle(one.lane, now))
            case _Sealed():
                out.shut(one.lane, "url-unopened")
            case Head():
                out.message(one, front)
            case _:
                assert_never(front)
    return out.batches, out.stored


def _ready(lanes: Sequence[LaneRow], out: _Out) -> list[_Ready]:
    """The lanes that may start a message now; the others are taken care of."""
    time = from_ms(out.now)
    ready: list[_Ready] = []
    for lane in lanes:
        rule = out.rules.pace.get(lane.channel)
        space = None if rule is None else room(lane.pace, rule, time)
        if rule is None:
            out.shut(lane, "channel-unknown")
        elif space == 0:
            out.stored.append(rested(replace(lane, pace=present(lane.pace, rule, time)), rule, out.now))
        elif _companion_due(lane, out.now):
            out.companion(lane, rule)
        else:
            ready.append(_Ready(lane, rule, space))
    return ready


def _others(head: Head, handout: Handout) -> bool:
    """Whether deliveries wait behind this call that have not stepped aside."""
    if len(head.waiting) == len(handout.carried):
        return False
    carried = {one.id for one in handout.carried}
    return any(not (one.stepped_aside or one.test or one.id in carried) for one in head.waiting)


def _picked(connection: Connection, head: Head, rules: Rules, now: int) -> Handout | None:
    """What goes next; a delivery that no message can be made of is buried, so that it holds up nobody."""
    try:
        return rules.pick(head)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one event, the others must go on
        first = head.waiting[0]
        log().error("delivery.not_composed", delivery=first.id, **surprise(error))
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
    if lane.companions and lane.companion_at is not None:
        due_at = min(lane.companion_at, now) + _COMPANION_EVERY_MS
    return replace(lane, due_at=due_at, owner=None, lease_until=None, flight=None)


def _companion_due(lane: LaneRow, now: int) -> bool:
    if not lane.companions or not lane.open:
        return False
    return lane.companion_at is None or lane.companion_at + _COMPANION_EVERY_MS <= now


def _heads(
    connection: Connection, ready: Sequence[_Ready], rules: Rules, now: int
) -> Iterable[tuple[_Ready, Head | _Sealed | None]]:
    """Look at the front of each lane: a glance at all, a longer look at some of those that are behind.

    The rest of these stay due, for the next transaction.
    """
    paced = [one.lane.id for one in ready if one.room is not None]
    unpaced = [one.lane.id for one in ready if one.room is None]
    look = partial(fronts, connection, open_url=rules.open_url, now=now)
    few, fewer = look(paced, depth=GLANCE), look(unpaced, depth=UNPACED_GLANCE)
    glance, sealed = few.waiting | fewer.waiting, few.sealed | fewer.sealed
    looks = _LONG_LOOKS
    for one in ready:
        if one.lane.id in sealed:
            yield one, _Sealed()
            continue
        waiting = glance.get(one.lane.id, [])
        backlog = len(waiting)
        if one.room is None and backlog >= UNPACED_GLANCE and waiting[-1].event_id == waiting[0].event_id:
            waiting = look([one.lane.id], depth=LOOK_AHEAD).waiting.get(one.lane.id, [])
        if backlog >= GLANCE and one.room is not None:
            if looks == 0:
                continue
            looks -= 1
            waiting = look([one.lane.id], depth=LOOK_AHEAD).waiting.get(one.lane.id, [])
            backlog = waiting_count(connection, one.lane.id) if len(waiting) >= LOOK_AHEAD else len(waiting)
        yield one, _head(one, [each for each in waiting if one.lane.open or each.test], backlog)


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


def _alerting(rules: Rules, lane: LaneRow, pending: PendingCompanion) -> tuple[str, bytes] | None:
    try:
        return rules.alert(lane.channel, pending.companion)
    except Exception as error:  # noqa: BLE001 - the messages behind it must go on
        log().error("companion.not_composed", robot=encode(Prefix.ROBOT, lane.id), **surprise(error))
        return None


def joined(
    pending: tuple[PendingCompanion, ...], companion: Companion, delivery_ids: tuple[int, ...], project_id: int
) -> tuple[PendingCompanion, ...]:
    """Let one companion text alert the members of several messages of a project; the newest is what it calls for."""
    same = next((one for one in pending if one.project_id == project_id), None)
    if same is None:
        new = PendingCompanion(companion=companion, delivery_ids=delivery_ids, project_id=project_id)
        return (*pending, new)[-_MOST_COMPANIONS:]
    members = tuple(dict.fromkeys((*same.companion.user_ids, *companion.user_ids)))
    both = replace(
        same,
        companion=Companion(headline=companion.headline, locale=companion.locale, user_ids=members),
        delivery_ids=(*same.delivery_ids, *delivery_ids)[-1_000:],
    )
    return tuple(both if one is same else one for one in pending)
