"""Rotation: secrets at rest, written anew under the newest key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shipbell.ports.directory import By


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """What one step did: how many secrets it looked at, how many it wrote anew, and where the next one begins.

    `after` is None when the shelf has no more.
    """

    seen: int
    rewritten: int
    after: int | None


class Rotation(Protocol):
    """The secrets of a store, shelf by shelf (a table's column each)."""

    @property
    def shelves(self) -> Sequence[str]:
        """The shelves in the order to work through."""
        ...

    async def count(self) -> int:
        """How many secrets there are, about."""
        ...

    async def turn(self, shelf: str, after: int) -> Turned:
        """Write a chunk of a shelf anew, in one transaction; raises WrongKey when a secret cannot be opened."""
        ...

    async def done(self, rewritten: int, by: By) -> None:
        """Leave an entry in the audit log."""
        ...
