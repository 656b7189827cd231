"""What may go wrong on demand: each fault strikes every Nth call of a robot."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from shipbell.domain.errors import InvalidValue, Problem


class Fault(StrEnum):
    """One way for a call to go wrong; of several that are due at once the first listed strikes."""

    BAD_GATEWAY = "bad-gateway"
    RESET_BEFORE = "reset-before"
    BUSY = "busy"
    RESET_AFTER = "reset-after"
    STALL = "stall"
    TRUNCATED = "truncated"
    WARNING = "warning"


EVERYONE = "*"


def known_faults(given: Mapping[str, object], field: str = "faults") -> dict[Fault, int]:
    """The faults by name, 0 = off; raises InvalidValue for an unknown name or a count that is none."""
    problems = [problem for name, every in given.items() if (problem := _problem(name, every, field))]
    if problems:
        raise InvalidValue(problems)
    return {Fault(name): every for name, every in given.items() if isinstance(every, int)}


def read_faults(words: Sequence[str]) -> dict[str, int]:
    """`["busy=3", "stall=1"]` as a mapping; raises InvalidValue."""
    given: dict[str, object] = {}
    for word in words:
        name, _, every = word.partition("=")
        given[name] = int(every) if every.isascii() and every.isdigit() else every
    return {fault.value: every for fault, every in known_faults(given, "--fault").items()}


def due(faults: Mapping[Fault, int], call: int) -> Fault | None:
    """The fault that strikes this call (counted from 1), or None."""
    return next((fault for fault in Fault if (every := faults.get(fault, 0)) and call % every == 0), None)


def _problem(name: str, every: object, field: str) -> Problem | None:
    if name not in set(Fault):
        known = ", ".join(Fault)
        return Problem(field=field, code="unknown-fault", message=f"“{name}” is no fault; there are {known}.")
    if not isinstance(every, int) or isinstance(every, bool) or every < 0:
        return Problem(field=field, code="not-a-count", message=f"{name} takes a count: 3 = every third call, 0 = off.")
    return None
