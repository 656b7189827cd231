"""The robots of a project: their budget, what waits, their state in words, and opening one again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from shipbell.domain.access import Action
from shipbell.domain.deliveries import LaneState
from shipbell.domain.errors import NotFound
from shipbell.domain.ids import Prefix, encode
from shipbell.ports.directory import SubscriptionRecord
from shipbell.ports.history import RobotLine
from shipbell.ports.insight import Standing
from shipbell.web.console.frame.page import by_of, deed, page, project_of, render, see_other
from shipbell.web.console.frame.project_services import project_services
from shipbell.web.console.frame.project_words import lacks_key, number_of, telling
from shipbell.web.console.frame.services import services_of
from shipbell.web.console.frame.words import Words

_MINUTE = timedelta(seconds=60)
_LONGEST = 200
_TROUBLED = frozenset({LaneState.CLOSED, LaneState.FAILING})
# How many stand on a page of the list, and how many of those in trouble are told of above it.
SHOWN, TOLD = 25, 3
# How many of the subscriptions of one robot are named.
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotView:
    """A robot as a page shows it; `named_by` are the subscriptions that name it, `allowed` 0 means unpaced."""

    line: RobotLine
    named_by: Sequence[SubscriptionRecord]
    used: int
    allowed: int
    waits_for: timedelta | None

    @property
    def id(self) -> str:
        """The public id."""
        return encode(Prefix.ROBOT, self.line.id)

    @property
    def told(self) -> Sequence[str]:
        """The names of its first subscriptions; a robot may have a thousand."""
        return [one.name for one in self.named_by[:_NAMED]]

    @property
    def untold(self) -> int:
        """How many subscriptions name it beyond those told."""
        return len(self.named_by) - len(self.told)

    @property
    def only(self) -> str | None:
        """The public id of the subscription that alone names it."""
        return encode(Prefix.SUBSCRIPTION, self.named_by[0].id) if len(self.named_by) == 1 else None

    def called(self, words: Words) -> str:
        """What it is called in a sentence: by its subscriptions, else by its address."""
        names = words.listed(self.told) or self.line.mask
        if self.untold:
            return words.tn("{names} and {count} more", "{names} and {count} more", self.untold, names=names)
        return names

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
    def lacks_key(self) -> bool:
        """Whether its URL is not whole."""
        return lacks_key(self.line.mask)

    @property
    def full(self) -> bool:
        """Whether this minute's messages are used up."""
        return bool(self.allowed) and self.used >= self.allowed

    @property
    def gathering(self) -> bool:
        """Whether something waits for the pace."""
        return self.line.waiting > 0 and self.waits_for is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """All robots of a project in the order of its list: those in need of somebody first, then by name."""

    robots: Sequence[Standing]
    named_by: Mapping[int, Sequence[SubscriptionRecord]]

    def names(self, lane_id: int) -> Sequence[str]:
        """The names of the subscriptions that name a robot, in their order."""
        return [one.name for one in self.named_by.get(lane_id, ())]

    @property
    def troubled(self) -> Sequence[Standing]:
        """Those that wait for somebody; they stand first."""
        return [one for one in self.robots if one.state in _TROUBLED]

    def having(self, text: str) -> Sequence[Standing]:
        """Those whose address or names have a text in them."""
        wanted = text.casefold()
        return [
            one for one in self.robots if any(wanted in name.casefold() for name in (one.mask, *self.names(one.id)))
        ]


async def fleet_of(request: Request) -> Fleet:
    """The robots of the request's project with their state alone."""
    whole, named_by = project_of(request).whole, defaultdict[int, list[SubscriptionRecord]](list)
    for one in whole.subscriptions:
        named_by[one.lane_id].append(one)
    robots = await project_services(request).insight.standing(whole.project.id)
    fleet = Fleet(robots=robots, named_by=named_by)
    return replace(
        fleet,
        robots=sorted(
            robots, key=lambda one: (one.state not in _TROUBLED, one.id not in named_by, fleet.names(one.id))
        ),
    )


async def views_of(request: Request, fleet: Fleet, some: Iterable[Standing]) -> list[RobotView]:
    """Some robots as a page shows them, in their order."""
    wanted, tell = [one.id for one in some], telling(request)
    project_id = project_of(request).whole.project.id
    lines = await services_of(request).history.robots(project_id=project_id, lane_ids=wanted) if wanted else ()
    per_minute = project_services(request).per_minute
    views = {
        line.id: RobotView(
            line=line,
            named_by=fleet.named_by.get(line.id, ()),
            used=sum(tell.now - _MINUTE < start <= tell.now for start in line.starts),
            allowed=per_minute.get(line.channel, 0),
            waits_for=line.ready_at - tell.now if line.ready_at > tell.now else None,
        )
        for line in lines
    }
    return [views[one] for one in wanted if one in views]


async def robots(request: Request) -> Response:
    """`GET /projects/{key}/robots`, by `?q=` and from the robot `?from=` on."""
    query, fleet = request.query_params, await fleet_of(request)
    text = query.get("q", "").replace("\0", "").strip()[:_LONGEST]
    found = fleet.having(text) if text else fleet.robots
    begin = number_of(Prefix.ROBOT, query.get("from"))
    start = next((place for place, one in enumerate(found) if one.id == begin), 0)
    views = await views_of(request, fleet, found[start : start + SHOWN])
    rest = found[start + SHOWN :]
    reopened = number_of(Prefix.ROBOT, query.get("reopened"))
    return render(
        request,
        "robots.html",
        tell=telling(request),
        nav="robots",
        robots=views,
        total=len(fleet.robots),
        found=len(found),
        troubled=len(fleet.troubled),
        told=TOLD,
        q=text,
        first=start == 0,
        next=encode(Prefix.ROBOT, rest[0].id) if rest else None,
        allowed=next((one.allowed for one in views if one.allowed), 0),
        reopened=any(one.id == reopened and one.state is not LaneState.CLOSED for one in fleet.robots),
    )


async def reopen(request: Request) -> Response:
    """`POST /projects/{key}/robots/{robot}/reopen`."""
    project = project_of(request)
    lane = number_of(Prefix.ROBOT, request.path_params["robot"])
    if lane is None or all(one.id != lane for one in (await fleet_of(request)).robots):
        raise NotFound("There is no such robot in this project.")
    await services_of(request).history.reopen(lane, project=project.key, by=by_of(request))
    return see_other(request, project.path("/robots"), reopened=request.path_params["robot"])


ROUTES = (
    page("/projects/{key}/robots", robots),
    deed("/projects/{key}/robots/{robot}/reopen", reopen, action=Action.REOPEN),
)
