"""The clock watch: notices that the time was changed, which no waiting may be measured by."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# Smaller steps do no harm; a clock that is kept right makes none of this size.
JUMP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Reading:
    """The time, and the seconds that passed steadily, read together."""

    time: datetime
    steady: float

    def jump_since(self, before: "Reading") -> timedelta | None:
        """How far the time was moved since; None when it went on as it should."""
        moved = (self.time - before.time) - timedelta(seconds=self.steady - before.steady)
        return moved if abs(moved) > JUMP else None
