"""Numbers for rows, made by each process alone, that sort by time."""

import secrets
import threading

from shipbell.domain.ids import TIME_SHIFT, milliseconds
from shipbell.ports.clock import Clock

_COUNT_BITS = 12
_NODE_BITS = TIME_SHIFT - _COUNT_BITS


class TimeOrderedIds:
    """Makes 63-bit numbers: 41 bits of milliseconds, 10 of this process (random), 12 of a count.

    A clock that goes back, or more than 4,096 numbers in a millisecond, borrow from the next millisecond.
    """

    def __init__(self, clock: Clock) -> None:
        """Start after nothing."""
        self._clock = clock
        self._node = secrets.randbits(_NODE_BITS) << _COUNT_BITS
        self._last = 0
        self._count = 0
        self._lock = threading.Lock()

    def next(self) -> int:
        """The next number."""
        with self._lock:
            now = milliseconds(self._clock.now())
            if now > self._last:
                self._last, self._count = now, 0
            else:
                self._count += 1
                if self._count >> _COUNT_BITS:
                    self._last, self._count = self._last + 1, 0
            return self._last << TIME_SHIFT | self._node | self._count
