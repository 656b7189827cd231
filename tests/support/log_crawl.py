"""What a server's log may hold: structured lines of what was foreseen, and two sentences for people."""

import json
import re
from collections.abc import Sequence

_FOR_PEOPLE = re.compile(
    r"Shipbell serves on http://\S+|The first administrator is admin with the password \S+ \(shown this once\)\."
)
_NEEDED = {"event", "level", "timestamp"}
# A traceback as it was written or quoted, and where a surprise came about.
_SURPRISES = {"exception", "stack", "exc_info", "at"}
_CONSOLE = re.compile(r"\d{4}-\d\d-\d\dT\S+Z \[(?:debug|info|warning|error) *\] \S")
_CONSOLE_SURPRISE = re.compile(r"\s(?:at|exception|stack)=")


def crawled(log: str, expected: Sequence[str] = ()) -> list[str]:
    """The lines that should not be there; whatever holds one of the `expected` texts is left out."""
    return [line for line in log.splitlines() if not (_is_fine(line) or any(one in line for one in expected))]


def _is_fine(line: str) -> bool:
    if not line or _FOR_PEOPLE.fullmatch(line):
        return True
    if "Traceback" in line:
        return False
    if _CONSOLE.match(line):
        return _CONSOLE_SURPRISE.search(line) is None
    try:
        told = json.loads(line)
    except ValueError:
        return False
    return isinstance(told, dict) and told.keys() >= _NEEDED and not told.keys() & _SURPRISES
