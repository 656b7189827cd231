"""Live: one event stream a page; it tells what changed as small pieces of that page, drawn here."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from shipbell.domain.access import Action, may
from shipbell.domain.errors import DatabaseUnusable
from shipbell.domain.ids import Prefix
from shipbell.web.console.frame.filters import PAGE, filters_of, find_of
from shipbell.web.console.frame.page import HEADERS, drawn, page, project_of, see_other, who_of
from shipbell.web.console.frame.project_services import project_services
from shipbell.web.console.frame.project_words import number_of, telling
from shipbell.web.console.frame.services import services_of
from shipbell.web.console.frame.streams import Stream, Streams
from shipbell.web.console.project.sources import arrivals, source_of

# What a page shows by now: the piece's HTML by the name of its event.
Pieces = Mapping[str, str]
_OVER = "event: end\ndata:\n\n"
_BEAT = ": beat\n\n"
_EVENT_STREAM = "text/event-stream"
# How soon a browser comes back after a broken connection; chance spreads them after a restart.
_RETRY_MS, _RETRY_SPREAD_MS = 2_000, 3_000


async def deliveries_live(request: Request) -> Response:
    """`GET /projects/{key}/deliveries/live?seen=…&rows=…`: the number of newer ones, and the rows that waited."""
    return _streamed(request, lambda: _deliveries(request), project_of(request).path("/deliveries"))


async def _deliveries(request: Request) -> Pieces:
    insight, project, tell = project_services(request).insight, project_of(request).whole.project, telling(request)
    filters, query = filters_of(request), request.query_params
    pieces = {}
    if (seen := number_of(Prefix.DELIVERY, query.get("seen"))) is not None:
        newer = await insight.newer(find_of(filters, project_of(request).whole, tell, None), seen)
        pieces["newer"] = drawn(request, "live_newer.html", tell=tell, filters=filters, newer=newer)
    asked = [number_of(Prefix.DELIVERY, one) for one in query.get("rows", "").split(",")[:PAGE]]
    if rows := [one for one in asked if one is not None]:
        lines = [one for one in await insight.lines(rows) if one.project_id == project.id]
        pieces["rows"] = drawn(request, "live_rows.html", tell=tell, lines=lines, tries=await insight.tries(rows))
    return pieces


async def source_live(request: Request) -> Response:
    """`GET /projects/{key}/sources/{source}/live?calls=…`: the first event, and what knocked at the door."""
    record = source_of(request)
    path = project_of(request).path(f"/sources/{request.path_params['source']}")

    async def pieces() -> Pieces:
        here, tell = await arrivals(request, record), telling(request)
        told = {"arrived": drawn(request, "live_source.html", tell=tell, path=path, **here.shown)}
        if (seen := number_of(Prefix.CALL, request.query_params.get("calls"))) is not None:
            told["calls"] = drawn(request, "live_calls.html", tell=tell, path=path, newer=here.newer(seen))
        return told

    return _streamed(request, pieces, path)


def _streamed(request: Request, ask: Callable[[], Awaitable[Pieces]], path: str) -> Response:
    """The stream, for whom it is meant; whoever opens its address as a page is led to the page.

    Raises Busy where too many are open.
    """
    if request.method != "GET" or _EVENT_STREAM not in request.headers.get("accept", ""):
        return see_other(request, path)
    streams = project_services(request).streams
    stream = streams.open(project_of(request).whole.project.id, who_of(request).user.name)
    return _EventStream(_told(request, streams, stream, ask), streams, stream)


class _EventStream(StreamingResponse):
    """A stream that gives its place back however it ends."""

    def __init__(self, events: AsyncIterator[str], streams: Streams, stream: Stream) -> None:
        super().__init__(events, headers={**HEADERS, "X-Accel-Buffering": "no"}, media_type=_EVENT_STREAM)
        self._streams, self._stream = streams, stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.leave(self._stream)


async def _told(
    request: Request, streams: Streams, stream: Stream, ask: Callable[[], Awaitable[Pieces]]
) -> AsyncIterator[str]:
    """What changes, until the page is closed, its reader may not look any longer, or the server stops."""
    yield f"retry: {int(_RETRY_MS + services_of(request).clock.chance() * _RETRY_SPREAD_MS)}\n\n"
    told: dict[str, str] = {}
    while not stream.ended:
        pieces = await _asked(request, streams, ask)
        if pieces is None:
            yield _OVER
            return
        for name, html in pieces.items():
            if told.get(name) != html:
                told[name] = html
                yield _event(name, html)
        if not await stream.news(streams.beat_seconds):
            yield _BEAT


async def _asked(request: Request, streams: Streams, ask: Callable[[], Awaitable[Pieces]]) -> Pieces | None:
    """The pieces as they stand; None when this reader may not look any longer."""
    try:
        async with streams.turn():
            if streams.closed:
                return {}
            return await ask() if await _welcome(request) else None
    except DatabaseUnusable:
        # The page stands as it is; the next news or beat asks again.
        return {}


def _event(name: str, html: str) -> str:
    data = "".join(f"data: {line}\n" for line in html.splitlines())
    return f"event: {name}\n{data}\n"


async def _welcome(request: Request) -> bool:
    """Whether the session is still in force and its owner may look; asking does not count as using it."""
    services, who, project = services_of(request), who_of(request), project_of(request)
    user = await services.accounts.user(who.user.name)
    if user is None or who.session is None:
        return False
    if all(one.id != who.session.id for one in await services.sessions.of_user(user.name)):
        return False
    role = None if user.is_admin else (await services.accounts.roles(user.name)).get(project.key)
    return may(role, Action.LOOK, instance_administrator=user.is_admin)


ROUTES = (
    page("/projects/{key}/deliveries/live", deliveries_live),
    page("/projects/{key}/sources/{source}/live", source_live),
)
