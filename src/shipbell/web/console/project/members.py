"""Members of a project: their roles, adding and removing them."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from shipbell.domain.access import Action, Role
from shipbell.domain.errors import InvalidValue, NotFound, Problem
from shipbell.ports.directory import MemberRecord
from shipbell.web.console.frame.page import ROLES, by_of, deed, form_of, frame_of, page, project_of, render, see_other
from shipbell.web.console.frame.project_services import project_services
from shipbell.web.console.frame.project_words import telling
from shipbell.web.console.frame.services import services_of
from shipbell.web.console.frame.words import en

_DONE = {
    "added": en("The member is added."),
    "changed": en("The role is changed."),
    "removed": en("The member is removed."),
}


async def members(request: Request) -> Response:
    """`GET /projects/{key}/settings/members`."""
    return await _show(request, user="", role=Role.DEVELOPER.value, problems=())


async def _show(request: Request, *, user: str, role: str, problems: Sequence[Problem], status: int = 200) -> Response:
    tell = telling(request)
    known = {one.name for one in await services_of(request).accounts.users()}
    done = _DONE.get(request.query_params.get("done", ""))
    return render(
        request,
        "members.html",
        status,
        tell=tell,
        nav="members",
        members=project_of(request).whole.members,
        known=known,
        roles=[(one.value, tell.role(one)) for one in ROLES],
        user=user,
        role=role,
        problems=problems,
        done_with=tell.words.t(done) if done else "",
    )


async def shown_again(request: Request) -> Response:
    """The form as it was typed before a sign-in or an error; no role is changed."""
    return await _show(request, user=form_of(request).one("user"), role=form_of(request).one("role"), problems=())


async def put(request: Request) -> Response:
    """`POST /projects/{key}/settings/members`: add a member, or change a role."""
    form, project, words = form_of(request), project_of(request), frame_of(request).words
    user, role = form.one("user").strip(), form.one("role")
    manage = project_services(request).manage_projects
    try:
        _, new = await manage.put_member(project.key, user, {"role": role}, by_of(request), expected=None)
    except InvalidValue as error:
        told = [Problem(field=one.field, code=one.code, message=words.told(one.message)) for one in error.problems]
        return await _show(request, user=user, role=role, problems=told, status=422)
    return see_other(request, project.path("/settings/members"), done="added" if new else "changed")


def _member(request: Request) -> MemberRecord:
    for one in project_of(request).whole.members:
        if one.user == request.path_params["user"]:
            return one
    raise NotFound("There is no such member.")


async def ask_remove(request: Request) -> Response:
    """`GET /projects/{key}/settings/members/{user}/remove`: nothing is changed."""
    return render(request, "members_remove.html", tell=telling(request), nav="members", member=_member(request))


async def remove(request: Request) -> Response:
    """`POST /projects/{key}/settings/members/{user}/remove`."""
    project = project_of(request)
    await project_services(request).manage_projects.remove_member(
        project.key, _member(request).user, by_of(request), expected=None
    )
    return see_other(request, project.path("/settings/members"), done="removed")


ROUTES = (
    page("/projects/{key}/settings/members", members),
    deed("/projects/{key}/settings/members", put, action=Action.CHANGE_MEMBERS, again=shown_again),
    page("/projects/{key}/settings/members/{user}/remove", ask_remove, action=Action.CHANGE_MEMBERS),
    deed("/projects/{key}/settings/members/{user}/remove", remove, action=Action.CHANGE_MEMBERS),
)
