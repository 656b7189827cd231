"""Read what waits at the front of lanes, ready for composing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec
from sqlalchemy import Connection, Select, bindparam, func, literal_column, or_, select, update

from shipbell.domain.deliveries import Rendering, Waiting
from shipbell.domain.errors import WrongKey
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import Content, Format, Locale
from shipbell.storage.database.codec import from_ms_or_none, read_event
from shipbell.storage.database.dialect import among, id_list
from shipbell.storage.database.prepared import Prepared, Values
from shipbell.storage.tables.flow import WAITS, deliveries, events, lanes
from shipbell.storage.tables.settings import projects, subscriptions
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
    deliveries.c.test,
    deliveries.c.wish,
    deliveries.c.url,
    events.c.body,
    projects.c.name.label("project_name"),
    projects.c.time_zone,
    subscriptions.c.format,
    subscriptions.c.locale,
    subscriptions.c.content,
    subscriptions.c.user_ids,
    subscriptions.c.url.label("subscription_url"),
)


def _fronts(dialect: str) -> Select[tuple[object, ...]]:
    """The first `depth` waiting deliveries of each lane, but for those that have run out."""
    current = or_(deliveries.c.expires_at > bindparam("now"), deliveries.c.test)
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


_FRESH = Prepared(
    lambda _: (
        select(literal_column("1"))
        .where(deliveries.c.lane_id == bindparam("lane"), WAITS, ~deliveries.c.stepped_aside)
        .limit(literal_column("1"))
    ),
    ("lane",),
)
_BURY = Prepared(
    lambda _: (
        update(deliveries)
        .where(deliveries.c.id == bindparam("this"))
        .values(state="dead", cause="not-composed", settled_at=bindparam("at"))
    ),
    ("this", "at"),
)


def bury_unsayable(connection: Connection, delivery_id: int, now: int) -> None:
    """Bury a delivery of which no message can be made, so that it holds up nobody."""
    _BURY.many(connection, [(delivery_id, now)])


_FRONTS = Prepared(_fronts, ("ids", "now", "depth"))
_BUSY = Prepared(_busy, ("ids",))


def any_fresh(connection: Connection, lane_id: int) -> bool:
    """Whether a delivery waits on a lane that has not stepped aside."""
    return bool(_FRESH.rows(connection, lane_id))


@dataclass(frozen=True, slots=True)
class Fronts:
    """The first waiting deliveries of lanes, in order of place; on `sealed` lanes no key opens an address of theirs."""

    waiting: dict[int, list[Waiting]] = field(default_factory=dict)
    sealed: set[int] = field(default_factory=set)


def fronts(
    connection: Connection, lane_ids: Sequence[int], open_url: Callable[[bytes], Secret], *, now: int, depth: int
) -> Fronts:
    """The fronts of lanes; expired deliveries are left out, `depth` rows are looked at, at most, for each lane."""
    found = Fronts()
    if not lane_ids:
        return found
    for row in _FRONTS.rows(connection, id_list(connection, lane_ids), now, depth):
        try:
            found.waiting.setdefault(row[2], []).append(_waiting(row, open_url))
        except WrongKey:
            found.sealed.add(row[2])
        except (msgspec.MsgspecError, ValueError) as error:
            log().error("delivery.not_read", delivery=row[0], error=type(error).__name__)
            bury_unsayable(connection, row[0], now)
    for waiting in found.waiting.values():
        if len(waiting) > 1:
            waiting.sort(key=lambda one: one.place)
    return found


def url_of(connection: Connection, delivery_id: int, open_url: Callable[[bytes], Secret]) -> Secret | None:
    """What is called for a delivery; None when its subscription is gone, or no key opens it."""
    own = func.coalesce(deliveries.c.url, subscriptions.c.url)
    joined = deliveries.outerjoin(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
    token = connection.execute(select(own).select_from(joined).where(deliveries.c.id == delivery_id)).scalar()
    try:
        return None if token is None else open_url(token)
    except WrongKey:
        return None


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


def _waiting(row: Values, open_url: Callable[[bytes], Secret]) -> Waiting:
    """A row as a value; raises WrongKey, or ValueError for what cannot be sent."""
    (
        delivery_id, place, _lane, event_id, project_id, subscription_id, alone, failures, uncertain, failing_since,
        uncertain_since, stepped_aside, test, wish_text, typed_url, body, project_name, zone, form, locale, content,
        user_ids, url,
    ) = row  # fmt: skip
    if url is None and typed_url is None:
        raise ValueError("its address is not kept")
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
        url=open_url(typed_url or url),
        rendering=_rendering(form, locale, zone),
        content=chosen,
        user_ids=members,
        alone=bool(alone),
        test=bool(test),
        failures=failures,
        uncertain=uncertain,
        failing_since=from_ms_or_none(failing_since),
        uncertain_since=from_ms_or_none(uncertain_since),
        stepped_aside=bool(stepped_aside),
    )
