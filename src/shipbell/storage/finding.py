"""Find events and deliveries: pages by cursor, over indexes."""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, case, literal_column, or_, select

from shipbell.domain.ids import first_at, made_at
from shipbell.ports.history import AttemptLine, DeliveryLine, DeliveryWhole, EventLine, Find, Page
from shipbell.storage.codec import from_ms, from_ms_or_none, read_event, read_ignored
from shipbell.storage.keeping import search_key
from shipbell.storage.schema import attempt_deliveries, attempts, deliveries, events, lanes
from shipbell.storage.schema_people import projects, sources, subscriptions

_Row = TypeVar("_Row", bound=tuple[object, ...])
_MOST = 200
_ATTEMPTS = 200
_LAST_LETTER = "\U0010ffff"

# Word for word the condition of the partial index, so that the database sees that it serves.
ENDED_BADLY: ColumnElement[bool] = literal_column("deliveries.state IN ('dead', 'expired', 'cancelled')")
BAD_STATES = ("dead", "expired", "cancelled")
_STATE = case(
    (and_(deliveries.c.state == "waiting", deliveries.c.failures > 0), "retrying"), else_=deliveries.c.state
).label("shown_state")
_DELIVERY = (
    *(one for one in deliveries.c if one.name not in {"wish", "state"}),
    _STATE,
    events.c.type,
    events.c.body,
    events.c.ignored,
    projects.c.key.label("project_key"),
    subscriptions.c.name.label("subscription"),
    lanes.c.mask,
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


def deliveries_page(connection: Connection, find: Find) -> Page[DeliveryLine]:
    """Deliveries, the newest first."""
    limit = max(1, min(find.limit, _MOST))
    statement = _narrowed(select(*_DELIVERY).select_from(_DELIVERIES), find)
    rows = connection.execute(statement.order_by(deliveries.c.id.desc()).limit(limit + 1)).mappings().all()
    items = tuple(_delivery(row) for row in rows[:limit])
    return Page(items=items, next=items[-1].id if len(rows) > limit else None)


def ids_found(connection: Connection, find: Find, most: int, after: int = 0) -> list[int]:
    """The ids of deliveries after this one, the oldest first, without test messages."""
    statement = _narrowed(select(deliveries.c.id).join(events, events.c.id == deliveries.c.event_id), find)
    statement = statement.where(deliveries.c.place >= 0, deliveries.c.id > after).order_by(deliveries.c.id).limit(most)
    return list(connection.execute(statement).scalars())


def _narrowed(statement: Select[_Row], find: Find) -> Select[_Row]:
    for column, value in (
        (deliveries.c.project_id, find.project_id),
        (deliveries.c.lane_id, find.lane_id),
        (deliveries.c.subscription_id, find.subscription_id),
        (events.c.source_id, find.source_id),
        (events.c.type, find.type),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if find.state is not None:
        statement = statement.where(*_of_state(find.state))
    if find.text:
        statement = statement.where(_begins(find.text))
    if find.since is not None:
        statement = statement.where(deliveries.c.id >= first_at(find.since))
    if find.until is not None:
        statement = statement.where(deliveries.c.id < first_at(find.until))
    if find.before is not None:
        statement = statement.where(deliveries.c.id < find.before)
    return statement


def _of_state(state: str) -> list[ColumnElement[bool]]:
    waits = deliveries.c.state == literal_column("'waiting'")
    if state == "retrying":
        return [waits, deliveries.c.failures > 0]
    if state == "waiting":
        return [waits, deliveries.c.failures == 0]
    ended_badly = [ENDED_BADLY] if state in BAD_STATES else []
    return [deliveries.c.state == state, *ended_badly]


def _begins(text: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - SQLAlchemy's element types differ by dialect
    key = search_key(text.strip().removeprefix("#")) or ""
    return or_(
        *(
            and_(column >= key, column < key + _LAST_LETTER)
            for column in (events.c.name_key, events.c.number_key, events.c.commit_key)
        )
    )


def _delivery(row: RowMapping) -> DeliveryLine:
    event = read_ignored(row["body"]) if row["ignored"] else read_event(row["body"])
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
        robot=row["mask"],
        state=row["shown_state"],
        cause=row["cause"],
        maybe_delivered=bool(row["maybe_delivered"]),
        accepted_at=from_ms(row["accepted_at"]),
        settled_at=from_ms_or_none(row["settled_at"]),
        expires_at=from_ms(row["expires_at"]),
        failures=row["failures"],
        test=row["place"] < 0,
    )


def deliveries_by_id(connection: Connection, delivery_ids: Sequence[int]) -> list[DeliveryLine]:
    """These deliveries, the newest first."""
    statement = select(*_DELIVERY).select_from(_DELIVERIES).where(deliveries.c.id.in_(delivery_ids))
    return [_delivery(row) for row in connection.execute(statement.order_by(deliveries.c.id.desc())).mappings()]


def wholes(connection: Connection, delivery_ids: Sequence[int]) -> list[DeliveryWhole]:
    """Deliveries with their events and attempts."""
    statement = select(*_DELIVERY).select_from(_DELIVERIES).where(deliveries.c.id.in_(delivery_ids))
    lines = [_delivery(row) for row in connection.execute(statement.order_by(deliveries.c.id)).mappings()]
    known = {one.id: one for one in events_by_id(connection, [line.event_id for line in lines])}
    return [
        DeliveryWhole(delivery=line, event=known[line.event_id], attempts=tuple(_attempts(connection, line)))
        for line in lines
    ]


def of_event(connection: Connection, event_id: int) -> list[DeliveryWhole]:
    """Every delivery of an event, whole."""
    statement = select(deliveries.c.id).where(deliveries.c.event_id == event_id)
    return wholes(connection, list(connection.execute(statement).scalars()))


def _attempts(connection: Connection, line: DeliveryLine) -> list[AttemptLine]:
    """The attempts of a delivery, the oldest first; of a digest one sees one's own project's line."""
    statement = (
        select(*attempts.c, attempt_deliveries.c.line)
        .join(attempt_deliveries, attempt_deliveries.c.attempt_id == attempts.c.id)
        .where(attempt_deliveries.c.delivery_id == line.id)
        .order_by(attempts.c.id)
        .limit(_ATTEMPTS)
    )
    rows = connection.execute(statement).mappings().all()
    foreign = _carrying_others(connection, [row["id"] for row in rows if row["carried"] > 1], line.project_id)
    return [
        AttemptLine(
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
            body=None if row["id"] in foreign else row["body"],
            line=row["line"],
        )
        for row in rows
    ]


def _carrying_others(connection: Connection, attempt_ids: Sequence[int], project_id: int) -> set[int]:
    """Those of these attempts that carried another project's deliveries as well."""
    if not attempt_ids:
        return set()
    statement = (
        select(attempt_deliveries.c.attempt_id)
        .join(deliveries, deliveries.c.id == attempt_deliveries.c.delivery_id)
        .where(attempt_deliveries.c.attempt_id.in_(attempt_ids), deliveries.c.project_id != project_id)
        .distinct()
    )
    return set(connection.execute(statement).scalars())


def events_page(connection: Connection, find: Find) -> Page[EventLine]:
    """Events, the newest first."""
    limit = max(1, min(find.limit, _MOST))
    statement = select(*_EVENT).select_from(_EVENTS).where(events.c.source_id.is_not(None))
    for column, value in (
        (events.c.project_id, find.project_id),
        (events.c.source_id, find.source_id),
        (events.c.type, find.type),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if find.text:
        statement = statement.where(_begins(find.text))
    if find.since is not None:
        statement = statement.where(events.c.id >= first_at(find.since))
    if find.until is not None:
        statement = statement.where(events.c.id < first_at(find.until))
    if find.before is not None:
        statement = statement.where(events.c.id < find.before)
    rows = connection.execute(statement.order_by(events.c.id.desc()).limit(limit + 1)).mappings().all()
    items = tuple(_event(row) for row in rows[:limit])
    return Page(items=items, next=items[-1].id if len(rows) > limit else None)


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
        event=read_ignored(row["body"]) if row["ignored"] else read_event(row["body"]),
    )
