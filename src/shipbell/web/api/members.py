"""The members of a project."""

from starlette.responses import Response

from shipbell.domain.errors import NotFound
from shipbell.usecases.manage import revision, whole_of
from shipbell.web.api import writing
from shipbell.web.api.operation import Call, answer, nothing
from shipbell.web.api.paging import listed


async def every(call: Call) -> Response:
    """The members with their roles."""
    whole = await whole_of(call.services.directory, call.key)
    return answer(listed(call.request, whole.members, by=lambda one: one.user, shape=writing.member))


async def look(call: Call) -> Response:
    """One member."""
    user = call.request.path_params["user"]
    for one in (await whole_of(call.services.directory, call.key)).members:
        if one.user == user:
            return answer(writing.member(one), revision=revision(one.stamp))
    raise NotFound(f"{user} is no member of {call.key}.")


async def put(call: Call) -> Response:
    """A user's role."""
    user = call.request.path_params["user"]
    record, is_new = await call.services.projects.put_member(
        call.key, user, call.body, call.who.by, expected=call.expected
    )
    return answer(writing.member(record), 201 if is_new else 200, revision=revision(record.stamp))


async def delete(call: Call) -> Response:
    """The end of a user's role."""
    await call.services.projects.remove_member(
        call.key, call.request.path_params["user"], call.who.by, expected=call.expected
    )
    return nothing()
