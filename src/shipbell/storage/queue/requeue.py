"""What waits, when settings change: cancelled, or moved to another lane."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, literal_column, select, update

from shipbell.storage.database.dialect import among, id_list
from shipbell.storage.database.prepared import Prepared
from shipbell.storage.queue.lane_ends import bury_waiting
from shipbell.storage.queue.lane_rows import load, wake
from shipbell.storage.tables.flow import WAITS, deliveries, lanes
from shipbell.storage.tables.settings import projects, subscriptions

_STRAYED = Prepared(
    lambda dialect: (
        select(deliveries.c.id, subscriptions.c.lane_id, lanes.c.state, lanes.c.cause)
        .join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
        .join(lanes, lanes.c.id == subscriptions.c.lane_id)
        .where(
            among(dialect, deliveries.c.id, "ids"),
            WAITS,
            ~deliveries.c.test,
            deliveries.c.lane_id != subscriptions.c.lane_id,
        )
    ),
    ("ids",),
)


def follow(connection: Connection, delivery_ids: Collection[int], *, now: int) -> None:
    """Let what was in the air, and waits again, wait on the lane of its subscription's present URL."""
    if not delivery_ids:
        return
    strayed = _STRAYED.rows(connection, id_list(connection, list(delivery_ids)))
    for delivery_id, lane_id, state, cause in strayed:
        ending = {"state": "dead", "cause": cause or "closed", "settled_at": now} if state == "closed" else {}
        connection.execute(
            update(deliveries).where(deliveries.c.id == delivery_id, WAITS).values(lane_id=lane_id, **ending)
        )
    wake(connection, {lane_id for _, lane_id, _, _ in strayed})


def cancel_of_subscription(connection: Connection, subscription_id: int, *, cause: str, now: int) -> None:
    """Cancel what waits for a subscription."""
    _cancel(connection, _unindexed(deliveries.c.subscription_id) == subscription_id, cause, now)


def cancel_of_project(connection: Connection, project_id: int, *, cause: str, now: int) -> None:
    """Cancel all that waits in a project, tests of unsaved subscriptions too."""
    _cancel(connection, _unindexed(deliveries.c.project_id) == project_id, cause, now)


def cancel_of_region(connection: Connection, region: str, channels: Collection[str], *, cause: str, now: int) -> None:
    """Cancel what waits in the projects of a region for robots of these channels, tests too."""
    there = select(projects.c.id).where(projects.c.region == region)
    robots = select(lanes.c.id).where(lanes.c.channel.in_(channels))
    _cancel(connection, _unindexed(deliveries.c.project_id).in_(there) & deliveries.c.lane_id.in_(robots), cause, now)


def _cancel(connection: Connection, whose: ColumnElement[bool], cause: str, now: int) -> None:
    values = {"state": "cancelled", "cause": cause, "settled_at": now}
    connection.execute(update(deliveries).where(WAITS, whose).values(**values))


def _unindexed(column: ColumnElement[int]) -> ColumnElement[int]:
    """A column whose index no planner takes: it holds all that ever was, beside which what waits is little."""
    return column + literal_column("0")


def move(connection: Connection, subscription_id: int, *, old_lane: int, new_lane: int, now: int) -> None:
    """Let what waits for a subscription wait on another lane, but for what is in the air."""
    loaded = load(connection, {old_lane})
    flight = loaded[old_lane].flight if old_lane in loaded else None
    statement = (
        update(deliveries)
        .where(deliveries.c.subscription_id == subscription_id, deliveries.c.lane_id == old_lane, WAITS)
        .values(lane_id=new_lane)
    )
    if flight is not None and not flight.companion:
        statement = statement.where(deliveries.c.id.not_in(flight.delivery_ids))
    connection.execute(statement)
    target = connection.execute(select(lanes.c.state, lanes.c.cause).where(lanes.c.id == new_lane)).one()
    if target.state == "closed":
        bury_waiting(connection, new_lane, cause=target.cause or "closed", now=now)
    wake(connection, {new_lane})
