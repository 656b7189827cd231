"""What knocked at each source's door: gathered in memory, written in bulk, bounded per source."""

from collections import deque

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from shipbell.ports.clock import Ids
from shipbell.ports.intake import DoorCall
from shipbell.storage.database.codec import to_ms
from shipbell.storage.database.prepared import Prepared
from shipbell.storage.tables.flow import door_calls

KEPT_PER_SOURCE = 200
# Between two writes only the newest calls of a source are kept, so that a flood costs no more than a trickle.
_BETWEEN_WRITES = 50
# So many calls of a source are written before its oldest are looked for.
_SLACK = 50
_SOURCES = 4_096
# So many characters are kept of what a caller was told, and of the id of its event.
_DETAIL, _EVENT = 300, 200

_COLUMNS = (
    "id", "source_id", "at", "status", "code", "address", "accepted", "duplicates", "ignored", "detail", "event",
)  # fmt: skip
_WRITE = Prepared(lambda _: insert(door_calls).values({name: bindparam(name) for name in _COLUMNS}), _COLUMNS)
_OLDEST_KEPT = (
    select(door_calls.c.id)
    .where(door_calls.c.source_id == bindparam("source"))
    .order_by(door_calls.c.id.desc())
    .offset(bindparam("others"))
    .limit(1)
    .scalar_subquery()
)
_FORGET = Prepared(
    lambda _: delete(door_calls).where(
        door_calls.c.source_id == bindparam("source"), door_calls.c.id < func.coalesce(_OLDEST_KEPT, 0)
    ),
    ("source", "others"),
)


class DoorLog:
    """Calls that wait to be written."""

    def __init__(self, ids: Ids) -> None:
        """Start empty."""
        self._ids = ids
        self._waiting: dict[int, deque[DoorCall]] = {}
        # How many calls of a source were written since its oldest were forgotten; an unknown one is looked at first.
        self._written: dict[int, int] = {}

    def __bool__(self) -> bool:
        """Whether something waits."""
        return bool(self._waiting)

    def note(self, call: DoorCall) -> None:
        """Gather one call."""
        calls = self._waiting.get(call.source_id)
        if calls is None:
            if len(self._waiting) >= _SOURCES:
                return
            calls = self._waiting[call.source_id] = deque(maxlen=_BETWEEN_WRITES)
        calls.append(call)

    def take(self) -> list[DoorCall]:
        """Hand over what waits, oldest first."""
        waiting, self._waiting = self._waiting, {}
        return sorted((call for calls in waiting.values() for call in calls), key=lambda call: call.at)

    def write(self, connection: Connection, calls: list[DoorCall]) -> None:
        """Write calls and forget the oldest of the sources that have sent some since that was done last."""
        _WRITE.many(
            connection,
            [
                (
                    self._ids.next(),
                    call.source_id,
                    to_ms(call.at),
                    call.status,
                    call.code,
                    call.address,
                    call.accepted,
                    call.duplicates,
                    call.ignored,
                    call.detail[:_DETAIL],
                    call.event and call.event[:_EVENT],
                )
                for call in calls
            ],
        )
        counts = {call.source_id: self._written.get(call.source_id, _SLACK) for call in calls}
        for call in calls:
            counts[call.source_id] += 1
        full = [source_id for source_id, count in counts.items() if count > _SLACK]
        _FORGET.many(connection, [(source_id, KEPT_PER_SOURCE - 1) for source_id in full])
        self._written.update(counts | dict.fromkeys(full, 0))
