"""Basic information of a project: its name, zone and region."""

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from shipbell.domain.access import Action
from shipbell.domain.catalog import REGIONS
from shipbell.domain.errors import InvalidValue, Problem, Stale
from shipbell.ports.directory import ProjectRecord
from shipbell.usecases.manage import revision
from shipbell.web.console.frame.page import by_of, deed, form_of, frame_of, page, project_of, render, see_other
from shipbell.web.console.frame.project_services import project_services
from shipbell.web.console.frame.project_words import telling
from shipbell.web.console.frame.zones import ZONES

_LONGEST_REVISION = 15


async def general(request: Request) -> Response:
    """`GET /projects/{key}/settings/general`."""
    record = project_of(request).whole.project
    typed = {"name": record.name, "time_zone": record.time_zone, "region": record.region}
    return _show(request, record, typed, problems=())


def _show(  # noqa: PLR0913 - what a form is shown with
    request: Request,
    record: ProjectRecord,
    typed: Mapping[str, str],
    *,
    problems: Sequence[Problem],
    stale: bool = False,
    status: int = 200,
) -> Response:
    frame = frame_of(request)
    regions = [(code, label.read(frame.words.language)) for code, label in REGIONS.items()]
    if typed["region"] not in REGIONS:
        regions.append((typed["region"], typed["region"]))
    return render(
        request,
        "settings.html",
        status,
        tell=telling(request),
        nav="general",
        record=record,
        typed=typed,
        problems=problems,
        stale=stale,
        zones=ZONES,
        regions=regions,
        revision=typed.get("revision") or revision(record.stamp),
        saved=request.query_params.get("done") == "saved",
    )


def _typed(request: Request) -> dict[str, str]:
    form, project = form_of(request), project_of(request)
    known = project.whole.project.region
    region = form.one("region", known) if project.may(Action.MOVE_REGION) else known
    return {"name": form.one("name"), "time_zone": form.one("time_zone"), "region": region}


async def shown_again(request: Request) -> Response:
    """The form as it was typed before a sign-in or an error; nothing is saved."""
    typed = {**_typed(request), "revision": form_of(request).one("revision")}
    return _show(request, project_of(request).whole.project, typed, problems=())


async def save(request: Request) -> Response:
    """`POST /projects/{key}/settings/general`; what was typed stays when it cannot be saved."""
    project, form, words = project_of(request), form_of(request), frame_of(request).words
    known, typed = project.whole.project, _typed(request)
    seen = form.one("revision")
    try:
        await project_services(request).manage_projects.replace(
            project.key,
            lambda _: dict(typed),
            by_of(request),
            expected=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < _LONGEST_REVISION else None,
            may_move=project.may(Action.MOVE_REGION),
        )
    except InvalidValue as error:
        told = [Problem(field=one.field, code=one.code, message=words.told(one.message)) for one in error.problems]
        return _show(request, known, typed, problems=told, status=422)
    except Stale:
        return _show(request, known, typed, problems=(), stale=True, status=412)
    return see_other(request, project.path("/settings/general"), done="saved")


ROUTES = (
    page("/projects/{key}/settings/general", general),
    deed("/projects/{key}/settings/general", save, action=Action.CHANGE_PROJECT, again=shown_again),
)
