"""The outbound wire: one call to a robot and what came back."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from shipbell.domain.secret import Secret


class Call(Struct, frozen=True, kw_only=True):
    """One POST of a JSON body."""

    url: Secret
    body: bytes


class Reply(Struct, frozen=True, kw_only=True):
    """An HTTP answer; header names are lower case, the body is at most 64 KiB after decompression."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Trouble(StrEnum):
    """Why there is no answer."""

    NAME_NOT_FOUND = "name-not-found"
    NOT_ALLOWED = "address-not-allowed"
    NOT_CONNECTED = "not-connected"
    CERTIFICATE = "certificate-not-trusted"
    PROXY = "proxy-failed"
    TIMED_OUT = "timed-out"
    CUT_OFF = "cut-off"
    REPLY_TOO_LARGE = "reply-too-large"
    BAD_URL = "url-unusable"


class NoReply(Struct, frozen=True, kw_only=True):
    """No usable answer; `sent` is true when the robot may have got the whole call."""

    trouble: Trouble
    sent: bool
    detail: str = ""


class Transport(Protocol):
    """The only outbound door."""

    async def send(self, call: Call) -> Reply | NoReply:
        """Make one call; never raises for what the network does, takes 10 s at most."""
        ...
