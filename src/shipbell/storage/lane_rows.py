"""A lane's row as a value: read, changed by `replace`, written back in bulk."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import msgspec
from sqlalchemy import Connection, RowMapping, bindparam, func, select, update

from shipbell.domain.deliveries import Companion, LaneState
from shipbell.domain.pacing import Pace
from shipbell.domain.retry import Past
from shipbell.storage.codec import from_ms, from_ms_or_none, to_ms, to_ms_or_none
from shipbell.storage.schema import lanes


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """The call that a lane has in the air."""

    attempt_id: int
    started_at: int
    delivery_ids: tuple[int, ...]
    companion: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A companion text that waits, with the deliveries whose members it alerts."""

    companion: Companion
    delivery_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRow:
    """All of a lane that changes while it is drained."""

    id: int
    channel: str
    url: bytes
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
    alarm: Alarm | None
    companion_at: int | None

    @property
    def past(self) -> Past:
        """What deciding must know of it."""
        return Past(failures=self.failures, answered_at=from_ms_or_none(self.answered_at), rejected=self.rejected)

    @property
    def open(self) -> bool:
        """Whether what waits may go by itself."""
        return self.state in {LaneState.OPEN, LaneState.PAUSED}


_FLIGHTS = msgspec.json.Decoder(Flight)
_ALARMS = msgspec.json.Decoder(Alarm)
_NUMBERS = msgspec.json.Decoder(tuple[int, ...])
_ENCODE = msgspec.json.Encoder().encode
_COLUMNS = [
    lanes.c[name]
    for name in (
        *(one.name for one in fields(LaneRow) if one.name not in {"pace", "alarm"}),
        "starts",
        "full_at",
        "companion",
    )
]
_WRITTEN = [column.name for column in _COLUMNS if column.name not in {"id", "channel", "url"}]
_UPDATE = (
    update(lanes).where(lanes.c.id == bindparam("b_id")).values({name: bindparam(f"b_{name}") for name in _WRITTEN})
)


def load(connection: Connection, lane_ids: Collection[int]) -> dict[int, LaneRow]:
    """Read these lanes and keep their rows until the commit."""
    if not lane_ids:
        return {}
    statement = select(*_COLUMNS).where(lanes.c.id.in_(sorted(lane_ids))).with_for_update()
    return {row["id"]: _row(row) for row in connection.execute(statement).mappings()}


def due(connection: Connection, now: int, limit: int) -> list[LaneRow]:
    """The lanes that may be claimed, the longest due first."""
    if limit <= 0:
        return []
    statement = (
        select(*_COLUMNS)
        .where(lanes.c.due_at <= now)
        .order_by(lanes.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [_row(row) for row in connection.execute(statement).mappings()]


def next_due_at(connection: Connection) -> int | None:
    """When the next lane wants to be claimed."""
    found: int | None = connection.execute(select(func.min(lanes.c.due_at)).where(lanes.c.due_at.is_not(None))).scalar()
    return found


def leased(connection: Connection, *, owner: str | None = None, before: int | None = None) -> list[LaneRow]:
    """The leased lanes: of one owner or of all, and only those whose lease ended before a time."""
    statement = select(*_COLUMNS).where(lanes.c.owner.is_not(None)).with_for_update(skip_locked=before is not None)
    if owner is not None:
        statement = statement.where(lanes.c.owner == owner)
    if before is not None:
        statement = statement.where(lanes.c.lease_until < before)
    return [_row(row) for row in connection.execute(statement).mappings()]


def store(connection: Connection, rows: Sequence[LaneRow]) -> None:
    """Write lanes back."""
    if rows:
        connection.execute(_UPDATE, [_values(row) for row in rows])


def wake(connection: Connection, lane_ids: Collection[int]) -> None:
    """Let idle lanes be claimed as soon as their pace allows."""
    if lane_ids:
        connection.execute(
            update(lanes)
            .where(
                lanes.c.id.in_(sorted(lane_ids)),
                lanes.c.due_at.is_(None),
                lanes.c.owner.is_(None),
                lanes.c.state.in_((LaneState.OPEN.value, LaneState.PAUSED.value)),
            )
            .values(due_at=lanes.c.ready_at)
        )


def _row(row: RowMapping) -> LaneRow:
    starts = row["starts"]
    return LaneRow(
        id=row["id"],
        channel=row["channel"],
        url=row["url"],
        state=LaneState(row["state"]),
        cause=row["cause"],
        cause_detail=row["cause_detail"],
        state_since=row["state_since"],
        due_at=row["due_at"],
        ready_at=row["ready_at"],
        pace=Pace(
            () if starts == "[]" else tuple(from_ms(one) for one in _NUMBERS.decode(starts)),
            from_ms_or_none(row["full_at"]),
        ),
        failures=row["failures"],
        rejected=() if row["rejected"] == "[]" else _NUMBERS.decode(row["rejected"]),
        answered_at=row["answered_at"],
        owner=row["owner"],
        lease_until=row["lease_until"],
        epoch=row["epoch"],
        flight=None if row["flight"] is None else _FLIGHTS.decode(row["flight"]),
        alarm=None if row["companion"] is None else _ALARMS.decode(row["companion"]),
        companion_at=row["companion_at"],
    )


def _values(row: LaneRow) -> dict[str, object]:
    return {
        "b_id": row.id,
        "b_state": row.state.value,
        "b_cause": row.cause,
        "b_cause_detail": row.cause_detail,
        "b_state_since": row.state_since,
        "b_due_at": row.due_at,
        "b_ready_at": row.ready_at,
        "b_starts": _text([to_ms(one) for one in row.pace.starts]) if row.pace.starts else "[]",
        "b_full_at": to_ms_or_none(row.pace.full_at),
        "b_failures": row.failures,
        "b_rejected": _text(row.rejected) if row.rejected else "[]",
        "b_answered_at": row.answered_at,
        "b_owner": row.owner,
        "b_lease_until": row.lease_until,
        "b_epoch": row.epoch,
        "b_flight": None if row.flight is None else _text(row.flight),
        "b_companion": None if row.alarm is None else _text(row.alarm),
        "b_companion_at": row.companion_at,
    }


def _text(value: object) -> str:
    return _ENCODE(value).decode()


def is_past(time: int, now: datetime) -> bool:
    """Whether a column's time has come."""
    return time <= to_ms(now)
