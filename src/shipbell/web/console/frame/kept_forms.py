"""What was typed into a form that could not be taken: kept through a sign-in or an error, to be shown again."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from starlette.requests import Request

from shipbell.domain.errors import WrongKey
from shipbell.domain.secret import Secret
from shipbell.web.console.frame.forms import Form
from shipbell.web.sessions import CSRF_FIELD

# A form with this field is shown again as it was typed; nothing is changed.
AGAIN_FIELD = "shown_again"
_NOT_KEPT = frozenset({CSRF_FIELD, AGAIN_FIELD, "password", "again", "current"})
_LASTS = timedelta(hours=1)
# Sealed and written as a field, this much fits into a form of the sign-in page.
_MOST_BYTES = 96 * 1024


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Where a form goes and what was typed into it, passwords left out."""

    path: str
    fields: tuple[tuple[str, str], ...]
    kept_at: float


def keep(request: Request, form: Form, now: datetime) -> None:
    """Keep what was typed while this request lasts; only for a form of our own origin, or others could fill ours."""
    fields = tuple((name, one) for name, every in form.fields.items() if name not in _NOT_KEPT for one in every)
    request.state.kept = Kept(path=request.url.path, fields=fields, kept_at=now.timestamp())


def forget(request: Request) -> None:
    """Keep nothing: to show the form again would not help."""
    request.state.kept = None


def kept_of(request: Request) -> Kept | None:
    """What was typed into the form of this request, if it is kept."""
    kept = getattr(request.state, "kept", None)
    return kept if isinstance(kept, Kept) else None


def sealed(kept: Kept, seal: Callable[[Secret], bytes]) -> str:
    """The box that the sign-in page carries on, since a robot's URL is a password; empty when it is too large."""
    written = msgspec.json.encode(kept)
    return seal(Secret(written.decode())).decode() if len(written) <= _MOST_BYTES else ""


def opened(box: str, unseal: Callable[[bytes], Secret], now: datetime) -> Kept | None:
    """What a box holds; None when it is not ours, damaged or too old."""
    try:
        kept = msgspec.json.decode(unseal(box.encode()).reveal(), type=Kept)
    except (WrongKey, msgspec.MsgspecError, UnicodeEncodeError):
        return None
    return kept if 0 <= now.timestamp() - kept.kept_at <= _LASTS.total_seconds() else None
