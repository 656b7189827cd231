"""Filters of a list, as the address has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request

from shipbell.domain.catalog import EVENT_TYPES
from shipbell.domain.ids import Prefix, decode, encode
from shipbell.ports.directory import ProjectWhole
from shipbell.ports.history import Find
from shipbell.web.console.frame.project_words import STATES, Telling

TIMES: Mapping[str, timedelta] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
# A row number that no row has: what is not there finds nothing, not everything.
_NOTHING = 0
_LONGEST = 200
_MOST_DIGITS = 13
# More subscriptions than these make the page heavy; the others lead here from the list of subscriptions.
_LISTED = 100
PAGE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What was asked for, in the words of the address; empty = any."""

    state: str = ""
    subscription: str = ""
    source: str = ""
    type: str = ""
    time: str = ""
    q: str = ""
    robot: str = ""
    kind: str = ""

    @property
    def any(self) -> bool:
        """Whether something is asked for."""
        return any(self.asked().values())

    def asked(self, **changed: str | None) -> dict[str, str | None]:
        """The address of this question, with some of it changed; empty ones are left out."""
        pairs: dict[str, str | None] = {name: getattr(self, name) or None for name in self.__slots__}
        return {**pairs, **changed}


def filters_of(request: Request) -> Filters:
    """The filters of an address; unknown words of closed lists count as any."""
    query = request.query_params

    def text(name: str) -> str:
        return query.get(name, "").replace("\0", "").strip()[:_LONGEST]

    return Filters(
        state=text("state") if text("state") in STATES else "",
        subscription=text("subscription"),
        source=text("source"),
        type=text("type"),
        time=text("time") if text("time") in TIMES else "",
        q=text("q"),
        robot=text("robot"),
        kind=text("kind") if text("kind") in {"accepted", "ignored"} else "",
    )


def counted_of(text: str) -> int:
    """A number of the address; 0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0


def find_of(filters: Filters, whole: ProjectWhole, tell: Telling, before: int | None) -> Find:
    """The question to the store."""
    return Find(
        project_id=whole.project.id,
        state=filters.state or None,
        subscription_id=_number(Prefix.SUBSCRIPTION, filters.subscription),
        source_id=_number(Prefix.SOURCE, filters.source),
        lane_id=_number(Prefix.ROBOT, filters.robot),
        type=filters.type or None,
        text=filters.q or None,
        since=tell.now - TIMES[filters.time] if filters.time else None,
        before=before,
        limit=PAGE,
    )


def _number(prefix: Prefix, text: str) -> int | None:
    if not text:
        return None
    found = decode(prefix, text)
    return _NOTHING if found is None else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What can be chosen in the filters of a list: values with their words."""

    subscriptions: list[tuple[str, str]]
    sources: list[tuple[str, str]]
    types: list[tuple[str, str]]
    times: list[tuple[str, str]]


def choices_of(whole: ProjectWhole, tell: Telling, chosen: str = "") -> Choices:
    """The choices of a project; of many subscriptions the first ones and the chosen one."""
    t, number = tell.words.t, _number(Prefix.SUBSCRIPTION, chosen)
    return Choices(
        subscriptions=[
            (encode(Prefix.SUBSCRIPTION, one.id), one.name)
            for place, one in enumerate(whole.subscriptions)
            if place < _LISTED or one.id == number
        ],
        sources=[(encode(Prefix.SOURCE, one.id), one.name) for one in whole.sources],
        types=[(one, tell.kind(one)) for one in EVENT_TYPES],
        times=[
            ("1h", t("Last hour")),
            ("24h", t("Last 24 hours")),
            ("7d", t("Last 7 days")),
            ("30d", t("Last 30 days")),
        ],
    )
