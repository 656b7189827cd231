"""A lane's row as a value: read, changed by `replace`, written back in bulk."""

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, bindparam, func, literal_column, or_, select, update

from shipbell.domain.deliveries import Companion, LaneState
from shipbell.domain.pacing import Pace
from shipbell.domain.retry import Past
from shipbell.storage.database.codec import from_ms, from_ms_or_none, to_ms, to_ms_or_none
from shipbell.storage.database.dialect import among, id_list
from shipbell.storage.database.prepared import Prepared, Values
from shipbell.storage.tables.flow import lanes

# Structs instead of dataclasses: a lane is read, changed and written several times for each call, and a frozen
# dataclass of this size costs ten times as much to make.


class Flight(msgspec.Struct, frozen=True, kw_only=True):
    """The call that a lane has in the air."""

    attempt_id: int
    started_at: int
    delivery_ids: tuple[int, ...]
    companion: bool = False


class PendingCompanion(msgspec.Struct, frozen=True, kw_only=True):
    """A companion text that waits, with the deliveries of one project whose members it alerts."""

    companion: Companion
    delivery_ids: tuple[int, ...]
    project_id: int = 0


class LaneRow(msgspec.Struct, frozen=True, kw_only=True):
    """All of a lane that changes while it is drained."""

    id: int
    channel: str
    state: LaneState
    cause: str | None
    cause_detail: str | None
    state_since: int | None
    due_at: int | None
    ready_at: int
    pace: Pace
    failures: int
    rejected: tuple[int, ...]
    answered_at: int | None
    owner: str | None
    lease_until: int | None
    epoch: int
    flight: Flight | None
    companions: tuple[PendingCompanion, ...]
    companion_at: int | None

    @property
    def past(self) -> Past:
        """What deciding must know of it."""
        return Past(failures=self.failures, answered_at=from_ms_or_none(self.answered_at), rejected=self.rejected)

    @property
    def open(self) -> bool:
        """Whether what waits may go by itself."""
        return self.state in {LaneState.OPEN, LaneState.PAUSED}


# A robot may ask to be left alone for an hour, and no pause of ours is longer; a block by WeCom lasts a minute.
_LONGEST_REST_MS = 3_600_000
RECALLED_MS = 65_000
_FLIGHTS = msgspec.json.Decoder(Flight)
# Until schema 0007 there was one at most.
_COMPANIONS = msgspec.json.Decoder(PendingCompanion | tuple[PendingCompanion, ...])
_NUMBERS = msgspec.json.Decoder(tuple[int, ...])
_ENCODE = msgspec.json.Encoder().encode
_STATES = {one.value: one for one in LaneState}

_CHANGING = (
    "state", "cause", "cause_detail", "state_since", "due_at", "ready_at", "failures", "answered_at", "owner",
    "lease_until", "epoch", "companion_at", "starts", "full_at", "rejected", "flight", "companion",
)  # fmt: skip
_COLUMNS = tuple(lanes.c[name] for name in ("id", "channel", *_CHANGING))
_STORED = tuple(f"new_{name}" for name in _CHANGING)

_LOAD = Prepared(lambda dialect: select(*_COLUMNS).where(among(dialect, lanes.c.id, "ids")).with_for_update(), ("ids",))
_DUE = Prepared(
    lambda _: (
        select(*_COLUMNS)
        .where(lanes.c.due_at <= bindparam("now"))
        .order_by(lanes.c.due_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    ),
    ("now", "most"),
)
_NEXT_DUE = Prepared(lambda _: select(func.min(lanes.c.due_at)).where(lanes.c.due_at.is_not(None)))
_LEASED = Prepared(lambda _: select(*_COLUMNS).where(lanes.c.owner.is_not(None)).with_for_update())
_OVERDUE = Prepared(
    lambda _: (
        select(*_COLUMNS)
        .where(lanes.c.owner.is_not(None), lanes.c.lease_until < bindparam("now"))
        .with_for_update(skip_locked=True)
    ),
    ("now",),
)
_PROLONG = Prepared(
    lambda _: (
        update(lanes)
        .where(lanes.c.id == bindparam("this"), lanes.c.owner == bindparam("worker"))
        .values(lease_until=bindparam("until"))
    ),
    ("until", "this", "worker"),
)
_RECALL_RESTS = Prepared(
    lambda _: (
        update(lanes)
        .where(lanes.c.due_at > bindparam("latest"))
        .values(due_at=bindparam("due"), ready_at=bindparam("ready"))
    ),
    ("due", "ready", "latest"),
)
_RECALL_LEASES = Prepared(
    lambda _: (
        update(lanes)
        .where(lanes.c.owner.is_not(None), lanes.c.lease_until > bindparam("latest"))
        .values(lease_until=bindparam("until"))
    ),
    ("until", "latest"),
)
_STORE = Prepared(
    lambda _: (
        update(lanes)
        .where(lanes.c.id == bindparam("this"))
        .values({name: bindparam(f"new_{name}") for name in _CHANGING})
    ),
    (*_STORED, "this"),
)
_WAKE = Prepared(
    lambda _: (
        update(lanes)
        .where(
            lanes.c.id == bindparam("this"),
            # A companion text whose minute is not over makes a lane due later than it is ready.
            or_(lanes.c.due_at.is_(None), lanes.c.due_at > lanes.c.ready_at),
            lanes.c.owner.is_(None),
            lanes.c.state.in_((literal_column("'open'"), literal_column("'paused'"))),
        )
        .values(due_at=lanes.c.ready_at)
    ),
    ("this",),
)


def load(connection: Connection, lane_ids: Collection[int]) -> dict[int, LaneRow]:
    """Read these lanes and keep their rows until the commit."""
    if not lane_ids:
        return {}
    return {row[0]: _row(row) for row in _LOAD.rows(connection, id_list(connection, lane_ids))}


def due(connection: Connection, now: int, limit: int) -> list[LaneRow]:
    """The lanes that may be claimed, the longest due first."""
    return [] if limit <= 0 else [_row(row) for row in _DUE.rows(connection, now, limit)]


def next_due_at(connection: Connection) -> int | None:
    """When the next lane wants to be claimed."""
    [(found,)] = _NEXT_DUE.rows(connection)
    at: int | None = found
    return at


def leased(connection: Connection, *, owner: str | None = None) -> list[LaneRow]:
    """The leased lanes, of one owner or of all."""
    return [row for row in map(_row, _LEASED.rows(connection)) if owner in {None, row.owner}]


def overdue(connection: Connection, now: int) -> list[LaneRow]:
    """The lanes whose lease has run out."""
    return [_row(row) for row in _OVERDUE.rows(connection, now)]


def prolong(connection: Connection, lane_ids: Collection[int], *, worker: str, until: int) -> None:
    """Let the leases of this worker on these lanes end later."""
    _PROLONG.many(connection, [(until, one, worker) for one in sorted(lane_ids)])


def recall(connection: Connection, now: int, *, lease: int) -> None:
    """Shorten rests and leases that no pause and no lease is as long as: the clock was ahead when they were stored."""
    at = now + RECALLED_MS
    _RECALL_RESTS.many(connection, [(at, at, at + _LONGEST_REST_MS)])
    _RECALL_LEASES.many(connection, [(now + lease, now + lease)])


def store(connection: Connection, rows: Sequence[LaneRow]) -> None:
    """Write lanes back."""
    _STORE.many(connection, [_values(row) for row in rows])


def wake(connection: Connection, lane_ids: Collection[int]) -> None:
    """Let idle lanes be claimed as soon as their pace allows."""
    _WAKE.many(connection, [(one,) for one in lane_ids])


def _row(row: Values) -> LaneRow:
    (
        lane_id, channel, state, cause, cause_detail, state_since, due_at, ready, failures, answered_at, owner,
        lease_until, epoch, companion_at, starts, full_at, rejected, flight, companion,
    ) = row  # fmt: skip
    return LaneRow(
        id=lane_id,
        channel=channel,
        state=_STATES[state],
        cause=cause,
        cause_detail=cause_detail,
        state_since=state_since,
        due_at=due_at,
        ready_at=ready,
        pace=_IDLE if starts == "[]" and full_at is None else _pace(starts, full_at),
        failures=failures,
        rejected=() if rejected == "[]" else _NUMBERS.decode(rejected),
        answered_at=answered_at,
        owner=owner,
        lease_until=lease_until,
        epoch=epoch,
        flight=None if flight is None else _FLIGHTS.decode(flight),
        companions=() if companion is None else _companions(companion),
        companion_at=companion_at,
    )


_IDLE = Pace()


def _pace(starts: str, full_at: int | None) -> Pace:
    return Pace(tuple(from_ms(one) for one in _NUMBERS.decode(starts)), from_ms_or_none(full_at))


def _companions(text: str) -> tuple[PendingCompanion, ...]:
    found = _COMPANIONS.decode(text)
    return found if isinstance(found, tuple) else (found,)


def _values(row: LaneRow) -> Values:
    return (
        row.state.value,
        row.cause,
        row.cause_detail,
        row.state_since,
        row.due_at,
        row.ready_at,
        row.failures,
        row.answered_at,
        row.owner,
        row.lease_until,
        row.epoch,
        row.companion_at,
        _text([to_ms(one) for one in row.pace.starts]) if row.pace.starts else "[]",
        to_ms_or_none(row.pace.full_at),
        _text(row.rejected) if row.rejected else "[]",
        None if row.flight is None else _text(row.flight),
        _text(row.companions) if row.companions else None,
        row.id,
    )


def _text(value: object) -> str:
    return _ENCODE(value).decode()
