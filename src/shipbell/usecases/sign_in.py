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
from shipbell.ports.sessions import NewSession, Session, Sessions
from shipbell.usecases.accounts import hash_of
from shipbell.usecases.throttle import Throttle

LASTS = timedelta(days=7)
_WRONG = "The user name or the password is wrong."
_AGENT = 200
_PASSWORD = 256
# A check costs 64 MiB for a moment: no more of them at once.
_AT_ONCE = 2


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
    # One who attacks one account uses up its tries long before those of the address, which others may share.
    per_account: Throttle = field(default_factory=lambda: Throttle(tries=5, every=timedelta(seconds=10)))
    per_address: Throttle = field(default_factory=lambda: Throttle(tries=60, every=timedelta(seconds=2)))
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def __call__(self, name: str, password: str, *, address: str, agent: str) -> tuple[str, Session]:
        """Start a session: its cookie, which is shown this once, and the session.

        Raises Unauthenticated, the same for a wrong name and a wrong password, or TooOften.
        """
        now = self.clock.now()
        self.per_account.take(name, now)
        try:
            self.per_address.take(address, now)
        except TooOften:
            self.per_account.give_back(name, now)
            raise
        by = By(actor=name, via="console", address=address)
        if not await self._fits(name, password):
            await self.sessions.refused(name, By(actor="", via="console", address=address))
            raise Unauthenticated(_WRONG)
        now = self.clock.now()
        self.per_account.give_back(name, now)
        self.per_address.give_back(address, now)
        return await begun(self.sessions, name, now=now, agent=agent, by=by)

    async def sign_out(self, session: Session, *, address: str) -> None:
        """End a session; one that has ended already is no error for who calls it twice at once."""
        await self.sessions.end(session.id, By(actor=session.user, via="console", address=address), user=session.user)

    async def _fits(self, name: str, password: str) -> bool:
        known = await self.accounts.password_hash(name)
        async with self.room:
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
