"""Errors, as a tree: each has a sentence that says the cure and a stable code.

ShipbellError
├── BadInput            what was given is not right (exit 2, HTTP 4xx)
│   ├── MalformedEvent · UnknownEventType · BodyTooLarge
│   ├── MalformedBody · WrongMethod
│   ├── MalformedRequest · HeadTooLarge · UnknownCoding
│   ├── InvalidFile · InvalidValue (a broken rule of a named field)
│   └── BadSignature
├── NotPossible         understood, but not now or not so (exit 1, HTTP 404 409 412)
│   ├── NotFound · Forbidden (ForeignOrigin) · Unauthenticated (SignInRefused)
│   ├── Conflict (NameTaken · ChannelUnavailable · StillWaiting · NotReplayable · LastAdministrator · CannotListen)
│   ├── Stale
│   └── Busy (with the seconds to wait; TooOften · Crowded)
├── Unusable            settings, key or database cannot be used (exit 3, HTTP 503; UnknownSourceKind)
└── InternalError       a fault of ours (exit 1, HTTP 500)
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shipbell.domain.openid import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One broken rule: the field at fault, its code and a sentence."""

    field: str
    code: str
    message: str


class ShipbellError(Exception):
    """Anything Shipbell says no to, in a sentence."""

    code: str = "error"

    def __init__(self, sentence: str) -> None:
        """Keep the sentence for people."""
        super().__init__(sentence)
        self.sentence = sentence


class BadInput(ShipbellError):
    """What was given is not right."""

    code = "bad-input"


class MalformedEvent(BadInput):
    """The body is not the shape this source kind takes."""

    code = "malformed-event"


class UnknownEventType(MalformedEvent):
    """The catalog does not know this event type."""

    code = "unknown-event-type"


class BodyTooLarge(BadInput):
    """The body is over 1 MiB."""

    code = "body-too-large"


class MalformedRequest(BadInput):
    """What came is not a request of HTTP/1.1."""

    code = "malformed-request"


class HeadTooLarge(BadInput):
    """The request line and the headers have no end within some 64 KiB, or there are more than 100 headers."""

    code = "head-too-large"


class UnknownCoding(BadInput):
    """The body comes in a transfer coding other than chunked."""

    code = "unknown-transfer-coding"


class MalformedBody(BadInput):
    """The body is not JSON."""

    code = "malformed-body"


class WrongMethod(BadInput):
    """The address is there, but it does not take this method."""

    code = "wrong-method"


class BadSignature(BadInput):
    """The secret or signature is not this source's."""

    code = "bad-signature"


class InvalidFile(BadInput):
    """The file cannot be read as what it should be."""

    code = "invalid-file"


class InvalidValue(BadInput):
    """One or more fields break a rule."""

    code = "invalid-value"

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep every broken rule; the sentence tells them all."""
        super().__init__("; ".join(f"{one.field}: {one.message}" if one.field else one.message for one in problems))
        self.problems = tuple(problems)


class NotPossible(ShipbellError):
    """It was understood, but it cannot be done now or by you."""

    code = "not-possible"


class NotFound(NotPossible):
    """There is no such thing, or it is not yours to know."""

    code = "not-found"


class Forbidden(NotPossible):
    """It is not yours to change."""

    code = "forbidden"


class ForeignOrigin(Forbidden):
    """The form came from a page of another address than this server's."""

    code = "foreign-origin"


class Unauthenticated(NotPossible):
    """The token or session is missing, wrong, expired or ended."""

    code = "unauthenticated"


class SignInRefused(Unauthenticated):
    """The sign-in with the identity provider came to no good end."""

    code = "sign-in-refused"

    def __init__(self, sentence: str, refusal: Refusal = Refusal.NOT_TRUSTED, account: str = "") -> None:
        """Keep a sentence for whoever runs Shipbell, the kind of refusal, and the account in the way if one is."""
        super().__init__(sentence)
        self.refusal = refusal
        self.account = account


class Conflict(NotPossible):
    """Something else stands in the way."""

    code = "conflict"


class NameTaken(Conflict):
    """Another one has this name or key already."""

    code = "name-taken"


class ChannelUnavailable(Conflict):
    """The channel is not offered in the project's region."""

    code = "channel-unavailable-in-region"


class StillWaiting(Conflict):
    """The delivery waits already and will go by itself."""

    code = "still-waiting"


class NotReplayable(Conflict):
    """The delivery cannot go again as things are."""

    code = "not-replayable"

    def __init__(self, sentence: str, reason: str = "not-replayable") -> None:
        """Take the cause that a replay of many would name as the code."""
        super().__init__(sentence)
        self.code = reason


class LastAdministrator(Conflict):
    """The last instance administrator cannot be removed or demoted."""

    code = "last-administrator"


class CannotListen(Conflict):
    """The address to listen on is taken, or is none of this machine."""

    code = "cannot-listen"


class Stale(NotPossible):
    """Somebody changed it after you read it."""

    code = "stale"

    def __init__(
        self, sentence: str = "Somebody changed it after you read it: read it again and repeat your change."
    ) -> None:
        """Say what helps; it is the same for whatever was changed."""
        super().__init__(sentence)


class Busy(NotPossible):
    """Too much at once; try again after `retry_after` seconds."""

    code = "busy"

    def __init__(self, sentence: str, retry_after: int = 1) -> None:
        """Keep the seconds to wait."""
        super().__init__(sentence)
        self.retry_after = retry_after


class TooOften(Busy):
    """This source or address sends more than it may."""

    code = "too-often"


class Crowded(Busy):
    """Too many connections are open, or too many bytes of bodies are on their way in."""

    code = "crowded"


class Unusable(ShipbellError):
    """Settings, key or database cannot be used."""

    code = "unusable"


class BadSettings(Unusable):
    """A setting has a value that cannot be used."""

    code = "bad-settings"


class WrongKey(Unusable):
    """The secret key does not open what the database holds."""

    code = "wrong-key"


class DatabaseUnusable(Unusable):
    """The database cannot be opened, read or written."""

    code = "database-unusable"


class AlreadyServed(Unusable):
    """Another server holds this SQLite database."""

    code = "already-served"


class UnknownSourceKind(Unusable):
    """The database holds a source of a kind that this version does not read."""

    code = "unknown-source-kind"


class InternalError(ShipbellError):
    """Something in Shipbell itself is broken."""

    code = "internal-error"
