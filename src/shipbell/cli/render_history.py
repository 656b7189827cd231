"""Deliveries, attempts and paths in words, for people and as values."""

from collections.abc import Iterable, Mapping

from shipbell.channels import causes_of
from shipbell.cli.output import moment
from shipbell.domain.explanations import explain, explain_end
from shipbell.domain.ids import Prefix, encode
from shipbell.domain.matching import Rule, Verdict
from shipbell.domain.text import clean, shorten
from shipbell.ports.directory import KnownSource
from shipbell.ports.history import AttemptLine, DeliveryLine, DeliveryWhole
from shipbell.usecases.refused_calls import TurnedAway
from shipbell.usecases.waiting_reason import Holdup
from shipbell.usecases.why import Branch, Path

# So much of a tool's own id is shown to people; JSON has it whole.
ID_BYTES = 256
_RULES = {
    Rule.OFFERED: ("the channel is offered in the region", "the channel is not offered in the project's region"),
    Rule.ENABLED: ("it is switched on", "it is switched off"),
    Rule.TYPE: ("the event type is ticked", "the event type is not ticked"),
    Rule.GATE: ("the gate filter lets it through", "the gate filter keeps it back"),
}


def delivery_value(one: DeliveryLine) -> dict[str, object]:
    """A delivery for programs, in the words of the REST API."""
    told = (
        explain_end(one.cause, causes=causes_of(one.channel), test=one.test, maybe_delivered=one.maybe_delivered)
        if one.cause
        else None
    )
    return {
        "id": encode(Prefix.DELIVERY, one.id),
        "project": one.project_key,
        "event_id": encode(Prefix.EVENT, one.event_id),
        "event_type": one.event_type,
        "subject": one.subject,
        "run_number": one.number,
        "subscription": one.subscription,
        "robot_id": encode(Prefix.ROBOT, one.lane_id),
        "robot": one.robot,
        "state": one.state,
        "cause": one.cause,
        "why": f"{told.cause} {told.cure}" if told else None,
        "maybe_delivered": one.maybe_delivered,
        "failures": one.failures,
        "test": one.test,
        "accepted_at": one.accepted_at,
        "settled_at": one.settled_at,
        "expires_at": one.expires_at,
    }


def attempt_value(one: AttemptLine, channel: str) -> dict[str, object]:
    """An attempt for programs, in the words of the REST API."""
    told = explain(one.code, causes=causes_of(channel))
    return {
        "id": encode(Prefix.ATTEMPT, one.id),
        "started_at": one.started_at,
        "ended_at": one.ended_at,
        "result": one.result,
        "code": one.code,
        "cause": told.cause,
        "cure": told.cure,
        "detail": one.detail,
        "status": one.status,
        "maybe_delivered": one.maybe_delivered,
        "companion": one.companion,
        "carried": one.carried,
        "body": one.body.decode() if one.body else None,
        "line": one.line,
    }


def whole_value(one: DeliveryWhole, kept_by: Mapping[int, Holdup]) -> dict[str, object]:
    """A delivery with what it waits for and its attempts, for programs."""
    return {
        **delivery_value(one.delivery),
        "waits_for": _holdup_value(kept_by.get(one.delivery.id)),
        "attempts": [attempt_value(each, one.delivery.channel) for each in one.attempts],
    }


def _holdup_value(one: Holdup | None) -> dict[str, object] | None:
    if one is None:
        return None
    told = explain(one.code)
    return {"code": one.code, "why": f"{told.cause} {told.cure}", "until": one.until, "waiting": one.waiting}


def whole_lines(one: DeliveryWhole, kept_by: Mapping[int, Holdup]) -> Iterable[str]:
    """A delivery with its attempts, for people."""
    line = one.delivery
    subject = subject_words(line.subject, line.number)
    yield f"{encode(Prefix.DELIVERY, line.id)}  {state_words(line)}"
    yield f"  event         {line.event_type} · {subject} ({encode(Prefix.EVENT, line.event_id)})"
    yield f"  subscription  {line.project_key}/{line.subscription or '(none)'}"
    yield f"  robot         {encode(Prefix.ROBOT, line.lane_id)}  {line.robot}"
    yield f"  accepted      {moment(line.accepted_at)}"
    yield (
        f"  ended         {moment(line.settled_at)}"
        if line.settled_at
        else f"  expires       {moment(line.expires_at)}"
    )
    yield from cause_lines(line)
    yield from _holdup_lines(kept_by.get(line.id))
    for number_, attempt in enumerate(one.attempts, 1):
        yield from attempt_lines(number_, attempt, line.channel)
    if not one.attempts:
        yield "  no attempt yet"


def subject_words(name: str, number: str | None) -> str:
    """A run by its subject and number, in one line that cannot steer a terminal."""
    return clean(f"{name} #{number}" if number else name)


def state_words(line: DeliveryLine) -> str:
    """A state, with `maybe delivered` where nobody knows."""
    return f"{line.state}, maybe delivered" if line.maybe_delivered and line.state != "delivered" else line.state


def cause_lines(line: DeliveryLine) -> Iterable[str]:
    """Why it is not delivered, and what helps."""
    if line.cause:
        told = explain_end(
            line.cause, causes=causes_of(line.channel), test=line.test, maybe_delivered=line.maybe_delivered
        )
        yield f"  cause         {told.cause}"
        yield f"  cure          {told.cure}"


def _holdup_lines(one: Holdup | None) -> Iterable[str]:
    if one:
        told = explain(one.code)
        yield f"  waits         {told.cause}"
        yield f"  cure          {told.cure}"
        yield f"  in line       {one.waiting} of this project"
        if one.until:
            yield f"  next call     {moment(one.until)} at the earliest"


def attempt_lines(number: int, one: AttemptLine, channel: str) -> Iterable[str]:
    """One attempt in words."""
    told = explain(one.code, causes=causes_of(channel))
    kind = " (companion text)" if one.companion else ""
    among = f", one of {one.carried}" if one.carried > 1 else ""
    yield f"  attempt {number}     {moment(one.started_at)}  {one.result}{kind}{among}: {told.cause}"
    if one.detail and one.detail != "ok":
        # Without a status nobody answered: then these are our own words for what happened.
        whose = "robot's words" if one.status else "detail"
        yield f"                {whose}: {clean(one.detail)}"
    if one.line:
        yield f"                line: {clean(one.line)}"
    if one.maybe_delivered:
        yield "                maybe delivered: the group may have seen this call"


def path_lines(path: Path, kept_by: Mapping[int, Holdup]) -> Iterable[str]:
    """The path of one event in words."""
    event = path.event
    subject = subject_words(event.event.subject.name, event.event.run.number)
    yield f"{encode(Prefix.EVENT, event.id)}  {event.type}  {subject}"
    as_told = shorten(clean(event.tool_id), ID_BYTES)
    yield f"  received      {moment(event.received_at)} by {event.project_key}/{event.source or '-'} as {as_told}"
    if event.ignored:
        yield f"  ignored       {event.ignored}"
        return
    if not path.branches:
        yield "  no subscription in this project"
    for branch in path.branches:
        yield from _branch_lines(branch, kept_by)


def _branch_lines(branch: Branch, kept_by: Mapping[int, Holdup]) -> Iterable[str]:
    yield f"  subscription  {branch.subscription or '(deleted)'}"
    if branch.delivery is None:
        missing = [_RULES[one.rule][1] for one in branch.rules if not one.holds]
        if missing:
            yield f"    not wanted: {'; '.join(missing)}"
        else:
            yield "    no delivery: it wants this event now, but did not when the event came"
        return
    for line in whole_lines(branch.delivery, kept_by):
        yield f"    {line.strip()}" if not line.startswith("      ") else f"    {line}"


def path_value(path: Path, kept_by: Mapping[int, Holdup]) -> dict[str, object]:
    """The path of one event for programs."""
    event = path.event
    return {
        "event": encode(Prefix.EVENT, event.id),
        "id": event.tool_id,
        "type": event.type,
        "project": event.project_key,
        "source": event.source,
        "received_at": event.received_at,
        "ignored": event.ignored,
        "subscriptions": [
            {
                "subscription": one.subscription,
                "rules": [rule_value(verdict) for verdict in one.rules],
                "delivery": whole_value(one.delivery, kept_by) if one.delivery else None,
            }
            for one in path.branches
        ],
    }


def rule_value(verdict: Verdict) -> dict[str, object]:
    """One rule's answer for programs."""
    return {"rule": verdict.rule.value, "holds": verdict.holds, "words": _RULES[verdict.rule][not verdict.holds]}


def turned_away_line(project: str, one: TurnedAway[KnownSource]) -> str:
    """What a door turned away of late, in one line."""
    told = []
    if one.last:
        last = f"the last at {moment(one.last.at)} ({one.last.status} {one.last.code})"
        if one.last.event:
            last += f", event {one.last.event}"
        if one.last.detail:
            last += f": {one.last.detail}"
        told.append(f"{_calls(one.refused)} turned away, {last}")
    if one.duplicates:
        told.append(f"{_calls(one.duplicates)} brought events that were known")
    return f"{project}/{one.source.name}: of late {'; '.join(told)}"


def _calls(count: int) -> str:
    return f"{count} call" if count == 1 else f"{count} calls"
