"""Upkeep: what keeps the database small and its states true."""

from datetime import datetime
from typing import Protocol


class Upkeep(Protocol):
    """The tidy side of the store."""

    async def expire(self) -> int:
        """Let what waited too long expire, and cancel what may not be sent; how many expired."""
        ...

    async def forget(self, before: datetime) -> int:
        """Forget a chunk of what is older, but for what waits; 0 when nothing is left."""
        ...

    async def waiting(self) -> tuple[int, datetime | None]:
        """How many deliveries wait, and since when the oldest does."""
        ...

    async def ready(self) -> dict[str, str]:
        """Checks of the store by name: `ok`, or a sentence."""
        ...
