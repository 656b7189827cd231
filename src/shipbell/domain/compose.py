"""Compose: from one event to the message that a group is to read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from shipbell.domain.catalog import EVENT_TYPES, GATES, SERVICES, EventType, Label, Service, status
from shipbell.domain.deliveries import Waiting
from shipbell.domain.events import Event, Gate
from shipbell.domain.messages import Field, Link, Message, Tone
from shipbell.domain.subscriptions import GateFilter, Locale
from shipbell.domain.text import beginning, clean, link_target, shorten
from shipbell.domain.times import in_words, took

SIGNS = {Tone.BAD: "❌", Tone.WARN: "⚠️", Tone.GOOD: "✅", Tone.NEUTRAL: "🔔"}
_PAUSED_SIGN = "⏸️"
_OPEN_LABELS = {
    "check": Label("Open the check", "打开检查"),
    "deploy": Label("Open the deployment", "打开部署"),
    "pipeline": Label("Open the run", "打开流水线"),
    "build": Label("Open the build", "打开构建"),
    "repo": Label("Open", "打开"),
}
_GATE_SAID = {
    Gate.PASSED: Label("Check completed, gate passed", "检查完成，门禁通过"),
    Gate.FAILED: Label("Check completed, gate failed", "检查完成，门禁不通过"),
    Gate.NONE: Label("Check completed, no gate", "检查完成，无门禁"),
}
_NO_GATE = Label("No gate", "无门禁")
_TIMED_OUT = Label("Deployment timed out", "应用部署超时")
_TEST = Label("Shipbell test message", "Shipbell 测试消息")
_ON = {Locale.EN: " on ", Locale.ZH_CN: " · "}
_KINDS = {
    "manual": Label("manual", "手动"),
    "scheduler": Label("schedule", "定时"),
    "schedule": Label("schedule", "定时"),
    "push": Label("push", "推送"),
    "mr": Label("merge request", "合并请求"),
    "merge_request": Label("merge request", "合并请求"),
    "createtag": Label("tag", "新建标签"),
    "tag": Label("tag", "标签"),
    "issue": Label("issue", "工作项"),
    "note": Label("comment", "评论"),
    "rollback": Label("rollback", "回滚"),
    "generic": Label("webhook", "Webhook"),
    "subpipeline": Label("sub-pipeline", "子流水线"),
}
_TAGS = frozenset({"createtag", "tag"})
# What is given up first when a message is too long: the higher, the sooner.
_RANKS = {"run_description": 9, "title": 8, "project_name": 7, "trigger": 6, "executed_by": 5, "redirect_url": 0}
_DEFAULT_RANK = 3
_SHORT_COMMIT = 8
_NAME_BYTES = 320
_NUMBER_BYTES = 40


def tone_of(event: Event) -> Tone:
    """How an event feels; a completed check feels as its gate says, without one as its status does."""
    if event.type == "check.task.completed":
        ended = status(event.run.status)
        if event.gate is Gate.FAILED or (event.gate is not Gate.PASSED and ended and ended.tone is Tone.BAD):
            return Tone.BAD
    return EVENT_TYPES[event.type].tone


def sign_of(event: Event) -> str:
    """The sign that leads a headline or a heading."""
    if event.type == "pipeline.run.paused":
        return _PAUSED_SIGN
    return SIGNS[tone_of(event)]


def said(event: Event, locale: Locale) -> str:
    """What happened, in plain words."""
    if event.type == "check.task.completed" and event.gate in _GATE_SAID:
        return _GATE_SAID[event.gate].read(locale)
    if event.type == "deploy.application.failed" and (event.run.status or "").lower() == "timeout":
        return _TIMED_OUT.read(locale)
    return EVENT_TYPES[event.type].said.read(locale)


def named(event: Event, limit_bytes: int = _NAME_BYTES) -> str:
    """The subject and its run's number, which stays when a long name is cut."""
    name = shorten(clean(event.subject.name) or clean(event.id), limit_bytes)
    number = number_of(event)
    return f"{name} #{number}" if number else name


def number_of(event: Event) -> str:
    """The run's number without its sign, empty when it is unknown."""
    return shorten(clean(event.run.number).removeprefix("#"), _NUMBER_BYTES) if event.run.number else ""


def url_of(event: Event) -> str | None:
    """Where to read on, as an address that is safe in a link."""
    return link_target(event.run.url) or link_target(event.subject.url)


def headline(event: Event, locale: Locale) -> str:
    """It all in one line of plain words."""
    colon = "：" if locale is Locale.ZH_CN else ": "
    return f"{sign_of(event)} {said(event, locale)}{colon}{named(event)}"


def compose(waiting: Sequence[Waiting]) -> Message:
    """The message of one event for one or more deliveries of equal rendering, their fields and mentions united."""
    first = waiting[0]
    event, locale = first.event, first.rendering.locale
    kind = EVENT_TYPES[event.type]
    service = SERVICES[kind.service]
    chosen = _chosen(waiting, service)
    prefix = f"{_TEST.read(locale)} · " if first.test else ""
    return Message(
        format=first.rendering.format,
        locale=locale,
        headline=prefix + headline(event, locale),
        tone=tone_of(event),
        fields=_fields(first, service, chosen),
        link=_link(event, kind, service, chosen, locale),
        user_ids=tuple(dict.fromkeys(member for one in waiting for member in one.user_ids)),
    )


def _chosen(waiting: Sequence[Waiting], service: Service) -> set[str]:
    return {field for one in waiting for field in one.content.chosen.get(service.id, service.field_ids)}


def _link(event: Event, kind: EventType, service: Service, chosen: set[str], locale: Locale) -> Link | None:
    """Where the service lists the link as a field, it is there when ticked; elsewhere always."""
    url = url_of(event)
    listed = next((one for one in service.fields if one.id == "redirect_url"), None)
    if url is None or (listed is not None and "redirect_url" not in chosen):
        return None
    return Link(label=listed.label.read(locale) if listed else _OPEN_LABELS[kind.service].read(locale), url=url)


# A value as shown, and its tone if it has one; None when it is unknown.
Shown = tuple[str, Tone | None] | None


@dataclass(frozen=True, slots=True)
class _Column:
    """One field of a service, ready to be filled in."""

    id: str
    label: str
    rank: int
    tell: Callable[[Waiting], Shown]


@cache
def _columns(service: str, locale: Locale) -> tuple[_Column, ...]:
    return tuple(
        _Column(one.id, one.label.read(locale), _RANKS.get(one.id, _DEFAULT_RANK), _TOLD[one.id])
        for one in SERVICES[service].fields
        if one.id != "redirect_url"
    )


def _fields(waiting: Waiting, service: Service, chosen: set[str]) -> tuple[Field, ...]:
    """The chosen fields that are known."""
    fields = []
    for one in _columns(service.id, waiting.rendering.locale):
        if one.id in chosen and (shown := one.tell(waiting)) is not None:
            value, tone = shown
            fields.append(Field(id=one.id, label=one.label, value=value, rank=one.rank, tone=tone))
    return tuple(fields)


def _text(value: str | None) -> Shown:
    cleaned = clean(value) if value else ""
    return (cleaned, None) if cleaned else None


def _status(waiting: Waiting) -> Shown:
    word = waiting.event.run.status
    found = status(word)
    return (found.label.read(waiting.rendering.locale), found.tone) if found else _text(word)


def _gate(waiting: Waiting) -> Shown:
    locale = waiting.rendering.locale
    match waiting.event.gate:
        case Gate.PASSED:
            return GATES[GateFilter.PASSED.value].read(locale), Tone.GOOD
        case Gate.FAILED:
            return GATES[GateFilter.FAILED.value].read(locale), Tone.BAD
        case Gate.NONE:
            return _NO_GATE.read(locale), None
        case None:
            return None


def _trigger(event: Event, locale: Locale) -> str | None:
    """Kind, branch or tag, and short commit: `push on main, 0123abcd`, `tag v1.2`."""
    trigger = event.trigger
    if trigger is None:
        return None
    word = clean(trigger.kind) if trigger.kind else ""
    kind = _KINDS[word.lower()].read(locale) if word.lower() in _KINDS else word
    branch = clean(trigger.branch or "")
    place = branch or clean(trigger.tag or "")
    is_tag = not branch and word.lower() in _TAGS
    first = (" " if is_tag and locale is Locale.EN else _ON[locale]).join(part for part in (kind, place) if part)
    commit = beginning(clean(trigger.commit or ""), _SHORT_COMMIT)
    comma = "，" if locale is Locale.ZH_CN else ", "
    return comma.join(part for part in (first, commit) if part) or None


def _execution_time(waiting: Waiting) -> str | None:
    run, locale = waiting.event.run, waiting.rendering.locale
    if run.started_at is None:
        return None
    begun = in_words(run.started_at, waiting.rendering.zone, locale)
    if run.finished_at is None or run.finished_at < run.started_at:
        return begun
    span = took(run.finished_at - run.started_at, locale)
    return f"{begun}，耗时 {span}" if locale is Locale.ZH_CN else f"{begun}, took {span}"


def _name(waiting: Waiting) -> Shown:
    return _text(waiting.event.subject.name)


def _description(waiting: Waiting) -> Shown:
    return _text(waiting.event.run.description)


def _actor(waiting: Waiting) -> Shown:
    actor = waiting.event.actor
    return _text(actor.name) if actor else None


def _completion_time(waiting: Waiting) -> Shown:
    event, rendering = waiting.event, waiting.rendering
    return in_words(event.run.finished_at or event.time, rendering.zone, rendering.locale), None


def _issue_count(waiting: Waiting) -> Shown:
    issues = waiting.event.issues
    return (str(issues.total), None) if issues and issues.total is not None else None


# What each field of the catalog shows (docs/reference/messages.md); the link is none of them.
_TOLD: Mapping[str, Callable[[Waiting], Shown]] = {
    "pipeline_name": _name,
    "application_name": _name,
    "task_name": _name,
    "repository": _name,
    "run_description": _description,
    "title": _description,
    "executed_by": _actor,
    "trigger": lambda waiting: _text(_trigger(waiting.event, waiting.rendering.locale)),
    "execution_time": lambda waiting: _text(_execution_time(waiting)),
    "completion_time": _completion_time,
    "running_status": _status,
    "execution_result": _status,
    "check_result": _status,
    "gate_result": _gate,
    "issue_count": _issue_count,
    "execution_id": lambda waiting: _text(waiting.event.run.number),
    "project_name": lambda waiting: _text(waiting.event.project_name) or _text(waiting.project_name),
}
