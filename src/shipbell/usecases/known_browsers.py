"""Known browsers: a cookie by which a browser that signed somebody in before is told from a stranger's."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from shipbell.domain.errors import WrongKey
from shipbell.domain.secret import Secret
from shipbell.ports.clock import Clock

LASTS_KNOWN = timedelta(days=180)
_LONGEST = 1_024


class _Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a browser signed in, and which browser it is."""

    user: str
    browser: str
    made_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownBrowsers:
    """Marks browsers and knows them again; a mark opens nothing, it only keeps strangers' tries from counting."""

    sealed: Callable[[Secret], bytes]
    opened: Callable[[bytes], Secret]
    clock: Clock

    def mark(self, user: str) -> str:
        """A cookie for a browser that has signed this user in; sealed, and without signs that a cookie would quote."""
        made = _Mark(user=user, browser=secrets.token_urlsafe(12), made_at=self.clock.now().timestamp())
        return self.sealed(Secret(msgspec.json.encode(made).decode())).decode().rstrip("=")

    def known(self, cookie: str, user: str) -> str | None:
        """Which browser of this user it is; None for a stranger's, and for a cookie that is not ours or too old."""
        if not 0 < len(cookie) <= _LONGEST:
            return None
        try:
            token = (cookie + "=" * (-len(cookie) % 4)).encode()
            mark = msgspec.json.decode(self.opened(token).reveal(), type=_Mark)
        except (WrongKey, msgspec.MsgspecError, UnicodeEncodeError):
            return None
        age = self.clock.now().timestamp() - mark.made_at
        return mark.browser if mark.user == user and age <= LASTS_KNOWN.total_seconds() else None
