"""Sources of a project: the list, adding one by tool, its setup page, a new secret, and its end."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from shipbell.domain.access import Action
from shipbell.domain.errors import InvalidValue, NameTaken, NotFound, Problem
from shipbell.domain.ids import Prefix, encode
from shipbell.ports.directory import SourceRecord
from shipbell.ports.history import EventLine, Find
from shipbell.ports.insight import Count
from shipbell.ports.pages import DoorLine
from shipbell.usecases.manage_sources import OVERLAP_HOURS
from shipbell.web.console.frame.page import by_of, deed, form_of, frame_of, page, project_of, render, see_other
from shipbell.web.console.frame.project_services import project_services
from shipbell.web.console.frame.project_words import number_of, telling
from shipbell.web.console.frame.services import services_of
from shipbell.web.console.project.setup_guide import connect

_CALLS = 20
_REFUSED = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """A source in the list, with the last call at its door."""

    record: SourceRecord
    last: DoorLine | None

    @property
    def id(self) -> str:
        """The public id."""
        return encode(Prefix.SOURCE, self.record.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """What knocked at a source's door, the newest first, and the newest event that was let in."""

    calls: Sequence[DoorLine]
    first: EventLine | None

    @property
    def shown(self) -> dict[str, object]:
        """What the page tells of the first event; the call that brought it may be written after the event is."""
        last = self.calls[0] if self.calls else None
        if last and self.first and last.at < self.first.received_at:
            last = None
        return {"last": last, "first": self.first, "refused": _REFUSED}

    def newer(self, than: int) -> Count:
        """How many calls came after one, as far as the page would show them."""
        number = sum(one.id > than for one in self.calls)
        return Count(number, more=number == _CALLS)


async def sources(request: Request) -> Response:
    """`GET /projects/{key}/sources`."""
    door = project_services(request).door
    lines = []
    for record in project_of(request).whole.sources:
        calls = await door.page(record.id, before=None, limit=1)
        lines.append(SourceLine(record=record, last=calls.items[0] if calls.items else None))
    return render(
        request,
        "sources.html",
        tell=telling(request),
        nav="sources",
        lines=lines,
        deleted=request.query_params.get("done") == "deleted",
    )


async def new_source(request: Request) -> Response:
    """`GET /projects/{key}/sources/new`."""
    return _form(request, kind="", name="", problems=())


def _form(request: Request, *, kind: str, name: str, problems: Sequence[Problem], status: int = 200) -> Response:
    return render(
        request,
        "sources_new.html",
        status,
        tell=telling(request),
        nav="sources",
        kinds=project_services(request).source_kinds,
        kind=kind,
        name=name,
        problems=problems,
    )


async def shown_again(request: Request) -> Response:
    """The form as it was typed before a sign-in or an error; nothing is made."""
    return _form(request, kind=form_of(request).one("kind"), name=form_of(request).one("name"), problems=())


async def create(request: Request) -> Response:
    """`POST /projects/{key}/sources/new`: the setup page, which shows the secret this once."""
    form, words = form_of(request), frame_of(request).words
    kind, name = form.one("kind"), form.one("name").strip()
    try:
        made = await project_services(request).manage_sources.create(
            project_of(request).key, {"kind": kind, "name": name}, by_of(request)
        )
    except InvalidValue as error:
        told = [Problem(field=one.field, code=one.code, message=words.told(one.message)) for one in error.problems]
        return _form(request, kind=kind, name=name, problems=told, status=422)
    except NameTaken as error:
        taken = Problem(field="name", code=error.code, message=words.told(error.sentence))
        return _form(request, kind=kind, name=name, problems=(taken,), status=409)
    return await _setup(request, made, secret=made.secret.reveal())


def source_of(request: Request) -> SourceRecord:
    """The source of an address; raises NotFound for another project's."""
    number = number_of(Prefix.SOURCE, request.path_params["source"])
    for record in project_of(request).whole.sources:
        if record.id == number:
            return record
    raise NotFound("There is no such source in this project.")


async def one_source(request: Request) -> Response:
    """`GET /projects/{key}/sources/{source}`."""
    return await _setup(request, source_of(request), secret=None)


async def _setup(request: Request, record: SourceRecord, *, secret: str | None) -> Response:
    here = await arrivals(request, record)
    hook_url = _hook_url(request, record.name)
    guide = connect(
        project_services(request).instructions(record.kind, frame_of(request).words.language.value),
        hook_url=hook_url,
        secret=secret or "SECRET",
    )
    return render(
        request,
        "source.html",
        tell=telling(request),
        nav="sources",
        record=record,
        id=encode(Prefix.SOURCE, record.id),
        hook_url=hook_url,
        secret=secret,
        guide=guide,
        calls=here.calls,
        newest=encode(Prefix.CALL, here.calls[0].id if here.calls else 0),
        **here.shown,
        overlaps=record.old_until is not None and record.old_until > services_of(request).clock.now(),
    )


async def arrivals(request: Request, record: SourceRecord) -> Arrivals:
    """What came to a source by now."""
    services = project_services(request)
    calls = await services.door.page(record.id, before=None, limit=_CALLS)
    find = Find(project_id=project_of(request).whole.project.id, source_id=record.id, limit=1)
    found = await services.insight.events(find)
    return Arrivals(calls=calls.items, first=found.items[0] if found.items else None)


def _hook_url(request: Request, name: str) -> str:
    """The address of a hook, from the public address or the one that the reader used."""
    start = services_of(request).public_url or f"{request.url.scheme}://{request.url.netloc}"
    return f"{start.rstrip('/')}/hooks/{project_of(request).key}/{name}"


async def ask_rotate(request: Request) -> Response:
    """`GET /projects/{key}/sources/{source}/rotate`: nothing is changed."""
    return _ask(request, "rotate")


async def ask_delete(request: Request) -> Response:
    """`GET /projects/{key}/sources/{source}/delete`: nothing is changed."""
    return _ask(request, "delete")


def _ask(request: Request, what: str) -> Response:
    record = source_of(request)
    return render(
        request,
        "source_ask.html",
        nav="sources",
        what=what,
        record=record,
        id=encode(Prefix.SOURCE, record.id),
        hours=OVERLAP_HOURS,
    )


async def rotate(request: Request) -> Response:
    """`POST /projects/{key}/sources/{source}/rotate`: the setup page, which shows the new secret this once."""
    made = await project_services(request).manage_sources.rotate(
        project_of(request).key, source_of(request).id, {}, by_of(request), expected=None
    )
    return await _setup(request, made, secret=made.secret.reveal())


async def delete(request: Request) -> Response:
    """`POST /projects/{key}/sources/{source}/delete`."""
    project = project_of(request)
    await project_services(request).manage_sources.delete(
        project.key, source_of(request).id, by_of(request), expected=None
    )
    return see_other(request, project.path("/sources"), done="deleted")


_ONE = "/projects/{key}/sources/{source}"
ROUTES = (
    page("/projects/{key}/sources", sources),
    page("/projects/{key}/sources/new", new_source, action=Action.CHANGE_SOURCES),
    deed("/projects/{key}/sources/new", create, action=Action.CHANGE_SOURCES, again=shown_again),
    page(_ONE, one_source),
    page(f"{_ONE}/rotate", ask_rotate, action=Action.CHANGE_SOURCES),
    deed(f"{_ONE}/rotate", rotate, action=Action.CHANGE_SOURCES),
    page(f"{_ONE}/delete", ask_delete, action=Action.CHANGE_SOURCES),
    deed(f"{_ONE}/delete", delete, action=Action.CHANGE_SOURCES),
)
