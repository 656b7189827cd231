"""Sign in: a password becomes a session, with equal work for names that do not exist."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shipbell.domain.errors import TooOften, Unauthenticated
from shipbell.ports.accounts import Accounts
from shipbell.ports.clock import Clock
from shipbell.ports.directory import By
from shipbell.ports.sessions import NewSession, RefusedSignIns, Session, Sessions
from shipbell.usecases.accounts import hash_of
from shipbell.usecases.known_browsers import KnownBrowsers
from shipbell.usecases.throttle import Buckets, Line, NetworkThrottle, Throttle, networks

LASTS = timedelta(days=7)
_WRONG = "The user name or the password is wrong."
_AGENT = 200
_PASSWORD = 256
# A name is kept where tries are counted: no account has a longer one.
_NAME = 128
# A check costs 64 MiB for a moment: no more of them at once, and few who wait; more of browsers that are known.
_AT_ONCE = 2
_MOST_STRANGERS = 16
_MOST = 2 * _MOST_STRANGERS


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Signs people in and out; keep one a process, it remembers who tried too often.

    `verified` says whether a password fits a hash; `decoy` is a hash that no password fits.
    """

    accounts: Accounts
    sessions: Sessions
    clock: Clock
    verified: Callable[[str, str], bool]
    decoy: str
    refused: RefusedSignIns
    browsers: KnownBrowsers
    # One who attacks one account uses up its tries long before those of the network, which others may share.
    per_account: Throttle = field(default_factory=lambda: Throttle(tries=5, every=timedelta(seconds=10)))
    per_browser: Throttle = field(default_factory=lambda: Throttle(tries=5, every=timedelta(seconds=10)))
    per_network: NetworkThrottle = field(default_factory=NetworkThrottle)
    line: Line = field(default_factory=lambda: Line(at_once=_AT_ONCE))

    async def __call__(
        self, name: str, password: str, *, address: str, agent: str, browser: str = ""
    ) -> tuple[str, Session]:
        """Start a session: its cookie, which is shown this once, and the session.

        `browser` is the mark of a browser that signed somebody in before: where it was the same user, its tries are
        counted by themselves, so that no stranger uses them up.
        Raises Unauthenticated, the same for a wrong name and a wrong password, or TooOften.
        """
        now, name = self.clock.now(), name[: _NAME + 1]
        known = self.browsers.known(browser, name)
        buckets = self._buckets(name, address, known)
        buckets.take(now)
        try:
            fits = await self._fits(name, password, most=_MOST_STRANGERS if known is None else _MOST)
        except TooOften:
            buckets.give_back(now)
            raise
        if not fits:
            await self.refused.note(name, networks(address)[0])
            raise Unauthenticated(_WRONG)
        now = self.clock.now()
        buckets.give_back(now)
        by = By(actor=name, via="console", address=address)
        return await begun(self.sessions, name, now=now, agent=agent, by=by)

    def _buckets(self, name: str, address: str, known: str | None) -> Buckets:
        if known is not None:
            return Buckets([(self.per_browser, known)])
        return Buckets([(self.per_account, name), *self.per_network.of(address).of])

    async def sign_out(self, session: Session, *, address: str) -> None:
        """End a session; one that has ended already is no error for who calls it twice at once."""
        await self.sessions.end(session.id, By(actor=session.user, via="console", address=address), user=session.user)

    async def _fits(self, name: str, password: str, *, most: int) -> bool:
        async with self.line.place(most=most):
            known = await self.accounts.password_hash(name)
            fits = await asyncio.to_thread(self.verified, known or self.decoy, password[: _PASSWORD + 1])
        return fits and known is not None


async def begun(sessions: Sessions, user: str, *, now: datetime, agent: str, by: By) -> tuple[str, Session]:
    """A new session of somebody who has proven to be this user: its cookie, shown this once, and the session."""
    cookie = secrets.token_urlsafe(32)
    new = NewSession(
        user=user,
        hash=hash_of(cookie),
        csrf=secrets.token_urlsafe(24),
        address=by.address or "unknown",
        agent=agent[:_AGENT],
        expires_at=now + LASTS,
    )
    return cookie, await sessions.start(new, by)
