"""Administration of the instance: its users and its projects."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from shipbell.domain.access import Action, may
from shipbell.domain.catalog import DEFAULT_REGION, REGIONS
from shipbell.domain.errors import Conflict, Forbidden, InvalidValue, NotFound, Problem, ShipbellError
from shipbell.ports.accounts import User
from shipbell.ports.directory import ProjectRecord
from shipbell.web.console.frame.my_projects import named
from shipbell.web.console.frame.page import by_of, deed, form_of, frame_of, page, render, see_other, who_of
from shipbell.web.console.frame.project_services import project_services
from shipbell.web.console.frame.project_words import telling
from shipbell.web.console.frame.services import services_of
from shipbell.web.console.frame.words import en
from shipbell.web.console.frame.zones import ZONES

_SHOWN, _LONGEST = 50, 200
_DONE = {
    "added": en("The user is added."),
    "promoted": en("The user is an instance administrator now."),
    "demoted": en("The user is no instance administrator any more."),
    "password": en("The password is changed, and the user's sessions are ended."),
    "removed": en("The user is removed, with all sessions, tokens and roles."),
    "created": en("The project is created."),
    "deleted": en("The project is deleted."),
}


def _check(request: Request, action: Action) -> None:
    if not may(None, action, instance_administrator=who_of(request).user.is_admin):
        raise Forbidden("Only an instance administrator may do this.")


def _problems(request: Request, error: ShipbellError, field: str) -> Sequence[Problem]:
    words = frame_of(request).words
    if isinstance(error, InvalidValue):
        return [Problem(field=one.field, code=one.code, message=words.told(one.message)) for one in error.problems]
    return (Problem(field=field, code=error.code, message=words.told(error.sentence)),)


def _done(request: Request) -> str:
    told = _DONE.get(request.query_params.get("done", ""))
    return frame_of(request).words.t(told) if told else ""


async def users(request: Request) -> Response:
    """`GET /admin/users`."""
    _check(request, Action.MANAGE_USERS)
    return await _show_users(request, name="", problems=())


async def _show_users(request: Request, *, name: str, problems: Sequence[Problem], status: int = 200) -> Response:
    return render(
        request,
        "admin_users.html",
        status,
        tell=telling(request),
        nav="admin",
        tab="users",
        users=await services_of(request).accounts.users(),
        me=who_of(request).user.name,
        name=name,
        problems=problems,
        done_with=_done(request),
    )


async def shown_user(request: Request) -> Response:
    """The form of a new user as it was typed before a sign-in or an error, without its password; none is made."""
    _check(request, Action.MANAGE_USERS)
    return await _show_users(request, name=form_of(request).one("name"), problems=())


async def add_user(request: Request) -> Response:
    """`POST /admin/users`."""
    _check(request, Action.MANAGE_USERS)
    form = form_of(request)
    name = form.one("name").strip()
    try:
        await services_of(request).manage_accounts.add(
            name, form.one("password"), is_admin=form.has("is_admin"), by=by_of(request)
        )
    except (InvalidValue, Conflict) as error:
        return await _show_users(request, name=name, problems=_problems(request, error, "name"), status=422)
    return see_other(request, "/admin/users", done="added")


async def _user(request: Request) -> User:
    _check(request, Action.MANAGE_USERS)
    found = await services_of(request).accounts.user(request.path_params["user"])
    if found is None:
        raise NotFound("There is no such user.")
    return found


async def one_user(request: Request) -> Response:
    """`GET /admin/users/{user}`: a new password, the right to administer, the end; nothing is changed."""
    return await _show_user(request, problems=())


async def _show_user(request: Request, *, problems: Sequence[Problem], status: int = 200) -> Response:
    user = await _user(request)
    return render(
        request,
        "admin_user.html",
        status,
        tell=telling(request),
        nav="admin",
        tab="users",
        user=user,
        problems=problems,
    )


async def ask_remove(request: Request) -> Response:
    """`GET /admin/users/{user}/remove`: nothing is changed."""
    return render(request, "admin_user_remove.html", nav="admin", tab="users", user=await _user(request))


async def change_user(request: Request) -> Response:
    """`POST /admin/users/{user}`: `do` is password, promote, demote or remove."""
    user, form = await _user(request), form_of(request)
    services, by = services_of(request), by_of(request)
    try:
        match form.one("do"):
            case "password":
                await services.manage_accounts.change_password(user.name, form.one("password"), by)
                done = "password"
            case "promote":
                await services.manage_accounts.change(user.name, by, is_admin=True)
                done = "promoted"
            case "demote":
                await services.manage_accounts.change(user.name, by, is_admin=False)
                done = "demoted"
            case "remove":
                await services.accounts.remove_user(user.name, by)
                done = "removed"
            case _:
                raise NotFound("There is no such change of a user.")
    except (InvalidValue, Conflict) as error:
        return await _show_user(request, problems=_problems(request, error, "user"), status=422)
    return see_other(request, "/admin/users", done=done)


async def projects(request: Request) -> Response:
    """`GET /admin/projects`, by `?q=` and from the project `?from=` on."""
    _check(request, Action.CREATE_PROJECT)
    zone = services_of(request).time_zone
    typed = {"key": "", "name": "", "region": DEFAULT_REGION, "time_zone": zone}
    return await _show_projects(request, typed, problems=(), fresh=True)


async def _show_projects(
    request: Request,
    typed: Mapping[str, str],
    *,
    problems: Sequence[Problem],
    fresh: bool = False,
    status: int = 200,
) -> Response:
    query = request.query_params
    every = await services_of(request).directory.projects()
    text = query.get("q", "").replace("\0", "").strip()[:_LONGEST]
    found = [one for one in every if named(one.key, one.name, text)]
    begin = bisect_left([one.key for one in found], query.get("from", ""))
    start = begin if begin < len(found) else 0
    rest = found[start + _SHOWN :]
    return render(
        request,
        "admin_projects.html",
        status,
        tell=telling(request),
        nav="admin",
        tab="projects",
        projects=found[start : start + _SHOWN],
        total=len(every),
        found=len(found),
        q=text,
        first=start == 0,
        next=rest[0].key if rest else None,
        typed=typed,
        fresh=fresh,
        zones=ZONES,
        regions=_regions(request),
        problems=problems,
        done_with=_created(request, [one.key for one in every]) or _done(request),
    )


def _created(request: Request, known: Sequence[str]) -> str:
    """What is told of a project that was made right now, with the way into it."""
    words, key = frame_of(request).words, request.query_params.get("new", "")
    if request.query_params.get("done") != "created" or key not in known:
        return ""
    link = Markup('<a href="{}">{}</a>').format(words.href(f"/projects/{key}"), key)
    return words.th("The project is created. Open it: {link}.", link=link)


def _regions(request: Request) -> list[tuple[str, str]]:
    """The regions by code, each with its name; one in which no channel is offered says so."""
    services, words = services_of(request), frame_of(request).words
    regions = []
    for code, label in REGIONS.items():
        told = words.t("{name} ({code})", name=label.read(words.language), code=code)
        if not any(services.offered(kind, code) for kind in services.channels):
            told = words.t("{region}: no group can be told here", region=told)
        regions.append((code, told))
    return regions


def _typed_project(request: Request) -> dict[str, str]:
    return {name: form_of(request).one(name).strip() for name in ("key", "name", "region", "time_zone")}


async def shown_project(request: Request) -> Response:
    """The form of a new project as it was typed before a sign-in or an error; none is made."""
    _check(request, Action.CREATE_PROJECT)
    return await _show_projects(request, _typed_project(request), problems=())


async def create_project(request: Request) -> Response:
    """`POST /admin/projects`."""
    _check(request, Action.CREATE_PROJECT)
    typed = _typed_project(request)
    given = {name: value for name, value in typed.items() if value}
    try:
        await project_services(request).manage_projects.create(given, by_of(request))
    except (InvalidValue, Conflict) as error:
        return await _show_projects(request, typed, problems=_problems(request, error, "key"), status=422)
    return see_other(request, "/admin/projects", done="created", new=typed["key"])


async def _project(request: Request) -> ProjectRecord:
    _check(request, Action.DELETE_PROJECT)
    for one in await services_of(request).directory.projects():
        if one.key == request.path_params["project"]:
            return one
    raise NotFound("There is no such project.")


async def ask_delete(request: Request) -> Response:
    """`GET /admin/projects/{project}/delete`: nothing is changed."""
    return render(request, "admin_delete.html", nav="admin", tab="projects", record=await _project(request))


async def delete_project(request: Request) -> Response:
    """`POST /admin/projects/{project}/delete`."""
    record = await _project(request)
    await project_services(request).manage_projects.delete(record.key, by_of(request), expected=None)
    return see_other(request, "/admin/projects", done="deleted")


ROUTES = (
    page("/admin/users", users),
    deed("/admin/users", add_user, again=shown_user),
    page("/admin/users/{user}", one_user),
    deed("/admin/users/{user}", change_user),
    page("/admin/users/{user}/remove", ask_remove),
    page("/admin/projects", projects),
    deed("/admin/projects", create_project, again=shown_project),
    page("/admin/projects/{project}/delete", ask_delete),
    deed("/admin/projects/{project}/delete", delete_project),
)
