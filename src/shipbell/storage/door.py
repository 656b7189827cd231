"""What knocked at each source's door: gathered in memory, written in bulk, bounded per source."""

from collections import deque

from sqlalchemy import Connection, delete, func, insert, select

from shipbell.ports.clock import Ids
from shipbell.ports.intake import DoorCall
from shipbell.storage.codec import to_ms
from shipbell.storage.schema import door_calls

KEPT_PER_SOURCE = 200
# Between two writes only the newest calls of a source are kept, so that a flood costs no more than a trickle.
_BETWEEN_WRITES = 50
_SOURCES = 4_096


class DoorLog:
    """Calls that wait to be written."""

    def __init__(self, ids: Ids) -> None:
        """Start empty."""
        self._ids = ids
        self._waiting: dict[int, deque[DoorCall]] = {}

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
        """Write calls and forget the oldest of each of their sources."""
        rows = [
            {
                "id": self._ids.next(),
                "source_id": call.source_id,
                "at": to_ms(call.at),
                "status": call.status,
                "code": call.code,
                "address": call.address,
                "accepted": call.accepted,
                "duplicates": call.duplicates,
                "ignored": call.ignored,
            }
            for call in calls
        ]
        if rows:
            connection.execute(insert(door_calls), rows)
        for source_id in {call.source_id for call in calls}:
            _forget(connection, source_id)


def _forget(connection: Connection, source_id: int) -> None:
    oldest_kept = (
        select(door_calls.c.id)
        .where(door_calls.c.source_id == source_id)
        .order_by(door_calls.c.id.desc())
        .offset(KEPT_PER_SOURCE - 1)
        .limit(1)
        .scalar_subquery()
    )
    connection.execute(
        delete(door_calls).where(door_calls.c.source_id == source_id, door_calls.c.id < func.coalesce(oldest_kept, 0))
    )
