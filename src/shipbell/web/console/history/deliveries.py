"""Deliveries of a project: the list with its filters, and one delivery with every attempt."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from shipbell.domain.errors import NotFound
from shipbell.domain.ids import Prefix, encode
from shipbell.ports.history import AttemptLine, DeliveryLine, DeliveryWhole
from shipbell.usecases.waiting_reason import Holdup, holdups
from shipbell.web.console.frame.filters import choices_of, counted_of, filters_of, find_of
from shipbell.web.console.frame.page import page, project_of, render
from shipbell.web.console.frame.project_services import project_services
from shipbell.web.console.frame.project_words import STATES, Telling, number_of, telling
from shipbell.web.console.frame.services import services_of

# The states that a delivery leaves by itself.
_UNSETTLED = frozenset({"waiting", "retrying"})
_UNKNOWN = "There is no such delivery in this project."


async def deliveries(request: Request) -> Response:
    """`GET /projects/{key}/deliveries`."""
    whole, tell = project_of(request).whole, telling(request)
    insight, filters = project_services(request).insight, filters_of(request)
    before = _cursor(request, "before")
    found = await insight.deliveries(find_of(filters, whole, tell, before))
    watched = [one.id for one in found.items if one.state in _UNSETTLED]
    counts = await insight.counts(find_of(filters, whole, tell, None))
    return render(
        request,
        "deliveries.html",
        tell=tell,
        nav="deliveries",
        filters=filters,
        choices=choices_of(whole, tell, filters.subscription),
        found=found,
        tries=await insight.tries([one.id for one in found.items]),
        counts=counts,
        states=list(STATES),
        total=counts[filters.state or "all"],
        before=before,
        newest=max((one.id for one in found.items), default=0),
        watched=watched,
        watched_ids=",".join(encode(Prefix.DELIVERY, one) for one in watched),
        replayed=counted_of(request.query_params.get("replayed", "")),
        refused=counted_of(request.query_params.get("refused", "")),
    )


def _cursor(request: Request, name: str) -> int | None:
    """A cursor of the address; None where there is none that can be read."""
    return number_of(Prefix.DELIVERY, request.query_params.get(name))


async def delivery_of(request: Request) -> DeliveryWhole:
    """The delivery of an address; raises NotFound for another project's."""
    number = number_of(Prefix.DELIVERY, request.path_params["delivery"])
    whole = await services_of(request).history.delivery(number) if number is not None else None
    if whole is None or whole.delivery.project_id != project_of(request).whole.project.id:
        raise NotFound(_UNKNOWN)
    return whole


async def one_delivery(request: Request) -> Response:
    """`GET /projects/{key}/deliveries/{delivery}`."""
    whole, tell = await delivery_of(request), telling(request)
    line = whole.delivery
    last = whole.attempts[-1] if whole.attempts else None
    kept_by = (await holdups(services_of(request).history, [line], tell.now)).get(line.id)
    return render(
        request,
        "delivery.html",
        tell=tell,
        nav="deliveries",
        whole=whole,
        line=line,
        attempts=[(number, one) for number, one in enumerate(whole.attempts, 1)][::-1],
        message=said_in(last),
        raw=sent(last),
        last=last,
        holdup=kept_by,
        verdict=_verdict(line, last, kept_by, tell),
        replayed=counted_of(request.query_params.get("replayed", "")),
    )


def _verdict(
    line: DeliveryLine, last: AttemptLine | None, kept_by: Holdup | None, tell: Telling
) -> tuple[str, str] | None:
    """Cause and cure of a delivery that is not delivered; None where there is nothing to tell."""
    if line.state == "delivered" and not line.maybe_delivered:
        return None
    if kept_by and kept_by.needs_somebody:
        told = tell.why(kept_by.code)
        return told.cause, told.cure
    code = line.cause or (last.code if last and line.state != "waiting" else None)
    if code is None or code == "0":
        return None
    told = tell.end(line) if line.cause else tell.why(code, line.channel)
    return told.cause, told.cure


class _Content(msgspec.Struct):
    content: str = ""


class _Message(msgspec.Struct):
    """What the two formats have in common."""

    markdown: _Content | None = None
    text: _Content | None = None


def said_in(attempt: AttemptLine | None) -> str | None:
    """The message as the group was to read it; one's own line alone where it spoke for another project, too."""
    if attempt is None or attempt.body is None:
        return attempt.line if attempt else None
    try:
        read = msgspec.json.decode(attempt.body, type=_Message)
    except msgspec.MsgspecError:
        return None
    part = read.markdown or read.text
    return part.content if part else None


def sent(attempt: AttemptLine | None) -> str | None:
    """The exact body of a call; None where it spoke for another project, too."""
    return None if attempt is None or attempt.body is None else attempt.body.decode("utf-8", "replace")


ROUTES = (
    page("/projects/{key}/deliveries", deliveries),
    page("/projects/{key}/deliveries/{delivery}", one_delivery),
)
