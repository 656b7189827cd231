"""The workspace: my projects in a region, each with its state at a glance."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shipbell.domain.catalog import REGIONS
from shipbell.ports.insight import Count, Glance
from shipbell.web.console.frame.chart_svg import spark
from shipbell.web.console.frame.my_projects import MyProject, my_projects, named
from shipbell.web.console.frame.page import Frame, frame_of, page, render
from shipbell.web.console.frame.services import services_of
from shipbell.web.console.frame.words import Words

_SHOWN = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A project's state: the look of a badge and its words."""

    look: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectLine:
    """One row of the workspace; a count of nothing is empty."""

    key: str
    name: str
    state: State
    waiting: str
    dead: str
    events: int
    spark: str
    role: str
    last_event_at: datetime | None


async def workspace(request: Request) -> Response:
    """The projects, by `?region=` and `?q=` (the beginning of a word of the name, or of the key)."""
    query, frame = request.query_params, frame_of(request)
    mine = await my_projects(request)
    count = Counter(one.project.region for one in mine)
    region, text = query.get("region", ""), query.get("q", "").strip()
    chosen = [
        one
        for one in mine
        if (not region or one.project.region == region) and named(one.project.key, one.project.name, text)
    ]
    start = next((place for place, one in enumerate(chosen) if one.project.key == query.get("from")), 0)
    some, rest = chosen[start : start + _SHOWN], chosen[start + _SHOWN :]
    codes = [code for code in REGIONS if count[code]] + sorted(code for code in count if code not in REGIONS)
    if region and region not in codes:
        codes.append(region)
    services = services_of(request)
    seen = await services.project.insight.glances([one.project.id for one in some], services.clock.now())
    return render(
        request,
        "workspace.html",
        nav="workspace",
        projects=[_line(frame, one, seen[one.project.id]) for one in some if one.project.id in seen],
        regions=[(code, frame.region(code), count[code]) for code in codes],
        region=region,
        region_name=frame.region(region) if region else "",
        q=text,
        total=len(mine),
        found=len(chosen),
        more=rest[0].project.key if rest else None,
    )


def _line(frame: Frame, one: MyProject, glance: Glance) -> ProjectLine:
    return ProjectLine(
        key=one.project.key,
        name=one.project.name,
        state=state_of(frame.words, one, glance),
        waiting=_said(glance.waiting),
        dead=_said(glance.dead),
        events=sum(glance.hours),
        spark=spark(glance.hours),
        role=frame.role_name(one.role),
        last_event_at=glance.last_event_at,
    )


def _said(count: Count) -> str:
    return f"{count.number:,}{'+' if count.more else ''}" if count.number else ""


def state_of(words: Words, one: MyProject, glance: Glance) -> State:
    """The worst that is to be said of a project."""
    if glance.closed:
        return State(look="dead", text=words.tn("{count} robot closed", "{count} robots closed", glance.closed))
    if glance.failing:
        return State(look="dead", text=words.tn("{count} robot failing", "{count} robots failing", glance.failing))
    if glance.paused:
        return State(look="retry", text=words.t("Paused"))
    lacks = _lacks(words, one, glance)
    return State(look="wait", text=lacks) if lacks else State(look="ok", text=words.t("All well"))


def _lacks(words: Words, one: MyProject, glance: Glance) -> str:
    """What a project that nothing is wrong with still waits for; empty for one that works."""
    if not one.project.sources:
        return words.t("No source yet")
    if not any(sub.enabled for sub in one.project.subscriptions):
        return words.t("No group is told yet")
    return words.t("No events yet") if glance.last_event_at is None else ""


ROUTES: tuple[Route, ...] = (page("/workspace", workspace),)
