"""What a check found: fine, a warning or a fault, in words, with what to do."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How much it matters; a fault alone makes the command fail."""

    FINE = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of `doctor`."""

    check: str
    state: Verdict
    found: str
    cure: str = ""


def fine(check: str, found: str) -> Check:
    """Nothing is to be done."""
    return Check(check=check, state=Verdict.FINE, found=found)


def warn(check: str, found: str, cure: str) -> Check:
    """It works, but somebody should look."""
    return Check(check=check, state=Verdict.WARNING, found=found, cure=cure)


def fault(check: str, found: str, cure: str = "") -> Check:
    """It does not work."""
    return Check(check=check, state=Verdict.FAULT, found=found, cure=cure)
