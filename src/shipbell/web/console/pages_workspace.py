"""The workspace: my projects in a region, each with its state at a glance."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shipbell.domain.catalog import REGIONS
from shipbell.domain.deliveries import LaneState
from shipbell.ports.history import Find, RobotLine
from shipbell.web.console.frame import frame_of, page, render
from shipbell.web.console.my_projects import MyProject, my_projects
from shipbell.web.console.services import services_of
from shipbell.web.console.words import Words

_SHOWN = 25
_REFUSED = frozenset({LaneState.CLOSED, LaneState.FAILING})


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A project's state: the look of a badge and its words."""

    look: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectLine:
    """One row of the workspace."""

    key: str
    name: str
    state: State
    groups: int
    waiting: int
    role: str
    last_event_at: datetime | None


async def workspace(request: Request) -> Response:
    """The projects, by `?region=` and `?q=` (the beginning of a word of the name, or of the key)."""
    query, frame = request.query_params, frame_of(request)
    mine = await my_projects(request)
    count = Counter(one.project.region for one in mine)
    region, text = query.get("region", ""), query.get("q", "").strip()
    chosen = [one for one in mine if (not region or one.project.region == region) and _named(one, text)]
    start = next((place for place, one in enumerate(chosen) if one.project.key == query.get("from")), 0)
    some, rest = chosen[start : start + _SHOWN], chosen[start + _SHOWN :]
    codes = [code for code in REGIONS if count[code]] + sorted(code for code in count if code not in REGIONS)
    if region and region not in codes:
        codes.append(region)
    return render(
        request,
        "workspace.html",
        nav="workspace",
        projects=[await _line(request, one) for one in some],
        regions=[(code, frame.region(code), count[code]) for code in codes],
        region=region,
        region_name=frame.region(region) if region else "",
        q=text,
        total=len(mine),
        found=len(chosen),
        more=rest[0].project.key if rest else None,
    )


def _named(one: MyProject, text: str) -> bool:
    wanted = text.casefold()
    words = one.project.name.casefold()
    return one.project.key.startswith(wanted) or words.startswith(wanted) or f" {wanted}" in words


async def _line(request: Request, one: MyProject) -> ProjectLine:
    history, frame = services_of(request).history, frame_of(request)
    robots = await history.robots(project_id=one.project.id)
    last = await history.events(Find(project_id=one.project.id, limit=1))
    return ProjectLine(
        key=one.project.key,
        name=one.project.name,
        state=state_of(frame.words, one, list(robots)),
        groups=len({sub.lane_id for sub in one.project.subscriptions if sub.enabled}),
        waiting=sum(robot.waiting for robot in robots),
        role=frame.role_name(one.role),
        last_event_at=last.items[0].received_at if last.items else None,
    )


def state_of(words: Words, one: MyProject, robots: list[RobotLine]) -> State:
    """The worst that is to be said of a project."""
    used = {sub.lane_id for sub in one.project.subscriptions if sub.enabled}
    refused = sum(1 for robot in robots if robot.state in _REFUSED and robot.id in used)
    if refused:
        return State(look="dead", text=words.tn("{count} robot refused", "{count} robots refused", refused))
    if any(robot.state is LaneState.PAUSED and robot.waiting for robot in robots):
        return State(look="retry", text=words.t("Paused"))
    if not one.project.sources:
        return State(look="wait", text=words.t("No source yet"))
    if not used:
        return State(look="wait", text=words.t("No group is told yet"))
    return State(look="ok", text=words.t("All well"))


ROUTES: tuple[Route, ...] = (page("/workspace", workspace),)
