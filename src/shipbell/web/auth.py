"""Who asks: a bearer token of a program, or the session cookie of a browser."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request

from shipbell.domain.errors import Forbidden, Unauthenticated
from shipbell.ports.accounts import Accounts
from shipbell.ports.sessions import Session, Sessions
from shipbell.usecases.accounts import hash_of
from shipbell.usecases.identity import Identity
from shipbell.web.addresses import Network, client_address
from shipbell.web.cookies import cookie_of
from shipbell.web.sessions import COOKIE, CSRF_HEADER

_CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})
_NOBODY = "Sign in, or send Authorization: Bearer TOKEN."
_ENDED = "The token or session is wrong, expired or ended."
_CSRF = "The form is too old or was not made here: load the page again."
_LONGEST = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """Finds out who asks."""

    accounts: Accounts
    sessions: Sessions
    trusted: Sequence[Network] = ()

    async def identify(self, request: Request) -> Identity:
        """Who asks.

        Raises Unauthenticated; Forbidden for a cookie that comes with a change but without its CSRF token.
        """
        address = client_address(request.scope, self.trusted)
        bearer = request.headers.get("authorization")
        if bearer is not None:
            return await self._by_token(bearer, address)
        identity = await self.by_cookie(request)
        if identity is None or identity.session is None:
            raise Unauthenticated(_NOBODY if cookie_of(request, COOKIE) is None else _ENDED)
        _check_origin(request, identity.session)
        return identity

    async def by_cookie(self, request: Request) -> Identity | None:
        """Who is signed in with this browser; None when nobody is. CSRF is not asked here."""
        cookie = cookie_of(request, COOKIE) or ""
        if not 0 < len(cookie) <= _LONGEST:
            return None
        found = await self.sessions.owner(hash_of(cookie))
        if found is None:
            return None
        address = client_address(request.scope, self.trusted)
        return Identity(user=found[0], session=found[1], address=address)

    async def _by_token(self, header: str, address: str) -> Identity:
        scheme, _, token = header.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not 0 < len(token) <= _LONGEST:
            raise Unauthenticated(_NOBODY)
        found = await self.accounts.token_owner(hash_of(token))
        if found is None:
            raise Unauthenticated(_ENDED)
        return Identity(user=found[0], token=found[1], address=address)


def _check_origin(request: Request, session: Session) -> None:
    """Raise Forbidden for a change that another site may have sent."""
    if request.method in _CHANGES_NOTHING:
        return
    given = request.headers.get(CSRF_HEADER)
    if given is None or not hmac.compare_digest(given.encode(), session.csrf.encode()):
        raise Forbidden(_CSRF)
