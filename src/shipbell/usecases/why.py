"""Why: the path of an event, from the door to the group, for each subscription."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shipbell.domain.events import Event
from shipbell.domain.matching import Verdict, rules
from shipbell.domain.subscriptions import Subscription
from shipbell.ports.directory import Directory, KnownProject
from shipbell.ports.history import DeliveryWhole, EventLine, History


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
    """All that became of one event."""

    event: EventLine
    branches: tuple[Branch, ...]


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

    async def path(self, line: EventLine) -> Path:
        """The path of one event."""
        snapshot = await self.directory.snapshot()
        project = snapshot.projects.get(line.project_key)
        wholes = await self.history.deliveries_of(line.id)
        by_subscription = {one.delivery.subscription_id: one for one in wholes}
        branches = [
            Branch(
                subscription=one.name,
                rules=self._rules(line, one, project),
                delivery=by_subscription.pop(one.id, None),
            )
            for one in (project.subscriptions if project else ())
        ]
        branches += [
            Branch(subscription=one.delivery.subscription or "", rules=(), delivery=one)
            for one in by_subscription.values()
        ]
        return Path(event=line, branches=tuple(branches))

    def _rules(self, line: EventLine, one: Subscription, project: KnownProject | None) -> tuple[Verdict, ...]:
        if project is None or not isinstance(line.event, Event):
            return ()
        return rules(line.event, one, offered=self.offered(one.channel, project.region))
