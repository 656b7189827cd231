"""Replay: send again what was not delivered, one or many, and say what cannot go."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shipbell.domain.deliveries import DeliveryState
from shipbell.domain.errors import NotFound, NotReplayable, StillWaiting
from shipbell.domain.explanations import explain
from shipbell.domain.ids import Prefix, encode
from shipbell.domain.validation import Findings
from shipbell.ports.directory import By
from shipbell.ports.history import DeliveryWhole, Find, History
from shipbell.usecases.validate import finished

# What one call moves at most; who has more calls again.
MOST = 10_000
# What is refused does not count to the most: it would stand in the way of the rest, call after call.
_LOOKS = 10
# So many of those that cannot go are told one by one.
MOST_TOLD = 1_000
_CHUNK = 500
_ENDED = tuple(one.value for one in DeliveryState if one is not DeliveryState.WAITING)
_UNKNOWN = "There is no such delivery in this project."


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedMany:
    """What a replay of many did; `more` = there are more of them after `last`, call again.

    Of those that were refused the oldest are named; `refusals` counts all.
    """

    replayed: int
    refused: Mapping[int, str]
    more: bool
    last: int = 0
    refusals: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Replays the deliveries of one project."""

    history: History

    async def one(self, project_id: int, delivery_id: int, by: By) -> DeliveryWhole:
        """Replay one delivery: how it stands then. Raises NotFound, StillWaiting, NotReplayable."""
        done = await self.history.replay([delivery_id], project_id=project_id, by=by)
        reason = done.refused.get(delivery_id)
        if reason == "not-found":
            raise NotFound(_UNKNOWN)
        if reason is not None:
            told = explain(reason)
            sentence = f"{told.cause} {told.cure}"
            raise StillWaiting(sentence) if reason == "still-waiting" else NotReplayable(sentence, reason)
        return await self.look(project_id, delivery_id)

    async def look(self, project_id: int, delivery_id: int) -> DeliveryWhole:
        """One delivery of a project; raises NotFound."""
        whole = await self.history.delivery(delivery_id)
        if whole is None or whole.delivery.project_id != project_id:
            raise NotFound(_UNKNOWN)
        return whole

    async def many(self, find: Find, by: By, *, after: int = 0, most: int = MOST) -> ReplayedMany:
        """Replay what a search finds after a delivery, the oldest first, `most` at once.

        Raises InvalidValue for a state that still waits, NotFound for a robot that no subscription names and that
        none of the deliveries was for.
        """
        found = Findings()
        if find.state not in _ENDED:
            found.add("state", "unknown-state", f"Choose one of {', '.join(_ENDED)}.")
        finished(found)
        find = replace(find, before=None)
        await self._check_robot(find)
        replayed, refusals, last, refused = 0, 0, after, dict[int, str]()
        more = True
        while replayed < most and replayed + refusals < most * _LOOKS:
            ids = await self.history.found(find, most=min(_CHUNK, most - replayed), after=last)
            if not ids:
                more = False
                break
            done = await self.history.replay(ids, project_id=find.project_id, by=by)
            replayed, refusals, last = replayed + done.replayed, refusals + len(done.refused), ids[-1]
            refused |= dict(list(done.refused.items())[: MOST_TOLD - len(refused)])
        more = more and await self.left(find, last)
        return ReplayedMany(replayed=replayed, refused=refused, more=more, last=last, refusals=refusals)

    async def _check_robot(self, find: Find) -> None:
        """Raise NotFound for a robot that is not there or not this project's to know, in the same words."""
        if find.lane_id is None:
            return
        mine = Find(project_id=find.project_id, lane_id=find.lane_id)
        if await self.history.robots(project_id=find.project_id, lane_ids=[find.lane_id]):
            return
        if not await self.history.found(mine, most=1):
            raise NotFound("There is no such robot in this project.")

    async def left(self, find: Find, last: int) -> bool:
        """Whether a search finds more after a delivery."""
        return bool(await self.history.found(find, most=1, after=last))


def refusals(refused: Mapping[int, str]) -> list[dict[str, str]]:
    """What was refused, in words."""
    return [
        {"id": encode(Prefix.DELIVERY, number), "code": reason, "message": explain(reason).cause}
        for number, reason in refused.items()
    ]
