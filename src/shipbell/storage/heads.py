"""Read what waits at the front of lanes, ready for composing."""

from collections.abc import Sequence
from functools import lru_cache

import msgspec
from sqlalchemy import Connection, RowMapping, Select, and_, func, literal_column, or_, select

from shipbell.domain.deliveries import Rendering, Waiting
from shipbell.domain.subscriptions import Content, Format, Locale
from shipbell.storage.codec import from_ms_or_none, read_event
from shipbell.storage.schema import deliveries, events, lanes
from shipbell.storage.schema_people import projects, subscriptions

# Enough for a lane that is not behind; one that is gets a second, longer look.
GLANCE = 24
LOOK_AHEAD = 1_000
_COUNTED = 20_000

# A literal, so that both dialects see that the partial index serves.
_WAITS = deliveries.c.state == literal_column("'waiting'")

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


@lru_cache(maxsize=64)
def _statement(depth: int) -> Select[tuple[object, ...]]:
    """The first `depth` waiting deliveries of each lane."""
    front = (
        select(deliveries.c.id)
        .where(deliveries.c.lane_id == lanes.c.id, _WAITS)
        .order_by(deliveries.c.place)
        .limit(depth)
        .correlate(lanes)
        .scalar_subquery()
    )
    joined = (
        lanes.join(deliveries, and_(deliveries.c.lane_id == lanes.c.id, deliveries.c.id.in_(front)))
        .join(events, events.c.id == deliveries.c.event_id)
        .join(projects, projects.c.id == deliveries.c.project_id)
        .outerjoin(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
    )
    return select(*_COLUMNS).select_from(joined)


def fronts(connection: Connection, lane_ids: Sequence[int], *, now: int, depth: int) -> dict[int, list[Waiting]]:
    """The first waiting deliveries of each lane, in order of place; expired ones are left out.

    `depth` rows are looked at, at most, for each lane.
    """
    found: dict[int, list[Waiting]] = {}
    if not lane_ids:
        return found
    statement = _statement(depth).where(
        lanes.c.id.in_(sorted(lane_ids)), or_(deliveries.c.expires_at > now, deliveries.c.place < 0)
    )
    for row in connection.execute(statement).mappings():
        found.setdefault(row["lane_id"], []).append(_waiting(row))
    for waiting in found.values():
        waiting.sort(key=lambda one: one.place)
    return found


def waiting_count(connection: Connection, lane_id: int) -> int:
    """How many deliveries of a lane wait, counted up to a bound."""
    some = select(literal_column("1").label("one")).where(deliveries.c.lane_id == lane_id, _WAITS).limit(_COUNTED)
    count: int = connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()
    return count


def with_work(connection: Connection, lane_ids: Sequence[int]) -> set[int]:
    """Those of these lanes on which something waits."""
    if not lane_ids:
        return set()
    something = select(literal_column("1")).where(deliveries.c.lane_id == lanes.c.id, _WAITS).correlate(lanes).exists()
    return set(connection.execute(select(lanes.c.id).where(lanes.c.id.in_(sorted(lane_ids)), something)).scalars())


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


def _waiting(row: RowMapping) -> Waiting:
    wish = None if row["wish"] is None else _WISHES.decode(row["wish"])
    saved = wish is None and row["format"] is not None
    return Waiting(
        id=row["id"],
        place=row["place"],
        event_id=row["event_id"],
        event=read_event(row["body"]),
        project_id=row["project_id"],
        project_name=row["project_name"],
        subscription_id=row["subscription_id"],
        rendering=_rendering(
            wish.format if wish else row["format"] if saved else Format.MARKDOWN.value,
            wish.locale if wish else row["locale"] if saved else Locale.EN.value,
            row["time_zone"],
        ),
        content=Content(wish.content) if wish else content_of(row["content"] if saved else "{}"),
        user_ids=_members(wish.user_ids if wish else row["user_ids"] if saved else ""),
        alone=bool(row["alone"]),
        test=row["place"] < 0,
        failures=row["failures"],
        uncertain=row["uncertain"],
        failing_since=from_ms_or_none(row["failing_since"]),
        uncertain_since=from_ms_or_none(row["uncertain_since"]),
        stepped_aside=bool(row["stepped_aside"]),
    )
