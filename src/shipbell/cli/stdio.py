"""The standard streams: there from the start, and known at the end to have taken what was written."""

import os
import sys
from contextlib import suppress
from io import TextIOWrapper


def opened() -> None:
    """Put /dev/null where a stream was closed: the event loop aborts when a file of its own gets a number below 3.

    What the terminal's encoding cannot say is escaped, not refused.
    """
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - open to the end
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - open to the end
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - open to the end
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def finished() -> OSError | None:
    """Write out what waits on both; answers why the result could not be, unless its reader had enough of it."""
    lost: OSError | None = None
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            # The interpreter would try again at its own end, and complain.
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            if stream is sys.stdout and not isinstance(error, BrokenPipeError):
                lost = error
    return lost
