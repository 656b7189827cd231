"""Replay: asking first, then sending again one delivery or a selection, and how it goes."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from shipbell.domain.access import Action
from shipbell.domain.ids import Prefix, decode, encode
from shipbell.ports.history import DeliveryLine
from shipbell.web.console.frame.filters import counted_of
from shipbell.web.console.frame.page import by_of, deed, form_of, known_address, page, project_of, render, see_other
from shipbell.web.console.frame.project_services import project_services
from shipbell.web.console.frame.project_words import telling
from shipbell.web.console.frame.services import services_of

_MOST = 100
_SHOWN = 10
_REFUSALS = ("subscription-deleted", "subscription-disabled", "channel-unavailable-in-region", "robot-closed",
             "still-waiting", "test-message", "not-found")  # fmt: skip


def _numbers(texts: Sequence[str]) -> list[int]:
    """The row numbers of public ids, each once; what is none is passed over."""
    known = [decode(Prefix.DELIVERY, one) for one in texts[:_MOST]]
    return list(dict.fromkeys(one for one in known if one is not None))


def reasons_of(texts: Sequence[str]) -> list[str]:
    """The known codes among these, each once."""
    return [one for one in _REFUSALS if one in texts]


async def ask(request: Request) -> Response:
    """`GET /projects/{key}/deliveries/replay?id=…`: what would go again, or how it goes; nothing is changed."""
    asked = _numbers(request.query_params.getlist("id"))
    if "replayed" in request.query_params:
        return _under_way(request, await _mine(request, asked))
    return await _ask(request, asked)


async def asked_again(request: Request) -> Response:
    """The question once more, for the selection of a form that met a sign-in or an error; nothing is changed."""
    return await _ask(request, _numbers(form_of(request).every("id")))


async def _mine(request: Request, asked: Sequence[int]) -> list[DeliveryLine]:
    project_id = project_of(request).whole.project.id
    found = await project_services(request).insight.lines(asked)
    return [one for one in found if one.project_id == project_id]


async def _ask(request: Request, asked: Sequence[int]) -> Response:
    mine = await _mine(request, asked)
    going = [one for one in mine if one.state not in {"waiting", "retrying"} and not one.test]
    return render(
        request,
        "deliveries_replay.html",
        tell=telling(request),
        nav="deliveries",
        going=going[:_SHOWN],
        ids=[encode(Prefix.DELIVERY, one.id) for one in going],
        left_out=len(asked) - len(going),
        repeats=sum(one.state == "delivered" or one.maybe_delivered for one in going),
    )


def _under_way(request: Request, lines: Sequence[DeliveryLine]) -> Response:
    """How a replayed selection stands by now."""
    query = request.query_params
    refused = counted_of(query.get("refused", ""))
    waits = sum(one.state in {"waiting", "retrying"} for one in lines)
    delivered = sum(one.state == "delivered" for one in lines)
    return render(
        request,
        "deliveries_replayed.html",
        tell=telling(request),
        nav="deliveries",
        all=len(lines),
        waits=waits,
        delivered=delivered,
        bad=len(lines) - waits - delivered,
        refused=refused,
        reasons=reasons_of(query.getlist("why")),
        again=known_address(request.url.path, request.url.query),
    )


async def replay(request: Request) -> Response:
    """`POST /projects/{key}/deliveries/replay`."""
    project, form = project_of(request), form_of(request)
    ids = _numbers(form.every("id"))
    done = await services_of(request).history.replay(ids, project_id=project.whole.project.id, by=by_of(request))
    named = [encode(Prefix.DELIVERY, one) for one in ids]
    if len(ids) == 1 and done.replayed:
        return see_other(request, project.path(f"/deliveries/{named[0]}"), replayed=1)
    return see_other(
        request,
        project.path("/deliveries/replay"),
        id=[one for one, number in zip(named, ids, strict=True) if number not in done.refused],
        replayed=done.replayed,
        refused=len(done.refused) or None,
        why=reasons_of(list(done.refused.values())),
    )


ROUTES = (
    page("/projects/{key}/deliveries/replay", ask, action=Action.REPLAY),
    deed("/projects/{key}/deliveries/replay", replay, action=Action.REPLAY, again=asked_again),
)
