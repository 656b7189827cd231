"""Write replies: records and lines as the shapes of the API, with public ids and words for codes."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from shipbell.channels import causes_of
from shipbell.domain.access import Role
from shipbell.domain.deliveries import LaneState
from shipbell.domain.explanations import explain, explain_end
from shipbell.domain.ids import Prefix, encode
from shipbell.domain.text import shorten
from shipbell.ports.accounts import Token, User
from shipbell.ports.directory import MemberRecord, ProjectRecord, SourceRecord, Stamp, SubscriptionRecord
from shipbell.ports.history import AttemptLine, DeliveryLine, DeliveryWhole, EventLine, RobotLine
from shipbell.ports.pages import AuditLine, DoorLine
from shipbell.usecases.validate import SECRET_MASK
from shipbell.usecases.waiting_reason import Holdup
from shipbell.web.api import shapes, shapes_past

_MINUTE = timedelta(seconds=60)
_LISTED_BYTES = 512


def _stamp(stamp: Stamp | None) -> tuple[datetime | None, datetime | None, str | None]:
    return (stamp.created_at, stamp.updated_at, stamp.updated_by) if stamp else (None, None, None)


def project(record: ProjectRecord, role: Role | None) -> shapes.ProjectShape:
    """A project with the caller's role."""
    created_at, updated_at, updated_by = _stamp(record.stamp)
    return shapes.ProjectShape(
        id=encode(Prefix.PROJECT, record.id),
        key=record.key,
        name=record.name,
        region=record.region,
        time_zone=record.time_zone,
        role=role.value if role else None,
        created_at=created_at,
        updated_at=updated_at,
        updated_by=updated_by,
    )


def member(record: MemberRecord) -> shapes.MemberShape:
    """A member; known by the name."""
    created_at, updated_at, updated_by = _stamp(record.stamp)
    return shapes.MemberShape(
        id=record.user,
        user=record.user,
        role=record.role.value,
        created_at=created_at,
        updated_at=updated_at,
        updated_by=updated_by,
    )


def source(record: SourceRecord, hook: str, *, told: bool = False) -> shapes.SourceShape:
    """A source; `told`: this is the one reply that tells its secret."""
    created_at, updated_at, updated_by = _stamp(record.stamp)
    return shapes.SourceShape(
        id=encode(Prefix.SOURCE, record.id),
        name=record.name,
        kind=record.kind,
        secret=record.secret.reveal() if told else SECRET_MASK,
        old_secret_until=record.old_until,
        hook=hook,
        created_at=created_at,
        updated_at=updated_at,
        updated_by=updated_by,
    )


def subscription(record: SubscriptionRecord) -> shapes.SubscriptionShape:
    """A subscription, its URL masked."""
    created_at, updated_at, updated_by = _stamp(record.stamp)
    return shapes.SubscriptionShape(
        id=encode(Prefix.SUBSCRIPTION, record.id),
        name=record.name,
        channel=record.channel,
        url=record.url_mask,
        events=list(record.events),
        gate=record.gate.value,
        content={service: list(fields) for service, fields in record.content.chosen.items()},
        user_ids=record.user_ids,
        locale=record.locale.value,
        format=record.format.value,
        enabled=record.enabled,
        robot=encode(Prefix.ROBOT, record.lane_id),
        created_at=created_at,
        updated_at=updated_at,
        updated_by=updated_by,
    )


def call(line: DoorLine) -> shapes.CallShape:
    """A call at a source's door."""
    return shapes.CallShape(
        id=encode(Prefix.CALL, line.id),
        at=line.at,
        status=line.status,
        code=line.code,
        address=line.address,
        accepted=line.accepted,
        duplicates=line.duplicates,
        ignored=line.ignored,
        detail=line.detail,
        event=line.event,
    )


def event(line: EventLine) -> shapes_past.EventShape:
    """An event with all that its tool said."""
    return shapes_past.EventShape(
        id=encode(Prefix.EVENT, line.id),
        source_id=None if line.source_id is None else encode(Prefix.SOURCE, line.source_id),
        source=line.source,
        tool_id=line.tool_id,
        type=line.type,
        ignored=line.ignored,
        happened_at=line.happened_at,
        received_at=line.received_at,
        event=msgspec.to_builtins(line.event, builtin_types=(datetime,)),
    )


def _delivery_facts(line: DeliveryLine) -> dict[str, object]:
    told = (
        explain_end(line.cause, causes=causes_of(line.channel), test=line.test, maybe_delivered=line.maybe_delivered)
        if line.cause
        else None
    )
    known = line.subscription_id
    return {
        "id": encode(Prefix.DELIVERY, line.id),
        "event_id": encode(Prefix.EVENT, line.event_id),
        "event_type": line.event_type,
        "subject": line.subject,
        "run_number": line.number,
        "subscription_id": None if known is None else encode(Prefix.SUBSCRIPTION, known),
        "subscription": line.subscription,
        "robot_id": encode(Prefix.ROBOT, line.lane_id),
        "robot": line.robot,
        "state": line.state,
        "cause": line.cause,
        "why": f"{told.cause} {told.cure}" if told else None,
        "maybe_delivered": line.maybe_delivered,
        "failures": line.failures,
        "test": line.test,
        "accepted_at": line.accepted_at,
        "settled_at": line.settled_at,
        "expires_at": line.expires_at,
    }


def delivery(line: DeliveryLine) -> shapes_past.DeliveryShape:
    """A delivery in a list; what its tool wrote may be as long as a call, and is cut."""
    return shapes_past.DeliveryShape(**_cut(line))  # type: ignore[arg-type]


def _cut(line: DeliveryLine) -> dict[str, object]:
    number = None if line.number is None else shorten(line.number, _LISTED_BYTES)
    return {**_delivery_facts(line), "subject": shorten(line.subject, _LISTED_BYTES), "run_number": number}


def delivery_told(whole: DeliveryWhole, kept_by: Mapping[int, Holdup]) -> shapes_past.DeliveryToldShape:
    """A delivery among others of one event, with its attempts."""
    return shapes_past.DeliveryToldShape(
        **_cut(whole.delivery),  # type: ignore[arg-type]
        waits_for=_holdup(kept_by.get(whole.delivery.id)),
        attempts=[_attempt(one, whole.delivery.channel) for one in whole.attempts],
    )


def _holdup(one: Holdup | None) -> shapes_past.HoldupShape | None:
    if one is None:
        return None
    told = explain(one.code)
    why = f"{told.cause} {told.cure}"
    return shapes_past.HoldupShape(code=one.code, why=why, until=one.until, waiting=one.waiting)


def delivery_whole(whole: DeliveryWhole, kept_by: Mapping[int, Holdup]) -> shapes_past.DeliveryWholeShape:
    """A delivery with its event and attempts."""
    return shapes_past.DeliveryWholeShape(
        **_delivery_facts(whole.delivery),  # type: ignore[arg-type]
        waits_for=_holdup(kept_by.get(whole.delivery.id)),
        event=event(whole.event),
        attempts=[_attempt(one, whole.delivery.channel) for one in whole.attempts],
    )


def _attempt(line: AttemptLine, channel: str) -> shapes_past.AttemptShape:
    told = explain(line.code, causes=causes_of(channel))
    return shapes_past.AttemptShape(
        id=encode(Prefix.ATTEMPT, line.id),
        started_at=line.started_at,
        ended_at=line.ended_at,
        result=line.result,
        code=line.code,
        cause=told.cause,
        cure=told.cure,
        detail=line.detail,
        status=line.status,
        maybe_delivered=line.maybe_delivered,
        companion=line.companion,
        carried=line.carried,
        body=None if line.body is None else line.body.decode(errors="replace"),
        line=line.line,
    )


def robot(line: RobotLine, *, now: datetime, per_minute: int) -> shapes_past.RobotShape:
    """A robot with its budget and its state in words."""
    told = explain(line.cause, causes=causes_of(line.channel)) if line.cause else None
    return shapes_past.RobotShape(
        id=encode(Prefix.ROBOT, line.id),
        channel=line.channel,
        url=line.mask,
        state=line.state.value,
        since=line.state_since,
        cause=line.cause,
        health=f"{told.cause} {told.cure}" if told and line.state is not LaneState.OPEN else "It takes messages.",
        detail=line.cause_detail,
        budget=shapes_past.BudgetShape(used=sum(one > now - _MINUTE for one in line.starts), per_minute=per_minute),
        ready_at=line.ready_at if line.ready_at > now and line.state is not LaneState.CLOSED else None,
        waiting=line.waiting,
        oldest_waiting_at=line.oldest_waiting_at,
    )


def user(one: User) -> shapes.UserShape:
    """An account."""
    return shapes.UserShape(
        id=encode(Prefix.USER, one.id),
        name=one.name,
        is_admin=one.is_admin,
        local=one.local,
        last_seen_at=one.last_seen_at,
        created_at=one.created_at,
        updated_at=one.updated_at,
        updated_by=one.updated_by,
    )


def token(one: Token, told: str | None = None) -> shapes.TokenShape:
    """A token of one's own; `told`: the token itself, this once."""
    return shapes.TokenShape(
        id=encode(Prefix.TOKEN, one.id),
        name=one.name,
        read_only=one.read_only,
        projects=None if one.projects is None else list(one.projects),
        created_at=one.created_at,
        expires_at=one.expires_at,
        last_used_at=one.last_used_at,
        token=told,
    )


def audit(line: AuditLine) -> shapes.AuditShape:
    """One change."""
    return shapes.AuditShape(
        id=encode(Prefix.AUDIT, line.id),
        at=line.at,
        actor=line.actor,
        via=line.via,
        address=line.address,
        action=line.action,
        project=line.project,
        target=line.target,
        before=line.before,
        after=line.after,
    )
