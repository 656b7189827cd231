"""Replay: asking first, then sending again one delivery, a selection, or all that are dead on a robot."""

from starlette.requests import Request
from starlette.responses import Response

from shipbell.domain.access import Action
from shipbell.domain.ids import Prefix, decode, encode
from shipbell.ports.history import DeliveryWhole, Find
from shipbell.web.console.frame import by_of, deed, form_of, page, project_of, render, see_other
from shipbell.web.console.project_services import project_services
from shipbell.web.console.project_words import telling
from shipbell.web.console.services import services_of

_MOST = 100
_SHOWN = 10


def _numbers(texts: list[str]) -> list[int]:
    """The row numbers of public ids, each once; what is none is passed over."""
    known = [decode(Prefix.DELIVERY, one) for one in texts[:_MOST]]
    return list(dict.fromkeys(one for one in known if one is not None))


async def ask(request: Request) -> Response:
    """`GET /projects/{key}/deliveries/replay?id=…`: what would go again; nothing is changed."""
    project = project_of(request)
    asked = _numbers(request.query_params.getlist("id"))
    history = services_of(request).history
    found = [await history.delivery(one) for one in asked]
    mine = [one for one in found if one is not None and one.delivery.project_id == project.whole.project.id]
    going = [one for one in mine if one.delivery.state not in {"waiting", "retrying"} and not one.delivery.test]
    return render(
        request,
        "deliveries_replay.html",
        tell=telling(request),
        nav="deliveries",
        going=going[:_SHOWN],
        ids=[encode(Prefix.DELIVERY, one.delivery.id) for one in going],
        left_out=len(asked) - len(going),
        repeats=sum(map(_may_be_there, going)),
    )


def _may_be_there(one: DeliveryWhole) -> bool:
    return one.delivery.state == "delivered" or one.delivery.maybe_delivered


async def replay(request: Request) -> Response:
    """`POST /projects/{key}/deliveries/replay`."""
    project, form = project_of(request), form_of(request)
    ids = _numbers(form.every("id"))
    done = await services_of(request).history.replay(ids, project_id=project.whole.project.id, by=by_of(request))
    if len(ids) == 1 and done.replayed:
        path = project.path(f"/deliveries/{encode(Prefix.DELIVERY, ids[0])}")
        return see_other(request, path, replayed=1)
    return see_other(request, project.path("/deliveries"), replayed=done.replayed, refused=len(done.refused) or None)


def _dead_of(request: Request) -> Find:
    """All that is dead on a robot, of this project."""
    lane = decode(Prefix.ROBOT, request.path_params["robot"])
    return Find(project_id=project_of(request).whole.project.id, state="dead", lane_id=lane or 0, limit=_SHOWN)


async def ask_robot(request: Request) -> Response:
    """`GET /projects/{key}/robots/{robot}/replay`: what would go again; nothing is changed."""
    insight, tell = project_services(request).insight, telling(request)
    found = await insight.deliveries(_dead_of(request))
    count = (await insight.counts(_dead_of(request)))["dead"]
    return render(
        request,
        "robot_replay.html",
        tell=tell,
        nav="deliveries",
        lines=found.items,
        count=tell.count(count),
        any=count.number > 0,
        robot=request.path_params["robot"],
    )


async def replay_robot(request: Request) -> Response:
    """`POST /projects/{key}/robots/{robot}/replay`: all that are dead on a robot, of this project."""
    project = project_of(request)
    done = await project_services(request).replay.many(_dead_of(request), by_of(request))
    return see_other(request, project.path("/deliveries"), replayed=done.replayed, refused=len(done.refused) or None)


ROUTES = (
    page("/projects/{key}/deliveries/replay", ask, action=Action.REPLAY),
    deed("/projects/{key}/deliveries/replay", replay, action=Action.REPLAY),
    page("/projects/{key}/robots/{robot}/replay", ask_robot, action=Action.REPLAY),
    deed("/projects/{key}/robots/{robot}/replay", replay_robot, action=Action.REPLAY),
)
