"""After the clock jumped: what waits gets its whole time again, and nothing is forgotten for a day."""

from datetime import timedelta

from sqlalchemy import Connection, literal_column, or_, select, update

from shipbell.storage.database.dialect import insert_new
from shipbell.storage.queue.lane_rows import RECALLED_MS
from shipbell.storage.tables.flow import WAITS, counters, deliveries, lanes
from shipbell.storage.upkeep.tallies import recount_from

_JUMPED_AT = "clock-jumped-at"
_HOLD_MS = int(timedelta(days=1).total_seconds() * 1000)
# What was accepted while this ran has an end of its own.
_SLACK_MS = 60_000
_CHUNK = 5_000


def note(connection: Connection, now: int) -> None:
    """Hold retention back, let no robot rest until a time that was wrong, and count what is to come anew."""
    connection.execute(insert_new(connection, counters).values(name=_JUMPED_AT, value=now))
    connection.execute(update(counters).where(counters.c.name == _JUMPED_AT).values(value=now))
    at = now + RECALLED_MS
    for column in (lanes.c.ready_at, lanes.c.due_at):
        connection.execute(update(lanes).where(column > at).values({column.name: at}))
    recount_from(connection, now)


def holds(connection: Connection, now: int) -> bool:
    """Whether a jump was noticed less than a day ago."""
    at: int | None = connection.execute(select(counters.c.value).where(counters.c.name == _JUMPED_AT)).scalar()
    return at is not None and abs(now - at) < _HOLD_MS


def renew_terms(connection: Connection, until: int) -> bool:
    """Let a chunk of what waits expire at `until`, but for tests; False when nothing is left to do."""
    meant = or_(deliveries.c.expires_at < until, deliveries.c.expires_at > until + _SLACK_MS)
    some = select(deliveries.c.id).where(WAITS, meant, ~deliveries.c.test).limit(_CHUNK)
    done = connection.execute(update(deliveries).where(deliveries.c.id.in_(some)).values(expires_at=until))
    return done.rowcount == _CHUNK


def wake_all(connection: Connection) -> None:
    """Let every idle lane go on that something waits on: it was passed over while that seemed to have expired."""
    something = select(literal_column("1")).where(deliveries.c.lane_id == lanes.c.id, WAITS).correlate(lanes).exists()
    connection.execute(
        update(lanes)
        .where(lanes.c.due_at.is_(None), lanes.c.owner.is_(None), lanes.c.state.in_(("open", "paused")), something)
        .values(due_at=lanes.c.ready_at)
    )
