"""Pulse: whether something happened in a project, asked often and cheaply."""

from collections.abc import Mapping, Sequence
from typing import Protocol

# Equal marks: nothing happened in between that the history tells of. Other comparisons mean nothing.
Mark = tuple[int, ...]


class Pulse(Protocol):
    """What watchers of a project ask before they look closer."""

    async def marks(self, project_ids: Sequence[int]) -> Mapping[int, Mark]:
        """The mark of each project that exists."""
        ...
