"""The sources of a project, and what knocked at their doors."""

from collections.abc import Callable, Mapping

from starlette.responses import Response

from shipbell.domain.ids import Prefix, encode
from shipbell.ports.directory import SourceRecord
from shipbell.usecases.manage import revision, whole_of
from shipbell.usecases.manage_sources import facts_of
from shipbell.web.api import writing
from shipbell.web.api.changing import patched, replaced
from shipbell.web.api.operation import CREATED, Call, answer, nothing
from shipbell.web.api.paging import listed
from shipbell.web.api.reading import cursor, id_in_path, limit_of, number_cursor_of
from shipbell.web.api.shapes import Listed


async def every(call: Call) -> Response:
    """The sources, secrets masked."""
    whole = await whole_of(call.services.directory, call.key)
    return answer(
        listed(
            call.request,
            whole.sources,
            by=lambda one: one.name,
            shape=lambda one: writing.source(one, _hook(call, one)),
        )
    )


async def create(call: Call) -> Response:
    """A new source; a secret that was made up is told this once."""
    record = await call.services.sources.create(call.key, call.body, call.who.by)
    return _one(call, record, 201, told=call.body.get("secret") is None)


async def look(call: Call) -> Response:
    """One source."""
    return _one(call, await call.services.sources.one(call.key, _id(call)))


async def replace(call: Call) -> Response:
    """A source as the body says."""
    return await _changed(call, replaced(call))


async def patch(call: Call) -> Response:
    """A source with what the body says changed."""
    return await _changed(call, patched(call, facts_of))


async def _changed(call: Call, change: Callable[[SourceRecord], Mapping[str, object]]) -> Response:
    record = await call.services.sources.replace(call.key, _id(call), change, call.who.by, expected=call.expected)
    return _one(call, record)


async def delete(call: Call) -> Response:
    """The end of a source."""
    await call.services.sources.delete(call.key, _id(call), call.who.by, expected=call.expected)
    return nothing()


async def rotate(call: Call) -> Response:
    """A new secret, told this once."""
    record = await call.services.sources.rotate(call.key, _id(call), call.body, call.who.by, expected=call.expected)
    return _one(call, record, told=True)


async def calls(call: Call) -> Response:
    """What knocked at the door, refused calls too, the newest first."""
    record = await call.services.sources.one(call.key, _id(call))
    page = await call.services.doors.page(
        record.id, before=number_cursor_of(call.request), limit=limit_of(call.request)
    )
    return answer(Listed(items=[writing.call(one) for one in page.items], next=cursor(page.next)))


def _id(call: Call) -> int:
    return id_in_path(call.request, Prefix.SOURCE, "source")


def _hook(call: Call, record: SourceRecord) -> str:
    root = call.services.public_url or str(call.request.base_url).rstrip("/").removesuffix("/api")
    return f"{root}/hooks/{call.key}/{record.name}"


def _one(call: Call, record: SourceRecord, status: int = 200, *, told: bool = False) -> Response:
    location = f"/projects/{call.key}/sources/{encode(Prefix.SOURCE, record.id)}" if status == CREATED else None
    shape = writing.source(record, _hook(call, record), told=told)
    return answer(shape, status, revision=revision(record.stamp), location=location)
