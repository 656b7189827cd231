"""Turned away: what knocked at doors of late without a new event, for whoever looks for one that is not kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from shipbell.ports.pages import DoorLine, DoorPages

# So many of a source's last calls are looked at.
_LOOK = 50
_REFUSED = 400


class Door(Protocol):
    """A source, as far as its door needs one."""

    @property
    def id(self) -> int:
        """Its row number."""
        ...


S = TypeVar("S", bound=Door)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedAway(Generic[S]):
    """A source's calls of late that were refused, the last of them, and how many brought known events alone."""

    source: S
    refused: int
    last: DoorLine | None
    duplicates: int


async def turned_away(doors: DoorPages, sources: Iterable[S]) -> list[TurnedAway[S]]:
    """The sources that refused calls of late or took duplicates; who refused last comes first."""
    found = []
    for source in sources:
        calls = (await doors.page(source.id, before=None, limit=_LOOK)).items
        refused = [one for one in calls if one.status >= _REFUSED]
        known = sum(one.duplicates > 0 for one in calls)
        if refused or known:
            last = refused[0] if refused else None
            found.append(TurnedAway(source=source, refused=len(refused), last=last, duplicates=known))
    return sorted(found, key=lambda one: one.last.id if one.last else 0, reverse=True)
