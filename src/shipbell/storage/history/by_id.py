"""Events and deliveries by their ids, as lines of a list and whole with their attempts."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, RowMapping, and_, case, func, select

from shipbell.domain.events import Event, Ignored
from shipbell.domain.ids import made_at
from shipbell.ports.history import AttemptLine, DeliveryLine, DeliveryWhole, EventLine, Told
from shipbell.storage.database.codec import from_ms, from_ms_or_none, read_event, read_ignored
from shipbell.storage.tables.flow import attempt_deliveries, attempts, deliveries, events, lanes
from shipbell.storage.tables.settings import projects, sources, subscriptions

# So many attempts of one delivery are shown.
_ATTEMPTS = 200

SHOWN_STATE = case(
    (and_(deliveries.c.state == "waiting", deliveries.c.failures > 0), "retrying"), else_=deliveries.c.state
).label("shown_state")
_DELIVERY = (
    *(one for one in deliveries.c if one.name not in {"wish", "url", "state"}),
    SHOWN_STATE,
    events.c.type,
    projects.c.key.label("project_key"),
    subscriptions.c.name.label("subscription"),
    lanes.c.channel,
    # One sees the robot as one's own subscription writes it.
    func.coalesce(subscriptions.c.url_mask, lanes.c.mask).label("mask"),
)
_DELIVERIES = (
    deliveries.join(events, events.c.id == deliveries.c.event_id)
    .outerjoin(projects, projects.c.id == deliveries.c.project_id)
    .outerjoin(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
    .join(lanes, lanes.c.id == deliveries.c.lane_id)
)
_EVENT = (*events.c, projects.c.key.label("project_key"), sources.c.name.label("source"))
_EVENTS = events.outerjoin(projects, projects.c.id == events.c.project_id).outerjoin(
    sources, sources.c.id == events.c.source_id
)


def _delivery(row: RowMapping, event: Event | Ignored) -> DeliveryLine:
    return DeliveryLine(
        id=row["id"],
        project_id=row["project_id"],
        project_key=row["project_key"] or "",
        event_id=row["event_id"],
        event_type=row["type"],
        subject=event.subject.name,
        number=event.run.number,
        subscription_id=row["subscription_id"],
        subscription=row["subscription"],
        lane_id=row["lane_id"],
        channel=row["channel"],
        robot=row["mask"],
        state=row["shown_state"],
        cause=row["cause"],
        maybe_delivered=bool(row["maybe_delivered"]),
        accepted_at=from_ms(row["accepted_at"]),
        settled_at=from_ms_or_none(row["settled_at"]),
        expires_at=from_ms(row["expires_at"]),
        failures=row["failures"],
        test=bool(row["test"]),
    )


def deliveries_by_id(connection: Connection, delivery_ids: Sequence[int]) -> list[DeliveryLine]:
    """These deliveries, the newest first."""
    rows = _rows(connection, delivery_ids)
    known = _told(connection, {row["event_id"] for row in rows})
    return [_delivery(row, known[row["event_id"]]) for row in reversed(rows)]


def _rows(connection: Connection, delivery_ids: Sequence[int]) -> Sequence[RowMapping]:
    """The rows of deliveries, the oldest first, without what many of them may share: the body of their event."""
    statement = select(*_DELIVERY).select_from(_DELIVERIES).where(deliveries.c.id.in_(delivery_ids))
    return connection.execute(statement.order_by(deliveries.c.id)).mappings().all()


def _told(connection: Connection, event_ids: Collection[int]) -> Mapping[int, Event | Ignored]:
    """What tools told, each event read once."""
    statement = select(events.c.id, events.c.ignored, events.c.body).where(events.c.id.in_(event_ids))
    return {row["id"]: _read(row) for row in connection.execute(statement).mappings()}


def _read(row: RowMapping) -> Event | Ignored:
    return read_ignored(row["body"]) if row["ignored"] else read_event(row["body"])


def wholes(connection: Connection, delivery_ids: Sequence[int]) -> list[DeliveryWhole]:
    """Deliveries with their events and attempts, the oldest first."""
    rows = _rows(connection, delivery_ids)
    known = {one.id: one for one in events_by_id(connection, list({row["event_id"] for row in rows}))}
    lines = [_delivery(row, known[row["event_id"]].event) for row in rows]
    made = _attempts(connection, {line.id: line.project_id for line in lines})
    return [
        DeliveryWhole(delivery=line, event=known[line.event_id], attempts=tuple(made.get(line.id, ())))
        for line in lines
    ]


def told(connection: Connection, event_id: int) -> list[Told]:
    """Every delivery of an event in short, the oldest first."""
    statement = select(deliveries.c.id, deliveries.c.subscription_id, deliveries.c.state).where(
        deliveries.c.event_id == event_id
    )
    rows = connection.execute(statement.order_by(deliveries.c.id))
    return [Told(id=row.id, subscription_id=row.subscription_id, state=row.state) for row in rows]


def of_event(connection: Connection, event_id: int, most: int | None = None) -> list[DeliveryWhole]:
    """Every delivery of an event, whole; or the first of them."""
    statement = select(deliveries.c.id).where(deliveries.c.event_id == event_id).order_by(deliveries.c.id)
    return wholes(connection, list(connection.execute(statement.limit(most)).scalars()))


def _attempts(connection: Connection, project_of: Mapping[int, int]) -> Mapping[int, list[AttemptLine]]:
    """The attempts of deliveries, the oldest first; of a digest one sees one's own project's line."""
    statement = (
        select(*attempts.c, attempt_deliveries.c.line, attempt_deliveries.c.delivery_id)
        .join(attempt_deliveries, attempt_deliveries.c.attempt_id == attempts.c.id)
        .where(attempt_deliveries.c.delivery_id.in_(list(project_of)))
        .order_by(attempts.c.id)
    )
    rows = connection.execute(statement).mappings().all()
    spoke_for = _projects_of(connection, {row["id"] for row in rows if row["carried"] > 1})
    found: dict[int, list[AttemptLine]] = {}
    for row in rows:
        mine = found.setdefault(row["delivery_id"], [])
        if len(mine) < _ATTEMPTS:
            foreign = spoke_for.get(row["id"], set()) - {project_of[row["delivery_id"]]}
            mine.append(_attempt(row, own=not foreign))
    return found


def _attempt(row: RowMapping, *, own: bool) -> AttemptLine:
    return AttemptLine(
        id=row["id"],
        started_at=from_ms(row["started_at"]),
        ended_at=from_ms_or_none(row["ended_at"]),
        result=row["result"],
        code=row["code"],
        detail=row["detail"],
        status=row["status"],
        maybe_delivered=bool(row["maybe_delivered"]),
        companion=bool(row["companion"]),
        carried=row["carried"],
        body=row["body"] if own else None,
        line=row["line"],
    )


def _projects_of(connection: Connection, attempt_ids: Collection[int]) -> Mapping[int, set[int]]:
    """The projects whose deliveries these attempts carried."""
    found: dict[int, set[int]] = {}
    if not attempt_ids:
        return found
    statement = (
        select(attempt_deliveries.c.attempt_id, deliveries.c.project_id)
        .join(deliveries, deliveries.c.id == attempt_deliveries.c.delivery_id)
        .where(attempt_deliveries.c.attempt_id.in_(attempt_ids))
        .distinct()
    )
    for row in connection.execute(statement):
        found.setdefault(row.attempt_id, set()).add(row.project_id)
    return found


def events_by_id(connection: Connection, event_ids: Sequence[int]) -> list[EventLine]:
    """These events, the newest first."""
    statement = select(*_EVENT).select_from(_EVENTS).where(events.c.id.in_(event_ids)).order_by(events.c.id.desc())
    return [_event(row) for row in connection.execute(statement).mappings()]


def _event(row: RowMapping) -> EventLine:
    return EventLine(
        id=row["id"],
        project_id=row["project_id"],
        project_key=row["project_key"] or "",
        source_id=row["source_id"],
        source=row["source"],
        tool_id=row["tool_id"],
        type=row["type"],
        ignored=row["ignored"],
        happened_at=from_ms(row["happened_at"]),
        received_at=made_at(row["id"]),
        event=_read(row),
    )
