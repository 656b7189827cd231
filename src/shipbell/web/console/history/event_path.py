"""Why no message: the path of one event, from the hook to the group, rule by rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from shipbell.channels import name_of
from shipbell.domain.ids import Prefix, encode
from shipbell.domain.matching import Rule
from shipbell.ports.directory import SourceRecord, SubscriptionRecord
from shipbell.ports.history import EventLine
from shipbell.usecases.refused_calls import TurnedAway, turned_away
from shipbell.usecases.waiting_reason import Holdup, holdups
from shipbell.usecases.why import Branch
from shipbell.web.console.frame.page import frame_of, page, project_of, render
from shipbell.web.console.frame.project_services import project_services
from shipbell.web.console.frame.project_words import Telling, telling
from shipbell.web.console.frame.services import services_of

_LONGEST = 500
_DOORS = 10
_SHOWN = 25
_DIGITS = 7
# The gate filter narrows completed checks alone.
_CHECK = "check.task.completed"


@dataclass(frozen=True, slots=True)
class Step:
    """One rule's answer in words: `is-ok` where it holds, `is-stop` where it said no."""

    look: str
    said: str
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchView:
    """One subscription's part of the path."""

    name: str
    state: str
    record: SubscriptionRecord | None
    steps: Sequence[Step]
    asked_all: bool
    branch: Branch
    changed: str
    holdup: Holdup | None

    @property
    def id(self) -> str | None:
        """The public id of the subscription, unless it is gone."""
        return encode(Prefix.SUBSCRIPTION, self.record.id) if self.record else None


async def why(request: Request) -> Response:
    """`GET /projects/{key}/why?q=`."""
    q = request.query_params.get("q", "").replace("\0", "").strip()[:_LONGEST]
    lines = await _meant(request, q) if q else ()
    line = lines[0] if lines else None
    return render(
        request,
        "why.html",
        tell=telling(request),
        nav="why",
        q=q,
        line=line,
        others=lines[1:],
        branches=await branches_of(request, line) if line else BranchPage(),
        knocked=await _knocked(request) if q and not line else (),
    )


async def _meant(request: Request, q: str) -> Sequence[EventLine]:
    """The events that a text means: by an id, else by run number, name, commit or link."""
    project_id = project_of(request).whole.project.id
    named = await services_of(request).history.events_named(q, project_id=project_id)
    return named or await project_services(request).insight.follow(project_id, q)


async def _knocked(request: Request) -> Sequence[TurnedAway[SourceRecord]]:
    """The doors that turned calls away of late, a few at most."""
    found = await turned_away(project_services(request).door, project_of(request).whole.sources)
    return found[:_DOORS]


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchPage:
    """Some branches of a path, those who were told first; the numbers speak of all of them."""

    some: Sequence[BranchView] = ()
    all: int = 0
    wanted: int = 0
    told: int = 0
    start: int = 0
    next: int | None = None


async def branches_of(request: Request, line: EventLine) -> BranchPage:
    """What became of an event for each subscription, from the `?from=`th on."""
    path = await project_services(request).why.path(line, start=_start(request), most=_SHOWN)
    made = [one.delivery.delivery for one in path.branches if one.delivery]
    services = services_of(request)
    kept_by = await holdups(services.history, made, services.clock.now())
    return BranchPage(
        some=_views(request, line, path.branches, kept_by),
        all=path.all,
        wanted=path.wanted,
        told=path.delivered,
        start=path.start,
        next=path.next,
    )


def _start(request: Request) -> int:
    text = request.query_params.get("from", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else 0


def _views(
    request: Request, line: EventLine, shown: Sequence[Branch], kept_by: Mapping[int, Holdup]
) -> list[BranchView]:
    records = {one.name: one for one in project_of(request).whole.subscriptions}
    tell = telling(request)
    region = frame_of(request).region(project_of(request).whole.project.region)
    return [
        BranchView(
            name=one.subscription or tell.words.t("Deleted subscription"),
            state=one.delivery.delivery.state if one.delivery else "not-wanted",
            record=records.get(one.subscription),
            steps=_steps(one, records.get(one.subscription), line, tell, region),
            asked_all=all(rule.holds for rule in one.rules),
            branch=one,
            changed=_changed(records.get(one.subscription), line, tell),
            holdup=kept_by.get(one.delivery.delivery.id) if one.delivery else None,
        )
        for one in shown
    ]


def _steps(
    branch: Branch, record: SubscriptionRecord | None, line: EventLine, tell: Telling, region: str
) -> Sequence[Step]:
    """The rules up to the first that said no; where a delivery was made all of them held when the event came."""
    if branch.delivery and not all(rule.holds for rule in branch.rules):
        since = tell.words.t("Subscription or project were changed since: it would not be told now.")
        return [Step("is-ok", tell.words.t("It wanted this event when it came"), since)]
    steps: list[Step] = []
    for verdict in branch.rules:
        if verdict.rule is Rule.GATE and line.type != _CHECK:
            continue
        steps.append(_step(verdict.rule, record, line, tell, region, holds=verdict.holds))
        if not verdict.holds:
            break
    return steps


def _step(  # noqa: PLR0913 - what a rule is told from
    rule: Rule, record: SubscriptionRecord | None, line: EventLine, tell: Telling, region: str, *, holds: bool
) -> Step:
    t, look = tell.words.t, "is-ok" if holds else "is-stop"
    channel = name_of(record.channel if record else "").read(tell.words.language)
    match rule:
        case Rule.OFFERED:
            if holds:
                return Step(look, t("{channel} is offered in {region}", channel=channel, region=region))
            return Step(look, t("{channel} is not offered in {region}", channel=channel, region=region))
        case Rule.ENABLED:
            return Step(look, t("Switched on") if holds else t("Switched off"))
        case Rule.TYPE:
            kind = tell.ticked(line.type)
            said = t("{kind} is ticked", kind=kind) if holds else t("{kind} is not ticked", kind=kind)
            return Step(look, said, "" if holds else _asks_for(record, tell))
        case Rule.GATE:
            if holds:
                return Step(look, t("The gate result is wanted"))
            return Step(look, t("The gate result is not wanted"), _gate_wish(record, tell))


def _changed(record: SubscriptionRecord | None, line: EventLine, tell: Telling) -> str:
    """Who changed a subscription last, where that was after the event came."""
    stamp = record.stamp if record else None
    if stamp is None or stamp.updated_at <= line.received_at:
        return ""
    words = tell.words
    return words.t("Last changed {time} by {name}.", time=words.at(stamp.updated_at), name=words.who(stamp.updated_by))


def _asks_for(record: SubscriptionRecord | None, tell: Telling) -> str:
    if record is None:
        return ""
    wanted = tell.words.listed([tell.ticked(one) for one in record.events])
    return tell.words.t("It asks for {wanted}.", wanted=wanted)


def _gate_wish(record: SubscriptionRecord | None, tell: Telling) -> str:
    if record is None:
        return ""
    return tell.words.t("It asks for the gate result: {gate}.", gate=tell.gate(record.gate.value))


ROUTES = (page("/projects/{key}/why", why),)
