"""Subscriptions as lines of the list and as facts to read."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from starlette.requests import Request

from shipbell.channels import causes_of, name_of
from shipbell.domain import validation
from shipbell.domain.access import Action, Role, may
from shipbell.domain.catalog import GATES, SERVICES, Service
from shipbell.domain.deliveries import LaneState
from shipbell.domain.explanations import explain
from shipbell.domain.ids import Prefix, encode
from shipbell.domain.subscriptions import Format, GateFilter
from shipbell.ports.directory import ProjectWhole, SubscriptionRecord
from shipbell.ports.history import RobotLine
from shipbell.web.console.frame.page import frame_of, project_of
from shipbell.web.console.frame.project_words import lacks_key
from shipbell.web.console.frame.services import ConsoleServices, services_of
from shipbell.web.console.frame.words import LANGUAGES, Words, en

_FORMATS = {Format.MARKDOWN: en("Markdown"), Format.TEXT: en("Text")}
SHOWN = 25
_MINUTE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotState:
    """A robot's state: words, the state's look, and why."""

    text: str
    look: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionLine:
    """One row of the list."""

    id: str
    name: str
    about: str
    told: tuple[str, ...]
    mask: str
    robot: RobotState
    updated_at: datetime | None
    updated_by: str
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionFacts:
    """One subscription spread out."""

    id: str
    name: str
    enabled: bool
    url: str
    events: tuple[str, ...]
    content: tuple[str, ...]
    user_ids: tuple[str, ...]
    language: str
    format: str
    updated_at: datetime | None
    updated_by: str


def channel_name(words: Words, kind: str) -> str:
    """A channel's name for people."""
    return name_of(kind).read(words.language)


def format_name(words: Words, form: Format) -> str:
    """A format's name for people."""
    return words.t(_FORMATS[form])


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionList:
    """Some rows of the list; `find` is what names must contain, `next` begins the following rows."""

    lines: tuple[SubscriptionLine, ...]
    total: int
    found: int
    find: str
    next: str | None


async def listed(request: Request, kind: str, present: str = "") -> SubscriptionList:
    """The channel's subscriptions in order of name: those of `?q=` from `?from=` on, or where `present` stands."""
    services, project, words = services_of(request), project_of(request), frame_of(request).words
    every = [one for one in project.whole.subscriptions if one.channel == kind]
    find = request.query_params.get("q", "").strip()
    some = [one for one in every if find.casefold() in one.name.casefold()] if find else every
    begin = request.query_params.get("from") or present
    start = next((place for place, one in enumerate(some) if _id(one) == begin), 0)
    start -= start % SHOWN
    shown, rest = some[start : start + SHOWN], some[start + SHOWN :]
    used = {one.lane_id for one in shown}
    lines = await services.history.robots(project_id=project.whole.project.id, lane_ids=used) if used else ()
    robots = {one.id: one for one in lines}
    return SubscriptionList(
        lines=tuple(line_of(words, one, robots.get(one.lane_id), services) for one in shown),
        total=len(every),
        found=len(some),
        find=find,
        next=_id(rest[0]) if rest else None,
    )


def _id(record: SubscriptionRecord) -> str:
    return encode(Prefix.SUBSCRIPTION, record.id)


def line_of(
    words: Words, record: SubscriptionRecord, robot: RobotLine | None, services: ConsoleServices
) -> SubscriptionLine:
    """A subscription's row."""
    count = len(validation.members_of(record.user_ids))
    mentioned = words.tn("Mentions {count}", "Mentions {count}", count) if count else words.t("No mentions")
    about = f"{mentioned} · {LANGUAGES[record.locale]} · {format_name(words, record.format)}"
    return SubscriptionLine(
        id=_id(record),
        name=record.name,
        about=about,
        told=tuple(_told(words, service, record) for service in SERVICES.values() if _ticked(service, record)),
        mask=record.url_mask.rpartition("?")[2],
        robot=robot_state(words, robot, services),
        updated_at=record.stamp.updated_at if record.stamp else None,
        updated_by=record.stamp.updated_by if record.stamp else "",
        enabled=record.enabled,
    )


def robot_state(words: Words, robot: RobotLine | None, services: ConsoleServices) -> RobotState:
    """How a robot is, in words."""
    if robot is None:
        return RobotState(text=words.t("Not used yet"), look="")
    now = services.clock.now()
    match robot.state:
        case LaneState.OPEN if not robot.tried:
            if lacks_key(robot.mask):
                no_key = words.t("Its URL has no key: copy the whole address from the robot.")
                return RobotState(text=words.t("No key in its URL"), look="retry", why=no_key)
            return RobotState(text=words.t("Not tried yet"), look="")
        case LaneState.OPEN:
            used = sum(1 for one in robot.starts if now - one < _MINUTE)
            limit = services.project.per_minute.get(robot.channel, 0)
            if limit == 0:
                return RobotState(text=words.t("Working"), look="")
            return RobotState(text=words.t("Working · {used} of {limit} used", used=used, limit=limit), look="")
        case LaneState.PAUSED:
            look, text = "retry", words.t("Paused until {time}", time=words.at(robot.ready_at))
        case LaneState.FAILING:
            look, text = "dead", words.t("Failing since {time}", time=_since(words, robot))
        case LaneState.CLOSED:
            look, text = "dead", words.t("Closed since {time}", time=_since(words, robot))
        case _:
            assert_never(robot.state)
    told = explain(robot.cause, words.language, causes_of(robot.channel)) if robot.cause else None
    return RobotState(text=text, look=look, why=f"{told.cause}{words.gap}{told.cure}" if told else "")


def _since(words: Words, robot: RobotLine) -> str:
    return words.at(robot.state_since) if robot.state_since else "–"


def _ticked(service: Service, record: SubscriptionRecord) -> bool:
    return any(one.id in record.events for one in service.events)


def _told(words: Words, service: Service, record: SubscriptionRecord) -> str:
    """What the group hears of a service: `Pipeline: Failed, Paused`."""
    ticked = [one for one in service.events if one.id in record.events]
    name = service.label.read(words.language)
    if service.id == "check":
        if record.gate is GateFilter.ALL:
            return words.t("{service}: All results", service=name)
        return words.t("{service}: {names}", service=name, names=GATES[record.gate.value].read(words.language))
    if len(ticked) == len(service.events) and len(ticked) > 1:
        return words.t("{service}: all {count}", service=name, count=len(ticked))
    names = words.listed(one.label.read(words.language) for one in ticked)
    return words.t("{service}: {names}", service=name, names=names)


def spread_out(words: Words, record: SubscriptionRecord) -> SubscriptionFacts:
    """A subscription to read: every label whole, the URL masked."""
    return SubscriptionFacts(
        id=_id(record),
        name=record.name,
        enabled=record.enabled,
        url=record.url_mask,
        events=tuple(_events(words, one, record) for one in SERVICES.values() if _ticked(one, record)),
        content=tuple(_content(words, one, record) for one in SERVICES.values() if _ticked(one, record)),
        user_ids=validation.members_of(record.user_ids),
        language=LANGUAGES[record.locale],
        format=format_name(words, record.format),
        updated_at=record.stamp.updated_at if record.stamp else None,
        updated_by=record.stamp.updated_by if record.stamp else "",
    )


def _events(words: Words, service: Service, record: SubscriptionRecord) -> str:
    names = [one.label.read(words.language) for one in service.events if one.id in record.events]
    told = words.t("{service}: {names}", service=service.label.read(words.language), names=words.listed(names))
    if service.id != "check":
        return told
    every = words.t("All results")
    gate = every if record.gate is GateFilter.ALL else GATES[record.gate.value].read(words.language)
    return f"{told} · {gate}"


def _content(words: Words, service: Service, record: SubscriptionRecord) -> str:
    chosen = record.content.chosen.get(service.id, service.field_ids)
    names = [one.label.read(words.language) for one in service.fields if one.id in chosen]
    listed = words.listed(names) if names else words.t("headline only")
    return words.t("{service}: {names}", service=service.label.read(words.language), names=listed)


def people_who_may(whole: ProjectWhole, action: Action) -> tuple[str, ...]:
    """The members whose role lets them do this."""
    return tuple(one.user for one in whole.members if may(Role(one.role), action))
