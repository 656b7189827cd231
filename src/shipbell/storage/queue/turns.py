"""Turns: submissions that wait to be kept, in order within a project, projects in turn."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from shipbell.domain.errors import Busy
from shipbell.ports.intake import Accepted
from shipbell.storage.queue.insert_events import Submission

_MIB = 1024 * 1024
# What one transaction holds: a large one keeps everybody waiting.
_EVENTS_AT_ONCE = 1_024
_BYTES_AT_ONCE = 4 * _MIB
# What may wait, and of it the events and bytes of one project.
_EVENTS = 20_000
_BYTES = 64 * _MIB
_SHARE = 2


@dataclass(slots=True, eq=False)
class Waiting:
    """A submission whose sender waits for the commit; `size_bytes` is how long its call was."""

    submission: Submission
    size_bytes: int
    done: asyncio.Future[Accepted] = field(repr=False)


@dataclass(slots=True)
class _Load:
    """How much waits."""

    events: int = 0
    size_bytes: int = 0

    def has_room(self, one: Waiting, share: int = 1) -> bool:
        """Whether a submission may wait as well, when this is a share of all that may."""
        events = self.events + len(one.submission.received)
        return events <= _EVENTS // share and self.size_bytes + one.size_bytes <= _BYTES // share

    def add(self, one: Waiting, times: int = 1) -> None:
        """Count a submission, or take it off."""
        self.events += times * len(one.submission.received)
        self.size_bytes += times * one.size_bytes


@dataclass(slots=True)
class _Line:
    """The submissions of one project, and how much they are."""

    waiting: deque[Waiting] = field(default_factory=deque)
    load: _Load = field(default_factory=_Load)


@dataclass(slots=True)
class Turns:
    """What waits; a project that sends much waits behind itself, and not before others."""

    _lines: dict[int, _Line] = field(default_factory=dict)
    _load: _Load = field(default_factory=_Load)

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._lines)

    def add(self, one: Waiting) -> None:
        """Let a submission of at least one event wait; raises Busy when there is no room for it."""
        project = one.submission.received[0].project_id
        line = self._lines.get(project) or _Line()
        if not (self._load.has_room(one) and line.load.has_room(one, _SHARE)):
            raise Busy("More events wait to be kept than there is room for: send them again in a second.")
        line.waiting.append(one)
        line.load.add(one)
        self._load.add(one)
        self._lines[project] = line

    def take(self) -> list[Waiting]:
        """The next submissions, as many as one transaction should hold; at least one, when any waits."""
        taken: list[Waiting] = []
        size = _Load()
        while self._lines:
            project, line = next(iter(self._lines.items()))
            one = line.waiting[0]
            size.add(one)
            if taken and (size.events > _EVENTS_AT_ONCE or size.size_bytes > _BYTES_AT_ONCE):
                break
            taken.append(line.waiting.popleft())
            line.load.add(one, -1)
            self._load.add(one, -1)
            # Its next one is behind one of everybody else.
            del self._lines[project]
            if line.waiting:
                self._lines[project] = line
        return taken
