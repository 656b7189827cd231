"""The audit log, and the sign-ins that failed."""

from starlette.responses import Response

from shipbell.ports.pages import FindAudit
from shipbell.web.api import writing
from shipbell.web.api.operation import Call, answer
from shipbell.web.api.reading import cursor, limit_of, number_cursor_of
from shipbell.web.api.shapes import Listed, RefusedShape


async def audit(call: Call) -> Response:
    """The audit log, or a project's part of it, the newest first.

    Who is not an instance administrator sees nothing of a deleted project whose key this one has.
    """
    params = call.request.query_params
    find = FindAudit(
        project=params.get("project"),
        present=not call.who.user.is_admin,
        actor=params.get("actor"),
        action=params.get("action"),
        before=number_cursor_of(call.request),
        limit=limit_of(call.request),
    )
    page = await call.services.audit.page(find)
    return answer(Listed(items=[writing.audit(one) for one in page.items], next=cursor(page.next)))


async def refused_sign_ins(call: Call) -> Response:
    """Sign-ins that failed of late, the newest first."""
    found = await call.services.audit.refused(before=number_cursor_of(call.request), limit=limit_of(call.request))
    shapes = [RefusedShape(at=one.at, name=one.name, network=one.network, count=one.count) for one in found.items]
    return answer(Listed(items=shapes, next=cursor(found.next)))
