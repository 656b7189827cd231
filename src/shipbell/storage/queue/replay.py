"""Replay: the same delivery goes to the tail of its subscription's current lane, its attempts kept."""

from collections.abc import Callable, Collection, Sequence

from sqlalchemy import Connection, RowMapping, bindparam, select, update

from shipbell.domain.ids import Prefix, encode
from shipbell.ports.history import Replayed
from shipbell.storage.audit.chain import Entry
from shipbell.storage.queue.insert_events import next_places
from shipbell.storage.queue.lane_rows import wake
from shipbell.storage.tables.flow import deliveries, lanes
from shipbell.storage.tables.settings import projects, subscriptions

_AT_ONCE = 500
_AGAIN = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("b_id"))
    .values(
        state="waiting",
        cause=None,
        place=bindparam("b_place"),
        lane_id=bindparam("b_lane"),
        expires_at=bindparam("b_expires_at"),
        settled_at=None,
        acknowledged_at=None,
        failures=0,
        uncertain=0,
        failing_since=None,
        uncertain_since=None,
        stepped_aside=False,
        alone=False,
    )
)


def replay(
    connection: Connection,
    delivery_ids: Sequence[int],
    *,
    project_id: int | None,
    expires_at: int,
    offered: Callable[[str, str], bool],
) -> Replayed:
    """Replay what can be; the others with a code that says why not.

    `offered` says whether a channel is offered in a region.
    """
    refused: dict[int, str] = dict.fromkeys(delivery_ids, "not-found")
    going: list[RowMapping] = []
    for start in range(0, len(delivery_ids), _AT_ONCE):
        for row in _rows(connection, delivery_ids[start : start + _AT_ONCE], project_id):
            reason = _refusal(row, offered)
            if reason is None:
                del refused[row["id"]]
                going.append(row)
            else:
                refused[row["id"]] = reason
    if going:
        place = next_places(connection, len(going))
        connection.execute(
            _AGAIN,
            [
                {"b_id": row["id"], "b_place": place + index, "b_lane": row["current_lane"], "b_expires_at": expires_at}
                for index, row in enumerate(going)
            ],
        )
        wake(connection, {row["current_lane"] for row in going})
    return Replayed(replayed=len(going), refused=refused)


def _rows(connection: Connection, delivery_ids: Sequence[int], project_id: int | None) -> Sequence[RowMapping]:
    statement = (
        select(
            deliveries.c.id,
            deliveries.c.state,
            deliveries.c.test,
            subscriptions.c.lane_id.label("current_lane"),
            subscriptions.c.enabled,
            subscriptions.c.channel,
            projects.c.region,
            lanes.c.state.label("lane_state"),
        )
        .outerjoin(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
        .outerjoin(projects, projects.c.id == subscriptions.c.project_id)
        .outerjoin(lanes, lanes.c.id == subscriptions.c.lane_id)
        .where(deliveries.c.id.in_(delivery_ids))
        .order_by(deliveries.c.id)
    )
    if project_id is not None:
        statement = statement.where(deliveries.c.project_id == project_id)
    return connection.execute(statement).mappings().all()


def _refusal(row: RowMapping, offered: Callable[[str, str], bool]) -> str | None:
    """The first reason why not."""
    deleted = row["current_lane"] is None
    reasons = (
        ("still-waiting", row["state"] == "waiting"),
        ("test-message", bool(row["test"])),
        ("subscription-deleted", deleted),
        ("subscription-disabled", not row["enabled"]),
        ("channel-unavailable-in-region", not deleted and not offered(row["channel"], row["region"])),
        ("robot-closed", row["lane_state"] == "closed"),
    )
    return next((code for code, holds in reasons if holds), None)


def entries(connection: Connection, delivery_ids: Collection[int]) -> Sequence[Entry]:
    """What the audit log says of a replay: one entry a project, with the deliveries of it."""
    gone: dict[str | None, list[int]] = {}
    ordered = sorted(delivery_ids)
    for start in range(0, len(ordered), _AT_ONCE):
        statement = (
            select(deliveries.c.id, projects.c.key)
            .outerjoin(projects, projects.c.id == deliveries.c.project_id)
            .where(deliveries.c.id.in_(ordered[start : start + _AT_ONCE]))
        )
        for row in connection.execute(statement):
            gone.setdefault(row.key, []).append(row.id)
    return [
        Entry(
            action="delivery.replayed",
            target=encode(Prefix.DELIVERY, ids[0]) if len(ids) == 1 else f"{len(ids)} deliveries",
            project=key,
            after={"deliveries": [encode(Prefix.DELIVERY, one) for one in ids]},
        )
        for key, ids in gone.items()
    ]
