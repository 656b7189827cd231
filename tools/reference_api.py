"""The reference page of the REST API, from its table of operations."""

from collections.abc import Iterator, Sequence

from shipbell.domain.access import Reach
from shipbell.web.api import OPERATIONS, openapi
from shipbell.web.api.operation import Operation
from shipbell.web.api.queries import DEFAULT, MOST

_INTRO = (
    "Addresses begin with `/api/v1`. The OpenAPI document, with every shape, is at `/api/openapi.json`.",
    "",
    "- Programs send `Authorization: Bearer TOKEN` (`shipbell token create`). A browser that is signed in sends its",
    "  session cookie and, with every change, the token of its forms as `X-CSRF-Token`.",
    f'- Lists answer `{{"items": […], "next": cursor or null}}`, and take `?limit=` (1 to {MOST}, {DEFAULT}) and',
    "  `?cursor=`, the `next` of the page before. A page of very large events ends early. Lists of deliveries, and",
    "  `why`, cut `subject` and `run_number` to 512 bytes, with `…` at the end; the one delivery has them whole.",
    "- `POST` makes (201), `PUT` replaces, `PATCH` is a JSON merge patch (RFC 7396), `DELETE` answers 204. What was",
    "  read may be sent back as it is: masks keep secrets, and what nobody can set is passed over.",
    "- Replies carry an `ETag`. Sent as `If-Match` it keeps you from overwriting what somebody else has changed: 412.",
    "- Errors are problems by RFC 9457 with a stable `code` ([errors](errors.md)); 422 names each field in `errors`.",
)


def api_parts() -> Iterator[Sequence[str]]:
    """The paragraphs of the page."""
    yield _INTRO
    for noun in dict.fromkeys(openapi.noun_of(one) for one in OPERATIONS):
        mine = [one for one in OPERATIONS if openapi.noun_of(one) == noun]
        yield [f"## {noun.capitalize()}"]
        yield ["| Operation | What it does | Action | Answers |", "|---|---|---|---|", *(_row(one) for one in mine)]
        yield from _filters(mine)


def _row(operation: Operation) -> str:
    action = "signed in" if operation.action is Reach.SIGNED_IN else f"`{operation.action.value}`"
    statuses = ", ".join(str(one) for one in (*openapi.good_of(operation), *openapi.refusals_of(operation)))
    return f"| `{operation.method} {operation.path}` | {operation.about} | {action} | {statuses} |"


def _filters(operations: Sequence[Operation]) -> Iterator[Sequence[str]]:
    told = {one.name: one.about for operation in operations for one in operation.query}
    filters = [f"- `?{name}=` {about}" for name, about in told.items() if name not in {"limit", "cursor"}]
    if filters:
        yield filters
