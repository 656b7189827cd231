"""The audit log: who changed what, before and after; of a project, or of the whole instance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from shipbell.domain.access import Action, may
from shipbell.domain.errors import Forbidden
from shipbell.domain.ids import Prefix, encode
from shipbell.ports.pages import AuditLine, FindAudit
from shipbell.web.console.frame.page import frame_of, page, project_of, render, who_of
from shipbell.web.console.frame.project_services import project_services
from shipbell.web.console.frame.project_words import number_of, telling
from shipbell.web.console.frame.words import COMMAND_LINE

_PAGE = 30
_LONGEST = 100
# What the log says of changes, as its filter offers them.
ACTIONS = (
    "project.created", "project.updated", "project.deleted",
    "member.set", "member.removed",
    "source.created", "source.updated", "source.deleted",
    "subscription.created", "subscription.updated", "subscription.deleted",
    "delivery.replayed", "robot.reopened",
)  # fmt: skip
OF_THE_INSTANCE = (
    "user.created", "user.updated", "user.password_changed", "user.removed",
    "token.created", "token.revoked",
    "session.started", "session.refused", "session.ended",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that an entry changed, as text; None where it was not there."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """An entry with what it changed."""

    line: AuditLine
    changes: Sequence[Change]


def _text(facts: Mapping[str, object] | None, name: str) -> str | None:
    if facts is None or name not in facts:
        return None
    value = facts[name]
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def changes_of(line: AuditLine) -> Sequence[Change]:
    """The facts that differ, in their own order; of something made or ended, all of them."""
    names = dict.fromkeys([*(line.before or {}), *(line.after or {})])
    told = [Change(one, _text(line.before, one), _text(line.after, one)) for one in names]
    return [one for one in told if one.before != one.after]


async def project_audit(request: Request) -> Response:
    """`GET /projects/{key}/settings/audit`."""
    return await _show(request, "audit.html", project_of(request).key)


async def instance_audit(request: Request) -> Response:
    """`GET /admin/audit`."""
    if not may(None, Action.READ_AUDIT, instance_administrator=who_of(request).user.is_admin):
        raise Forbidden("Only an instance administrator reads the whole audit log.")
    return await _show(request, "admin_audit.html", None)


def _actor(request: Request, typed: str) -> str:
    """The actor that is meant by what the page calls it."""
    return COMMAND_LINE if typed == frame_of(request).words.who(COMMAND_LINE) else typed


async def _show(request: Request, template: str, key: str | None) -> Response:
    def text(name: str) -> str:
        return request.query_params.get(name, "").replace("\0", "").strip()[:_LONGEST]

    actor, action = text("actor"), text("action")
    before = number_of(Prefix.AUDIT, request.query_params.get("before"))
    offered = ACTIONS if key else (*ACTIONS, *OF_THE_INSTANCE)
    find = FindAudit(
        project=key,
        present=True,
        actor=_actor(request, actor) or None,
        action=action or None,
        before=before,
        limit=_PAGE,
    )
    pages = project_services(request).audit
    found = await pages.page(find)
    # Beside the whole log, where it begins and nothing of it is picked out.
    beside = not (key or before or actor or action)
    refused = (await pages.refused(before=None, limit=_PAGE)).items if beside else ()
    return render(
        request,
        template,
        tell=telling(request),
        nav="audit" if key else "admin",
        tab="audit",
        entries=[EntryView(line=one, changes=changes_of(one)) for one in found.items],
        refused=refused,
        next=encode(Prefix.AUDIT, found.next) if found.next is not None else None,
        before=before,
        actor=actor,
        action=action,
        actions=[*offered, *([action] if action and action not in offered else [])],
        path=f"/projects/{key}/settings/audit" if key else "/admin/audit",
    )


ROUTES = (
    page("/projects/{key}/settings/audit", project_audit, action=Action.READ_PROJECT_AUDIT),
    page("/admin/audit", instance_audit),
)
