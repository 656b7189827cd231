"""The overview of a project: what needs somebody, key figures, charts and the robots."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from shipbell.domain.catalog import EVENT_TYPES
from shipbell.domain.messages import Tone
from shipbell.ports.insight import Figures, Slot, Span
from shipbell.web.console.frame.chart_svg import Drawing, logarithmic, stacked
from shipbell.web.console.frame.page import page, project_of, render
from shipbell.web.console.frame.project_services import project_services
from shipbell.web.console.frame.project_words import Telling, telling
from shipbell.web.console.frame.services import services_of
from shipbell.web.console.project.robots import TOLD, fleet_of, views_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A span that one may look at: its word in the address, its slots, and how a slot is labelled."""

    word: str
    slot: timedelta
    slots: int
    label: str


RANGES = (
    Range(word="1h", slot=timedelta(minutes=5), slots=12, label="%H:%M"),
    Range(word="24h", slot=timedelta(hours=1), slots=24, label="%H:%M"),
    Range(word="7d", slot=timedelta(hours=6), slots=28, label="%m-%d %H:%M"),
    Range(word="30d", slot=timedelta(days=1), slots=30, label="%m-%d"),
)
_DAY = RANGES[1]
_BAD = frozenset(one.id for one in EVENT_TYPES.values() if one.tone is Tone.BAD)
_ON_AXIS = 5
_ROBOTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart with its rows for those who read: a time and its cells."""

    drawing: Drawing
    axis: Sequence[str]
    rows: Sequence[Sequence[str]]


async def overview(request: Request) -> Response:
    """`GET /projects/{key}`."""
    project, tell, services = project_of(request), telling(request), services_of(request)
    chosen = next((one for one in RANGES if one.word == request.query_params.get("range")), _DAY)
    span = _span(project.whole.project.id, chosen, tell)
    insight = project_services(request).insight
    figures, backlog = await insight.figures(span), await insight.backlog(span.project_id)
    fleet = await fleet_of(request)
    robots = await views_of(request, fleet, fleet.robots[:_ROBOTS])
    return render(
        request,
        "overview.html",
        tell=tell,
        nav="overview",
        chosen=chosen.word,
        ranges=_ranges(tell),
        per=_per(tell)[chosen.word],
        robots=robots,
        all_robots=len(fleet.robots),
        troubled=[one for one in robots if one.closed or one.failing][:TOLD],
        more_troubled=max(0, len(fleet.troubled) - TOLD),
        figures=figures,
        kpis=_kpis(figures),
        waiting=backlog.count,
        oldest=backlog.oldest_at,
        has_sources=bool(project.whole.sources),
        has_subscriptions=bool(project.whole.subscriptions),
        unoffered=not any(services.offered(kind, project.whole.project.region) for kind in services.channels),
        charts=_charts(figures.slots, chosen, tell),
    )


def _span(project_id: int, chosen: Range, tell: Telling) -> Span:
    """The span up to the end of the present slot, on the clock of the page's zone."""
    local = tell.now.astimezone(ZoneInfo(tell.words.zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    until = midnight + ((local - midnight) // chosen.slot + 1) * chosen.slot
    return Span(
        project_id=project_id,
        since=until - chosen.slot * chosen.slots,
        until=until,
        slots=chosen.slots,
        bad_types=_BAD,
    )


def _ranges(tell: Telling) -> list[tuple[str, str]]:
    t = tell.words.t
    return [("1h", t("1 h")), ("24h", t("24 h")), ("7d", t("7 d")), ("30d", t("30 d"))]


def _per(tell: Telling) -> dict[str, str]:
    t = tell.words.t
    return {
        "1h": t("per 5 minutes"),
        "24h": t("per hour"),
        "7d": t("per 6 hours"),
        "30d": t("per day"),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The key figures that are sums of slots."""

    events: int
    ignored: int
    delivered: int
    all: int
    share: str


def _kpis(figures: Figures) -> Sums:
    def total(part: Callable[[Slot], int]) -> int:
        return sum(part(one) for one in figures.slots)

    delivered = total(lambda one: one.delivered)
    every = delivered + total(lambda one: one.waiting + one.ended_badly)
    return Sums(
        events=total(lambda one: one.events),
        ignored=total(lambda one: one.ignored),
        delivered=delivered,
        all=every,
        share=_share(delivered, every),
    )


def _share(part: int, whole: int) -> str:
    """A percentage that is 100 for the whole alone."""
    if whole == 0:
        return "–"
    tenths = part * 1_000 // whole
    return "100" if part == whole else f"{tenths / 10:.1f}"


def _charts(slots: Sequence[Slot], chosen: Range, tell: Telling) -> dict[str, Chart]:
    zone = ZoneInfo(tell.words.zone)

    def label(time: datetime) -> str:
        return time.astimezone(zone).strftime(chosen.label)

    axis = [label(slots[place * len(slots) // (_ON_AXIS - 1)].since) for place in range(_ON_AXIS - 1)]
    number = tell.words.number
    return {
        "events": Chart(
            drawing=stacked([(one.events - one.ignored, one.ignored) for one in slots], ("c-ok", "c-wait")),
            axis=axis,
            rows=[(label(one.since), number(one.events - one.ignored), number(one.ignored)) for one in slots],
        ),
        "deliveries": Chart(
            drawing=stacked(
                [(one.delivered, one.waiting, one.ended_badly) for one in slots], ("c-ok", "c-wait", "c-dead")
            ),
            axis=axis,
            rows=[
                (label(one.since), number(one.delivered), number(one.waiting), number(one.ended_badly)) for one in slots
            ],
        ),
        "latency": Chart(
            drawing=logarithmic((("l-1", [one.p50 for one in slots]), ("l-2", [one.p99 for one in slots]))),
            axis=axis,
            rows=[(label(one.since), tell.seconds(one.p50), tell.seconds(one.p99)) for one in slots],
        ),
    }


ROUTES = (page("/projects/{key}", overview),)
