"""Events of a project: the list, and one event as it was read."""

from collections.abc import Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from shipbell.domain.errors import NotFound
from shipbell.domain.ids import Prefix
from shipbell.domain.text import shorten
from shipbell.ports.history import EventLine
from shipbell.web.console.frame.filters import choices_of, filters_of, find_of
from shipbell.web.console.frame.page import page, project_of, render
from shipbell.web.console.frame.project_services import project_services
from shipbell.web.console.frame.project_words import number_of, telling
from shipbell.web.console.frame.services import services_of

_IGNORED: Mapping[str, bool | None] = {"": None, "accepted": False, "ignored": True}
# So many deliveries stand on the page of their event; the path of the event has them all, page by page.
_SHOWN = 50
_ID_BYTES = 256
_JSON_CHARACTERS = 65_536


async def events(request: Request) -> Response:
    """`GET /projects/{key}/events`."""
    whole, tell, filters = project_of(request).whole, telling(request), filters_of(request)
    before = number_of(Prefix.EVENT, request.query_params.get("before"))
    find = find_of(filters, whole, tell, before)
    found = await project_services(request).insight.events(find, ignored=_IGNORED[filters.kind])
    return render(
        request,
        "events.html",
        tell=tell,
        nav="events",
        filters=filters,
        choices=choices_of(whole, tell),
        found=found,
        before=before,
        has_sources=bool(whole.sources),
    )


async def event_of(request: Request) -> EventLine:
    """The event of an address; raises NotFound for another project's."""
    project_id = project_of(request).whole.project.id
    named = request.path_params["event"]
    if number_of(Prefix.EVENT, named) is not None:
        for line in await services_of(request).history.events_named(named, project_id=project_id):
            return line
    raise NotFound("There is no such event in this project.")


async def one_event(request: Request) -> Response:
    """`GET /projects/{key}/events/{event}`."""
    line = await event_of(request)
    wholes = await services_of(request).history.deliveries_of(line.id, most=_SHOWN + 1)
    return render(
        request,
        "event.html",
        tell=telling(request),
        nav="events",
        line=line,
        event=line.event,
        tool_id=shorten(line.tool_id, _ID_BYTES),
        raw=as_shown(line),
        wholes=wholes[:_SHOWN],
        more=len(wholes) > _SHOWN,
    )


def as_shown(line: EventLine) -> str:
    """As much of an event's JSON as a page holds; the API has all of it."""
    whole = as_read(line)
    return whole if len(whole) <= _JSON_CHARACTERS else f"{whole[:_JSON_CHARACTERS]}…"


def as_read(line: EventLine) -> str:
    """An event as JSON, without what is unknown."""
    whole = msgspec.to_builtins(line.event)
    known = {name: value for name, value in whole.items() if value not in (None, {}, [])}
    for name, value in known.items():
        if isinstance(value, dict):
            known[name] = {inner: one for inner, one in value.items() if one is not None}
    return msgspec.json.format(msgspec.json.encode({name: one for name, one in known.items() if one != {}})).decode()


ROUTES = (
    page("/projects/{key}/events", events),
    page("/projects/{key}/events/{event}", one_event),
)
