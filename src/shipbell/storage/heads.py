"""Read what waits at the front of lanes, ready for composing."""

from collections.abc import Sequence
from functools import lru_cache

import msgspec
from sqlalchemy import Connection, Select, bindparam, func, literal_column, or_, select, update

from shipbell.domain.deliveries import Rendering, Waiting
from shipbell.domain.retry import ANSWERS_LOST
from shipbell.domain.subscriptions import Content, Format, Locale
from shipbell.storage.codec import from_ms_or_none, read_event
from shipbell.storage.dialect import among, id_list
from shipbell.storage.prepared import Prepared, Values
from shipbell.storage.schema import WAITS, deliveries, events, lanes
from shipbell.storage.schema_people import projects, subscriptions
from shipbell.telemetry import log

# Enough for a lane that is not behind; one that is gets a second, longer look.
GLANCE = 24
# An unpaced lane sends one message an event: enough to find the same event's other subscriptions.
UNPACED_GLANCE = 8
LOOK_AHEAD = 1_000
_COUNTED = 20_000


_COLUMNS = (
    deliveries.c.id,
    deliveries.c.place,
    deliveries.c.lane_id,
    deliveries.c.event_id,
    deliveries.c.project_id,
    deliveries.c.subscription_id,
    deliveries.c.alone,
    deliveries.c.failures,
    deliveries.c.uncertain,
    deliveries.c.failing_since,
    deliveries.c.uncertain_since,
    deliveries.c.stepped_aside,
    deliveries.c.wish,
    events.c.body,
    projects.c.name.label("project_name"),
    projects.c.time_zone,
    subscriptions.c.format,
    subscriptions.c.locale,
    subscriptions.c.content,
    subscriptions.c.user_ids,
)


def _fronts(dialect: str) -> Select[tuple[object, ...]]:
    """The first `depth` waiting deliveries of each lane, but for those that have run out."""
    current = or_(deliveries.c.expires_at > bindparam("now"), deliveries.c.place < literal_column("0"))
    front = (
        select(deliveries.c.id)
        .where(deliveries.c.lane_id == lanes.c.id, WAITS, current)
        .order_by(deliveries.c.place)
        .limit(bindparam("depth"))
        .correlate(lanes)
        .scalar_subquery()
    )
    joined = (
        lanes.join(deliveries, deliveries.c.id.in_(front))
        .join(events, events.c.id == deliveries.c.event_id)
        .join(projects, projects.c.id == deliveries.c.project_id)
        .outerjoin(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
    )
    return select(*_COLUMNS).select_from(joined).where(among(dialect, lanes.c.id, "ids"))


def _busy(dialect: str) -> Select[tuple[int]]:
    something = select(literal_column("1")).where(deliveries.c.lane_id == lanes.c.id, WAITS).correlate(lanes).exists()
    return select(lanes.c.id).where(among(dialect, lanes.c.id, "ids"), something)


_BURY = Prepared(
    lambda _: (
        update(deliveries)
        .where(deliveries.c.id == bindparam("this"))
        .values(state="dead", cause="not-composed", settled_at=bindparam("at"))
    ),
    ("this", "at"),
)
_BURY_SPENT = Prepared(
    lambda _: (
        update(deliveries)
        .where(deliveries.c.id == bindparam("this"))
        .values(state="dead", cause=ANSWERS_LOST, maybe_delivered=True, settled_at=bindparam("at"))
    ),
    ("this", "at"),
)


def bury_unsayable(connection: Connection, delivery_id: int, now: int) -> None:
    """Bury a delivery of which no message can be made, so that it holds up nobody."""
    _BURY.many(connection, [(delivery_id, now)])


def bury_spent(connection: Connection, delivery_ids: Sequence[int], now: int) -> None:
    """Bury deliveries whose answers got lost too often."""
    _BURY_SPENT.many(connection, [(one, now) for one in delivery_ids])


_FRONTS = Prepared(_fronts, ("ids", "now", "depth"))
_BUSY = Prepared(_busy, ("ids",))


def fronts(connection: Connection, lane_ids: Sequence[int], *, now: int, depth: int) -> dict[int, list[Waiting]]:
    """The first waiting deliveries of each lane, in order of place; expired ones are left out.

    `depth` rows are looked at, at most, for each lane.
    """
    found: dict[int, list[Waiting]] = {}
    if not lane_ids:
        return found
    for row in _FRONTS.rows(connection, id_list(connection, lane_ids), now, depth):
        try:
            found.setdefault(row[2], []).append(_waiting(row))
        except (msgspec.MsgspecError, ValueError) as error:
            log().error("delivery.not_read", delivery=row[0], error=type(error).__name__)
            bury_unsayable(connection, row[0], now)
    for waiting in found.values():
        if len(waiting) > 1:
            waiting.sort(key=lambda one: one.place)
    return found


def waiting_count(connection: Connection, lane_id: int) -> int:
    """How many deliveries of a lane wait, counted up to a bound."""
    some: Select[tuple[int]] = (
        select(literal_column("1").label("one")).where(deliveries.c.lane_id == lane_id, WAITS).limit(_COUNTED)
    )
    count: int = connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()
    return count


def with_work(connection: Connection, lane_ids: Sequence[int]) -> set[int]:
    """Those of these lanes on which something waits."""
    if not lane_ids:
        return set()
    return {lane_id for (lane_id,) in _BUSY.rows(connection, id_list(connection, lane_ids))}


class _Wish(msgspec.Struct):
    """How the test of an unsaved subscription is to read."""

    format: str
    locale: str
    content: dict[str, tuple[str, ...]]
    user_ids: str


_WISHES = msgspec.json.Decoder(_Wish)
_CHOSEN = msgspec.json.Decoder(dict[str, tuple[str, ...]])


@lru_cache(maxsize=1_024)
def content_of(text: str) -> Content:
    """Read the chosen fields of a column."""
    return Content(_CHOSEN.decode(text))


@lru_cache(maxsize=1_024)
def _members(text: str) -> tuple[str, ...]:
    return tuple(one for one in text.split(";") if one)


@lru_cache(maxsize=1_024)
def _rendering(form: str, locale: str, zone: str) -> Rendering:
    return Rendering(format=Format(form), locale=Locale(locale), zone=zone)


def _waiting(row: Values) -> Waiting:
    (
        delivery_id, place, _lane, event_id, project_id, subscription_id, alone, failures, uncertain, failing_since,
        uncertain_since, stepped_aside, wish_text, body, project_name, zone, form, locale, content, user_ids,
    ) = row  # fmt: skip
    wish = None if wish_text is None else _WISHES.decode(wish_text)
    if wish is not None:
        form, locale, chosen, members = wish.format, wish.locale, Content(wish.content), _members(wish.user_ids)
    elif form is None:
        form, locale, chosen, members = Format.MARKDOWN.value, Locale.EN.value, content_of("{}"), ()
    else:
        chosen, members = content_of(content), _members(user_ids)
    return Waiting(
        id=delivery_id,
        place=place,
        event_id=event_id,
        event=read_event(body),
        project_id=project_id,
        project_name=project_name,
        subscription_id=subscription_id,
        rendering=_rendering(form, locale, zone),
        content=chosen,
        user_ids=members,
        alone=bool(alone),
        test=place < 0,
        failures=failures,
        uncertain=uncertain,
        failing_since=from_ms_or_none(failing_since),
        uncertain_since=from_ms_or_none(uncertain_since),
        stepped_aside=bool(stepped_aside),
    )
