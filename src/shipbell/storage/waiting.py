"""What waits, when settings change: cancelled, or moved to another lane."""

from collections.abc import Sequence

from sqlalchemy import Connection, literal_column, select, update

from shipbell.storage.lane_rows import load, wake
from shipbell.storage.schema import deliveries, lanes
from shipbell.storage.settling import bury_waiting

_WAITS = deliveries.c.state == literal_column("'waiting'")


def cancel(connection: Connection, subscription_ids: Sequence[int], *, cause: str, now: int) -> None:
    """Cancel what waits for these subscriptions."""
    for subscription_id in subscription_ids:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.subscription_id == subscription_id, _WAITS)
            .values(state="cancelled", cause=cause, settled_at=now)
        )


def move(connection: Connection, subscription_id: int, *, old_lane: int, new_lane: int, now: int) -> None:
    """Let what waits for a subscription wait on another lane, but for what is in the air."""
    loaded = load(connection, {old_lane})
    flight = loaded[old_lane].flight if old_lane in loaded else None
    statement = (
        update(deliveries)
        .where(deliveries.c.subscription_id == subscription_id, deliveries.c.lane_id == old_lane, _WAITS)
        .values(lane_id=new_lane)
    )
    if flight is not None and not flight.companion:
        statement = statement.where(deliveries.c.id.not_in(flight.delivery_ids))
    connection.execute(statement)
    target = connection.execute(select(lanes.c.state, lanes.c.cause).where(lanes.c.id == new_lane)).one()
    if target.state == "closed":
        bury_waiting(connection, new_lane, cause=target.cause or "closed", now=now)
    wake(connection, {new_lane})
