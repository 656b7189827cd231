"""Events, deliveries and robots of a project."""

from collections.abc import Iterable, Mapping

from starlette.responses import Response

from shipbell.domain.errors import InvalidValue, NotFound, Problem
from shipbell.domain.ids import Prefix
from shipbell.domain.validation import Findings
from shipbell.ports.history import DeliveryLine, DeliveryWhole, EventLine, Find, RobotLine
from shipbell.usecases.replay import refusals
from shipbell.usecases.validate import finished
from shipbell.usecases.waiting_reason import Holdup, holdups
from shipbell.usecases.why import Branch
from shipbell.web.api import writing
from shipbell.web.api.operation import Call, answer
from shipbell.web.api.queries import MOST, STATES
from shipbell.web.api.reading import cursor, id_in_path, id_of, limit_of, number_cursor_of, time_of, word_of
from shipbell.web.api.shapes import Listed
from shipbell.web.api.shapes_past import BranchShape, RefusalShape, ReplayedShape, RuleShape, WhyShape

_CHOSEN = ("robot", "state", "from", "to")


async def events(call: Call) -> Response:
    """The events, the newest first."""
    page = await call.services.history.events(await _find(call, call.request.query_params))
    return answer(Listed(items=[writing.event(one) for one in page.items], next=cursor(page.next)))


async def event(call: Call) -> Response:
    """One event."""
    return answer(writing.event(await _event(call)))


async def why(call: Call) -> Response:
    """What became of an event, rule by rule, for each subscription, those that were told first."""
    line, limit, start = await _event(call), limit_of(call.request, MOST), number_cursor_of(call.request) or 0
    path = await call.services.why.path(line, start=start, most=limit)
    kept_by = await _kept_by(call, (one.delivery.delivery for one in path.branches if one.delivery))
    branches = [_branch(one, kept_by) for one in path.branches]
    return answer(WhyShape(event=writing.event(path.event), branches=branches, next=cursor(path.next)))


async def _event(call: Call) -> EventLine:
    """The event of our id, or the newest of the tool's own."""
    project = await call.project()
    found = await call.services.history.events_named(call.request.path_params["id"], project_id=project.id)
    if not found:
        raise NotFound("There is no such event in this project; the calls of its sources tell what was turned away.")
    return found[0]


async def _kept_by(call: Call, lines: Iterable[DeliveryLine]) -> Mapping[int, Holdup]:
    return await holdups(call.services.history, lines, call.services.clock.now())


def _branch(branch: Branch, kept_by: Mapping[int, Holdup]) -> BranchShape:
    return BranchShape(
        subscription=branch.subscription,
        matched=all(one.holds for one in branch.rules) if branch.rules else branch.delivery is not None,
        rules=[RuleShape(one.rule.value, one.holds) for one in branch.rules],
        delivery=None if branch.delivery is None else writing.delivery_told(branch.delivery, kept_by),
    )


async def deliveries(call: Call) -> Response:
    """The deliveries, the newest first."""
    page = await call.services.history.deliveries(await _find(call, call.request.query_params))
    return answer(Listed(items=[writing.delivery(one) for one in page.items], next=cursor(page.next)))


async def delivery(call: Call) -> Response:
    """One delivery with its event and attempts."""
    project = await call.project()
    return await _whole(call, await call.services.replay.look(project.id, _delivery_id(call)))


async def _whole(call: Call, whole: DeliveryWhole) -> Response:
    return answer(writing.delivery_whole(whole, await _kept_by(call, [whole.delivery])))


async def replay_one(call: Call) -> Response:
    """One delivery, sent again."""
    project = await call.project()
    return await _whole(call, await call.services.replay.one(project.id, _delivery_id(call), call.who.by))


async def replay_many(call: Call) -> Response:
    """Many deliveries, sent again, the oldest first."""
    _check_chosen(call.body)
    find = await _find(call, {"state": "dead", **call.body})
    done = await call.services.replay.many(find, call.who.by, after=find.before or 0)
    refused = [RefusalShape(**one) for one in refusals(done.refused)]
    following = cursor(done.last) if done.more else None
    return answer(ReplayedShape(replayed=done.replayed, refusals=done.refusals, refused=refused, next=following))


async def robots(call: Call) -> Response:
    """The robots that the project's subscriptions name."""
    project = await call.project()
    limit, after = limit_of(call.request), number_cursor_of(call.request) or 0
    lines = await call.services.history.robots(project_id=project.id, after=after, most=limit + 1)
    page = lines[:limit]
    following = cursor(page[-1].id) if len(lines) > limit else None
    return answer(Listed(items=[_robot(call, one) for one in page], next=following))


async def robot(call: Call) -> Response:
    """One robot."""
    return answer(_robot(call, await _known_robot(call)))


async def reopen(call: Call) -> Response:
    """A robot, opened again; what waits goes on, dead letters stay until they are replayed."""
    line = await _known_robot(call)
    await call.services.history.reopen(line.id, project=call.key, by=call.who.by)
    return answer(_robot(call, await _known_robot(call)))


async def _known_robot(call: Call) -> RobotLine:
    number = id_in_path(call.request, Prefix.ROBOT, "robot")
    project = await call.project()
    for line in await call.services.history.robots(project_id=project.id, lane_ids=[number]):
        return line
    raise NotFound("There is no such robot in this project.")


def _robot(call: Call, line: RobotLine) -> object:
    per_minute = call.services.per_minute.get(line.channel, 0)
    return writing.robot(line, now=call.services.clock.now(), per_minute=per_minute)


def _delivery_id(call: Call) -> int:
    return id_in_path(call.request, Prefix.DELIVERY, "delivery")


async def _find(call: Call, given: Mapping[str, object]) -> Find:
    """What a query string or a body asks for; raises InvalidValue."""
    project = await call.project()
    state = word_of(given.get("state"), "state")
    if state is not None and state not in STATES:
        raise InvalidValue(
            [Problem(field="state", code="unknown-state", message=f"Choose one of {', '.join(STATES)}.")]
        )
    return Find(
        project_id=project.id,
        state=state,
        lane_id=id_of(given.get("robot"), Prefix.ROBOT, "robot"),
        subscription_id=id_of(given.get("subscription"), Prefix.SUBSCRIPTION, "subscription"),
        source_id=id_of(given.get("source"), Prefix.SOURCE, "source"),
        type=word_of(given.get("type"), "type"),
        text=word_of(given.get("text"), "text"),
        since=time_of(given.get("from"), "from"),
        until=time_of(given.get("to"), "to"),
        before=number_cursor_of(call.request),
        limit=limit_of(call.request),
    )


def _check_chosen(given: Mapping[str, object]) -> None:
    """Raise InvalidValue for a key that is unknown or says nothing: nobody who names a robot means every robot."""
    found = Findings()
    found.unknown_keys(given, _CHOSEN)
    for one in _CHOSEN:
        if one in given and given[one] in (None, ""):
            found.add(one, "required", "Give a value, or leave the key out.")
    finished(found)
