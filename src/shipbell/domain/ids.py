"""Ids: a prefix and 13 characters that sort by time (`evt_`, `dlv_`, `att_`, `sub_`, `src_`, `rob_`, …)."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

# The upper 41 of 63 bits count milliseconds from here; they last until 2095.
_EPOCH = datetime(2025, 9, 1, tzinfo=UTC)
TIME_SHIFT = 22
_MILLISECOND = timedelta(milliseconds=1)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_LENGTH = 13
# Two letters at once: ten bits.
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHIFTS = (50, 40, 30, 20, 10, 0)
_MAX = 2**63 - 1


class Prefix(StrEnum):
    """The kinds of things that have an id."""

    EVENT = "evt"
    DELIVERY = "dlv"
    ATTEMPT = "att"
    SUBSCRIPTION = "sub"
    SOURCE = "src"
    PROJECT = "prj"
    ROBOT = "rob"
    USER = "usr"
    TOKEN = "tok"  # noqa: S105 - a prefix, not a password
    CALL = "cal"
    AUDIT = "aud"
    SESSION = "ses"


def encode(prefix: Prefix, number: int) -> str:
    """Write a row number as a public id; ids of one kind sort as their numbers do."""
    pairs = "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
    return f"{prefix.value}_{_ALPHABET[number >> 60]}{pairs}"


def decode(prefix: Prefix, text: str) -> int | None:
    """Read a public id; None when it is not one of this kind."""
    head, _, tail = text.partition("_")
    if head != prefix.value or len(tail) != _LENGTH:
        return None
    number = 0
    for letter in tail:
        digit = _VALUES.get(letter)
        if digit is None:
            return None
        number = number * 32 + digit
    return number if number <= _MAX else None


def milliseconds(time: datetime) -> int:
    """The milliseconds of a time since the epoch of ids."""
    return (time - _EPOCH) // _MILLISECOND


def first_at(time: datetime) -> int:
    """The smallest number that an id made at this time can have."""
    return max(0, milliseconds(time)) << TIME_SHIFT


def made_at(number: int) -> datetime:
    """When an id was made, to the millisecond."""
    return _EPOCH + (number >> TIME_SHIFT) * _MILLISECOND
