"""How the robots stand: counted by state, with those that wait for a person."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, exists, func, select

from shipbell.domain.deliveries import LaneState
from shipbell.ports.upkeep import Robots, ShutRobot
from shipbell.storage.database.codec import from_ms_or_none
from shipbell.storage.tables.flow import lanes
from shipbell.storage.tables.settings import projects, subscriptions

_MOST = 500
_SHUT = (LaneState.CLOSED, LaneState.FAILING)
# A lane that no subscription names was made by the test of an unsaved one, or is left over: nobody waits for it.
_NAMED = exists().where(subscriptions.c.lane_id == lanes.c.id)


def robots(connection: Connection) -> Robots:
    """Count them, and read those of subscriptions that are closed or failing, the latest first."""
    counted = connection.execute(select(lanes.c.state, func.count().label("robots")).group_by(lanes.c.state))
    count = {LaneState(row.state): row.robots for row in counted}
    if not any(count.get(state) for state in _SHUT):
        return Robots(count=count, shut=())
    rows = connection.execute(
        select(lanes.c.id, lanes.c.channel, lanes.c.mask, lanes.c.state, lanes.c.cause, lanes.c.state_since)
        .where(lanes.c.state.in_([state.value for state in _SHUT]), _NAMED)
        .order_by(lanes.c.state_since.desc())
        .limit(_MOST)
    ).all()
    named = _projects(connection, [row.id for row in rows])
    return Robots(
        count=count,
        shut=tuple(
            ShutRobot(
                id=row.id,
                channel=row.channel,
                mask=row.mask,
                state=LaneState(row.state),
                cause=row.cause or "",
                since=from_ms_or_none(row.state_since),
                projects=named.get(row.id, ()),
            )
            for row in rows
        ),
    )


def _projects(connection: Connection, lane_ids: Collection[int]) -> Mapping[int, tuple[str, ...]]:
    """The keys of the projects that name each of these robots."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    statement = (
        select(subscriptions.c.lane_id, projects.c.key)
        .join(projects, projects.c.id == subscriptions.c.project_id)
        .where(subscriptions.c.lane_id.in_(lane_ids))
    )
    for row in connection.execute(statement):
        found[row.lane_id].add(row.key)
    return {lane_id: tuple(sorted(keys)) for lane_id, keys in found.items()}
