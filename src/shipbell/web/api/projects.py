"""Projects and their members."""

from collections.abc import Callable, Mapping

from starlette.responses import Response

from shipbell.domain.access import Action, may
from shipbell.ports import facts
from shipbell.ports.directory import ProjectRecord
from shipbell.usecases.manage import revision, whole_of
from shipbell.web.api import writing
from shipbell.web.api.changing import patched, replaced
from shipbell.web.api.operation import CREATED, Call, answer, nothing
from shipbell.web.api.paging import listed


async def every(call: Call) -> Response:
    """The projects that one may see."""
    roles = await call.services.access.roles(call.who)
    seen = [
        one
        for one in await call.services.directory.projects()
        if one.key in roles or (call.who.user.is_admin and call.who.reaches(one.key))
    ]
    return answer(
        listed(call.request, seen, by=lambda one: one.key, shape=lambda one: writing.project(one, roles.get(one.key)))
    )


async def create(call: Call) -> Response:
    """A new project."""
    return _one(call, await call.services.projects.create(call.body, call.who.by), 201)


async def look(call: Call) -> Response:
    """One project."""
    return _one(call, (await whole_of(call.services.directory, call.key)).project)


async def replace(call: Call) -> Response:
    """A project as the body says; what is left out takes its default."""
    return await _changed(call, replaced(call))


async def patch(call: Call) -> Response:
    """A project with what the body says changed."""
    return await _changed(call, patched(call, facts.project))


async def _changed(call: Call, change: Callable[[ProjectRecord], Mapping[str, object]]) -> Response:
    may_move = may(call.role, Action.MOVE_REGION, instance_administrator=call.who.user.is_admin)
    record = await call.services.projects.replace(
        call.key, change, call.who.by, expected=call.expected, may_move=may_move
    )
    return _one(call, record)


async def delete(call: Call) -> Response:
    """The end of a project."""
    await call.services.projects.delete(call.key, call.who.by, expected=call.expected)
    return nothing()


def _one(call: Call, record: ProjectRecord, status: int = 200) -> Response:
    location = f"/projects/{record.key}" if status == CREATED else None
    return answer(writing.project(record, call.role), status, revision=revision(record.stamp), location=location)
