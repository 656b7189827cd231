"""Replay of all that is dead on a robot, however many: in steps that end soon, with what is left."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from shipbell.domain.access import Action
from shipbell.domain.ids import Prefix, decode, encode
from shipbell.ports.history import Find
from shipbell.ports.insight import Count
from shipbell.web.console.frame.filters import counted_of
from shipbell.web.console.frame.page import by_of, deed, form_of, known_address, page, project_of, render, see_other
from shipbell.web.console.frame.project_services import project_services
from shipbell.web.console.frame.project_words import number_of, telling
from shipbell.web.console.frame.services import services_of
from shipbell.web.console.history.replay import reasons_of

# What one press moves: so little that no browser or proxy stops waiting for it.
STEP = 2_000
_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """How far a replay of many has come: it goes on after `after`, with what died before `until`."""

    after: int = 0
    until: int = 0
    replayed: int = 0
    refused: int = 0
    why: Sequence[str] = ()

    def asked(self) -> dict[str, object]:
        """The address or the hidden fields that say so."""
        after = encode(Prefix.DELIVERY, self.after)
        pairs = {"after": after, "until": self.until, "replayed": self.replayed, "refused": self.refused}
        return {**pairs, "why": list(self.why)}


def _steps(first: dict[str, str], why: Sequence[str]) -> Steps:
    return Steps(
        after=number_of(Prefix.DELIVERY, first.get("after")) or 0,
        until=counted_of(first.get("until", "")),
        replayed=counted_of(first.get("replayed", "")),
        refused=counted_of(first.get("refused", "")),
        why=reasons_of(why),
    )


def _dead_of(request: Request, until: int = 0) -> Find:
    """All that is dead on a robot, of this project; what dies while it is replayed is not replayed again."""
    lane, now = decode(Prefix.ROBOT, request.path_params["robot"]), services_of(request).clock.now()
    return Find(
        project_id=project_of(request).whole.project.id,
        state="dead",
        lane_id=lane or 0,
        until=min(now, datetime.fromtimestamp(until / 1000, UTC)) if until else None,
        limit=_SHOWN,
    )


async def ask_robot(request: Request) -> Response:
    """`GET /projects/{key}/robots/{robot}/replay`: what would go again, or how far it came; nothing is changed."""
    query = request.query_params
    if "replayed" in query:
        return await _came(request, _steps(dict(query), query.getlist("why")))
    insight, tell = project_services(request).insight, telling(request)
    found = await insight.deliveries(_dead_of(request))
    count = await insight.newer(_dead_of(request), 0)
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


async def _came(request: Request, steps: Steps) -> Response:
    """How far a replay of many has come, with the form that goes on."""
    services, find = project_services(request), _dead_of(request, steps.until)
    more = await services.replay.left(find, steps.after)
    counts = await services.insight.counts(Find(project_id=find.project_id))
    return render(
        request,
        "robot_replayed.html",
        tell=telling(request),
        nav="deliveries",
        robot=request.path_params["robot"],
        steps=steps,
        more=more,
        left=await services.insight.newer(find, steps.after) if more else None,
        waits=_both(counts["waiting"], counts["retrying"]),
        refused=steps.refused,
        reasons=steps.why,
        again=known_address(request.url.path, request.url.query),
    )


def _both(one: Count, other: Count) -> Count:
    return Count.of(one.number + other.number, more=one.more or other.more)


async def replay_robot(request: Request) -> Response:
    """`POST /projects/{key}/robots/{robot}/replay`: the next of all that are dead on a robot, of this project."""
    project, form, robot = project_of(request), form_of(request), request.path_params["robot"]
    steps = _steps({name: form.one(name) for name in form.fields}, form.every("why"))
    if not steps.until:
        steps = replace(steps, until=int(services_of(request).clock.now().timestamp() * 1000))
    find = _dead_of(request, steps.until)
    done = await project_services(request).replay.many(find, by_of(request), after=steps.after, most=STEP)
    came = replace(
        steps,
        after=done.last,
        replayed=steps.replayed + done.replayed,
        refused=steps.refused + done.refusals,
        why=reasons_of([*steps.why, *done.refused.values()]),
    )
    return see_other(request, project.path(f"/robots/{robot}/replay"), **came.asked())


ROUTES = (
    page("/projects/{key}/robots/{robot}/replay", ask_robot, action=Action.REPLAY),
    deed("/projects/{key}/robots/{robot}/replay", replay_robot, action=Action.REPLAY),
)
