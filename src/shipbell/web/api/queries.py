"""The parameters of query strings: what lists can be asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shipbell.domain.catalog import EVENT_TYPES
from shipbell.domain.deliveries import DeliveryState
from shipbell.domain.ids import Prefix

MOST = 200
DEFAULT = 50
STATES = ("retrying", *(one.value for one in DeliveryState))


def _text(**more: object) -> Mapping[str, object]:
    return {"type": "string", **more}


def _id(prefix: Prefix) -> Mapping[str, object]:
    return _text(pattern=f"^{prefix.value}_[0-9a-z]{{13}}$")


def _one_of(words: Sequence[str]) -> Mapping[str, object]:
    return _text(enum=list(words))


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter of the query string; an `example` of None is none."""

    name: str
    about: str
    example: object = None
    shape: Mapping[str, object] = field(default_factory=_text)

    @property
    def schema(self) -> Mapping[str, object]:
        """What the document says of its values."""
        return {**self.shape, **({} if self.example is None else {"examples": [self.example]})}


_CURSOR = Query("cursor", "`next` of the page before.")


def _paged(what: str, left_out: int) -> tuple[Query, Query]:
    shape = {"type": "integer", "minimum": 1, "maximum": MOST, "default": left_out}
    limit = Query("limit", f"How many {what} at most, 1 to {MOST} ({left_out}).", left_out, shape)
    return limit, _CURSOR


PAGED = _paged("items", DEFAULT)
WHY = _paged("branches", MOST)
REPLAY = (Query("cursor", "`next` of the call before, with the same body."),)
_WHEN = (
    Query("from", "Only later ones (RFC 3339).", "2026-11-24T00:00:00Z", _text(format="date-time")),
    Query("to", "Only earlier ones (RFC 3339).", "2026-11-25T00:00:00Z", _text(format="date-time")),
)
EVENTS = (
    *PAGED,
    Query("source", "Only those of this source (`src_…`).", shape=_id(Prefix.SOURCE)),
    Query("type", "Only those of this event type.", "pipeline.run.failed", _one_of([*EVENT_TYPES])),
    Query("text", "Only those whose name, run number or commit begins so.", "build"),
    *_WHEN,
)
DELIVERIES = (
    *EVENTS,
    Query("state", "waiting, retrying, delivered, dead, expired or cancelled.", "dead", _one_of(STATES)),
    Query("robot", "Only those of this robot (`rob_…`).", shape=_id(Prefix.ROBOT)),
    Query("subscription", "Only those of this subscription (`sub_…`).", shape=_id(Prefix.SUBSCRIPTION)),
)
AUDIT = (
    *PAGED,
    Query("project", "Only this project's part, which its managers may read since it was made.", "payments"),
    Query("actor", "Only the changes of this user.", "alice"),
    Query("action", "Only changes of this kind.", "subscription.updated"),
)
