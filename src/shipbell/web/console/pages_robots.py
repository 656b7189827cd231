"""The robots of a project: their budget, what waits, their state in words, and opening one again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from shipbell.domain.access import Action
from shipbell.domain.deliveries import LaneState
from shipbell.domain.errors import NotFound
from shipbell.domain.ids import Prefix, encode
from shipbell.ports.history import RobotLine
from shipbell.web.console.frame import by_of, deed, page, project_of, render, see_other
from shipbell.web.console.project_services import project_services
from shipbell.web.console.project_words import number_of, telling
from shipbell.web.console.services import services_of

_MINUTE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotView:
    """A robot as a page shows it; `names` are the subscriptions that name it, `allowed` 0 means unpaced."""

    line: RobotLine
    names: Sequence[str]
    used: int
    allowed: int
    waits_for: timedelta | None

    @property
    def id(self) -> str:
        """The public id."""
        return encode(Prefix.ROBOT, self.line.id)

    @property
    def closed(self) -> bool:
        """Whether it takes nothing until somebody acts."""
        return self.line.state is LaneState.CLOSED

    @property
    def failing(self) -> bool:
        """Whether it refused so many messages that it waits for somebody."""
        return self.line.state is LaneState.FAILING

    @property
    def paused(self) -> bool:
        """Whether it waits by itself."""
        return self.line.state is LaneState.PAUSED

    @property
    def full(self) -> bool:
        """Whether this minute's messages are used up."""
        return bool(self.allowed) and self.used >= self.allowed

    @property
    def gathering(self) -> bool:
        """Whether something waits for the pace."""
        return self.line.waiting > 0 and self.waits_for is not None


async def robots_of(request: Request) -> list[RobotView]:
    """The robots of the request's project, those in need of somebody first."""
    whole, tell = project_of(request).whole, telling(request)
    lines = await services_of(request).history.robots(project_id=whole.project.id)
    per_minute = project_services(request).per_minute
    views = [
        RobotView(
            line=line,
            names=[one.name for one in whole.subscriptions if one.lane_id == line.id],
            used=sum(tell.now - _MINUTE < start <= tell.now for start in line.starts),
            allowed=per_minute.get(line.channel, 0),
            waits_for=line.ready_at - tell.now if line.ready_at > tell.now else None,
        )
        for line in lines
    ]
    return sorted(views, key=lambda one: (not (one.closed or one.failing), not one.names, one.names))


async def robots(request: Request) -> Response:
    """`GET /projects/{key}/robots`."""
    reopened = number_of(Prefix.ROBOT, request.query_params.get("reopened"))
    views = await robots_of(request)
    allowed = sorted({one.allowed for one in views if one.allowed})
    return render(
        request,
        "robots.html",
        tell=telling(request),
        nav="robots",
        robots=views,
        allowed=allowed[0] if allowed else 0,
        reopened=any(one.line.id == reopened and not one.closed for one in views),
    )


async def reopen(request: Request) -> Response:
    """`POST /projects/{key}/robots/{robot}/reopen`."""
    project = project_of(request)
    lane = number_of(Prefix.ROBOT, request.path_params["robot"])
    if lane is None or all(one.line.id != lane for one in await robots_of(request)):
        raise NotFound("There is no such robot in this project.")
    await services_of(request).history.reopen(lane, project=project.key, by=by_of(request))
    return see_other(request, project.path("/robots"), reopened=request.path_params["robot"])


ROUTES = (
    page("/projects/{key}/robots", robots),
    deed("/projects/{key}/robots/{robot}/reopen", reopen, action=Action.REOPEN),
)
