"""Result: what became of one call to a robot (closed union)."""

from datetime import timedelta

from msgspec import Struct


class Explained(Struct, frozen=True, kw_only=True):
    """What every result carries for people: a short code and the robot's own words, redacted.

    `code` is the robot's errcode, `http-502`, or a word such as `timeout`; cause and cure are told by
    `shipbell.domain.explanations` in the reader's language.
    """

    code: str
    detail: str = ""


class Delivered(Explained, frozen=True, kw_only=True):
    """`errcode` 0 and `errmsg` ok."""

    code: str = "0"


class Throttled(Explained, frozen=True, kw_only=True):
    """The robot wants fewer calls: wait `pause`; no attempt is counted. `drained`: resume with an empty bucket."""

    pause: timedelta
    drained: bool = True


class Transient(Explained, frozen=True, kw_only=True):
    """It may succeed later. `uncertain`: the call may have arrived, so a repeat may be a second message."""

    uncertain: bool = False


class Rejected(Explained, frozen=True, kw_only=True):
    """This message will never be taken. `maybe`: it may have been shown all the same; `alarm`: the code is unknown."""

    maybe: bool = False
    alarm: bool = False


class Gone(Explained, frozen=True, kw_only=True):
    """The robot is not there any more or switched off; a person must act."""


class Refused(Explained, frozen=True, kw_only=True):
    """The address does not take our calls (other 3xx or 4xx, address not allowed); a person must act."""


type_names: dict[type[Explained], str] = {
    Delivered: "delivered",
    Throttled: "throttled",
    Transient: "transient",
    Rejected: "rejected",
    Gone: "gone",
    Refused: "refused",
}

Result = Delivered | Throttled | Transient | Rejected | Gone | Refused
