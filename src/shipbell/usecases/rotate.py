"""Rotate: every secret at rest under the newest key."""

from collections.abc import Callable
from dataclasses import dataclass

from shipbell.ports.directory import By
from shipbell.ports.rotation import Rotation


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """How many secrets there were, and how many were not under the newest key yet."""

    seen: int
    rewritten: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotate:
    """Works through every shelf; stopped midway and run again, it goes on where secrets are left."""

    rotation: Rotation

    async def __call__(self, by: By, *, progress: Callable[[int, int], None]) -> Rotated:
        """Write all anew, and tell `progress` how many of how many are done; raises WrongKey."""
        total = await self.rotation.count()
        seen = rewritten = 0
        for shelf in self.rotation.shelves:
            after: int | None = 0
            while after is not None:
                turned = await self.rotation.turn(shelf, after)
                seen, rewritten, after = seen + turned.seen, rewritten + turned.rewritten, turned.after
                progress(seen, max(total, seen))
        if rewritten:
            await self.rotation.done(rewritten, by)
        return Rotated(seen=seen, rewritten=rewritten)
