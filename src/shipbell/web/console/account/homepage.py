"""The homepage: choose a region."""

from collections import Counter
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shipbell.domain.catalog import DEFAULT_REGION, REGIONS
from shipbell.web.console.frame.my_projects import my_projects
from shipbell.web.console.frame.page import frame_of, page, render, who_of
from shipbell.web.console.frame.services import services_of
from shipbell.web.console.notifications.list import channel_name


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionLine:
    """A region with the number of one's projects in it and the channels that are offered there."""

    code: str
    name: str
    projects: int
    channels: str


async def homepage(request: Request) -> Response:
    """The regions, AP-Singapore first."""
    who_of(request)
    frame, services = frame_of(request), services_of(request)
    count = Counter(one.project.region for one in await my_projects(request))
    unnamed = sorted(code for code in count if code not in REGIONS)
    lines = [
        RegionLine(
            code=code,
            name=frame.region(code),
            projects=count[code],
            channels=frame.words.listed(
                channel_name(frame.words, kind) for kind in services.channels if services.offered(kind, code)
            ),
        )
        for code in (*REGIONS, *unnamed)
    ]
    return render(request, "homepage.html", nav="homepage", regions=lines, chosen=DEFAULT_REGION, total=count.total())


ROUTES: tuple[Route, ...] = (page("/", homepage),)
