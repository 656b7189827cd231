"""Why: the path of an event, from the door to the group, for each subscription."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shipbell.domain.events import Event
from shipbell.domain.matching import Verdict, rules
from shipbell.domain.subscriptions import Subscription
from shipbell.ports.directory import Directory, KnownProject
from shipbell.ports.history import DeliveryWhole, EventLine, History, Told

_DELIVERED = "delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One subscription's part: each rule's answer, and the delivery that was made, if one was.

    The rules are those of the subscription as it is now; it may have been another when the event came.
    """

    subscription: str
    rules: tuple[Verdict, ...]
    delivery: DeliveryWhole | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """What became of one event: some of its branches from `start` on, those that have a delivery first.

    The numbers speak of all branches; `next` is where the following ones start.
    """

    event: EventLine
    branches: tuple[Branch, ...]
    all: int
    wanted: int
    delivered: int
    start: int
    next: int | None


@dataclass(frozen=True, slots=True)
class _Place:
    """A branch before it is read: a subscription (None = it is gone) and its delivery."""

    subscription: Subscription | None
    told: Told | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Answers “why did I (not) get this?”."""

    directory: Directory
    history: History
    offered: Callable[[str, str], bool]

    async def __call__(self, identifier: str, *, project_id: int | None = None) -> Sequence[Path]:
        """The paths of the events of an id, ours (`evt_…`) or the tool's; empty when none is known."""
        found = await self.history.events_named(identifier, project_id=project_id)
        return [await self.path(one) for one in found]

    async def path(self, line: EventLine, *, start: int = 0, most: int | None = None) -> Path:
        """The path of one event; attempts are read for the branches that it holds alone.

        A `start` beyond the last branch means the first.
        """
        project = (await self.directory.snapshot()).projects.get(line.project_key)
        told = await self.history.told(line.id)
        places = _places(project.subscriptions if project else (), told)
        begin = start if start < len(places) else 0
        end = len(places) if most is None else min(begin + most, len(places))
        return Path(
            event=line,
            branches=tuple(await self._branches(line, project, places[begin:end])),
            all=len(places),
            wanted=len(told),
            delivered=sum(one.state == _DELIVERED for one in told),
            start=begin,
            next=end if end < len(places) else None,
        )

    async def _branches(
        self, line: EventLine, project: KnownProject | None, places: Sequence[_Place]
    ) -> Sequence[Branch]:
        wanted = [one.told.id for one in places if one.told]
        wholes = {one.delivery.id: one for one in await self.history.wholes(wanted)} if wanted else {}
        return [self._branch(line, project, one, wholes.get(one.told.id) if one.told else None) for one in places]

    def _branch(
        self, line: EventLine, project: KnownProject | None, place: _Place, whole: DeliveryWhole | None
    ) -> Branch:
        named = whole.delivery.subscription if whole else None
        return Branch(
            subscription=place.subscription.name if place.subscription else named or "",
            rules=self._rules(line, place.subscription, project),
            delivery=whole,
        )

    def _rules(self, line: EventLine, one: Subscription | None, project: KnownProject | None) -> tuple[Verdict, ...]:
        if project is None or one is None or not isinstance(line.event, Event):
            return ()
        return rules(line.event, one, offered=self.offered(one.channel, project.region))


def _places(subscriptions: Sequence[Subscription], told: Sequence[Told]) -> Sequence[_Place]:
    """Every branch of an event, those that have a delivery first, each kind in order of the subscriptions."""
    of, known = {one.subscription_id: one for one in told}, {one.id for one in subscriptions}
    places = [_Place(one, of.get(one.id)) for one in subscriptions]
    places += [_Place(None, one) for one in told if one.subscription_id not in known]
    return sorted(places, key=lambda one: one.told is None)
