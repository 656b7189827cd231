"""`shipbell serve` whose clock and whose commits a drill bends: files in the folder BENT say how.

`offset` holds seconds that the clock is ahead; `hang` holds seconds for which the next commit that hands out calls
takes, once.
"""

import os
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

import shipbell.assemble
from shipbell.__main__ import main
from shipbell.clock import SystemClock
from shipbell.ports.lanes import Batch
from shipbell.storage.queue import lanes
from shipbell.storage.queue.claim import Rules, hand_out
from shipbell.storage.queue.lane_rows import LaneRow

_FOLDER = Path(os.environ["BENT"])


def told(name: str) -> float:
    """What a file says; 0 without one."""
    path = _FOLDER / name
    return float(path.read_text("ascii") or 0) if path.exists() else 0.0


class BentClock(SystemClock):
    """The machine's clock, moved."""

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=told("offset"))


def hanging(
    connection: Connection, due: Sequence[LaneRow], rules: Rules, *, worker: str, now: int
) -> tuple[list[Batch], list[LaneRow]]:
    """Hand out, and keep the commit waiting when that is wanted."""
    handed = hand_out(connection, due, rules, worker=worker, now=now)
    if handed[0] and (seconds := told("hang")):
        (_FOLDER / "hang").unlink()
        time.sleep(seconds)
    return handed


vars(shipbell.assemble)["SystemClock"] = BentClock
vars(lanes)["hand_out"] = hanging
sys.argv[0] = "shipbell"
main()
