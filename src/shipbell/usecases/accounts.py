"""Accounts: make them, change passwords, make tokens."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files

from shipbell.domain import validation
from shipbell.domain.errors import Conflict, NotFound
from shipbell.domain.secret import Secret
from shipbell.domain.validation import Findings
from shipbell.ports.accounts import Accounts, NewToken, User
from shipbell.ports.clock import Clock
from shipbell.ports.directory import By, Directory
from shipbell.usecases.validate import finished

PASSWORD_CHARACTERS = 8
MOST_PASSWORD_CHARACTERS = 256
_MOST_DAYS = 3_660
_TOKEN_PREFIX = "sb_"  # noqa: S105 - how a token begins
FIRST = "admin"
_COMMON = frozenset((files("shipbell.usecases") / "common_passwords.txt").read_text("utf-8").split())


def hash_of(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def check_password(password: str, name: str = "") -> None:
    """Raise InvalidValue for one that is short, common or the account's name."""
    found = Findings()
    note_password(found, password, name)
    finished(found)


def note_password(found: Findings, password: str, name: str) -> None:
    """Note what is wrong with a password among the other findings."""
    if not PASSWORD_CHARACTERS <= len(password) <= MOST_PASSWORD_CHARACTERS:
        found.add("password", "password-length", f"Use {PASSWORD_CHARACTERS} to {MOST_PASSWORD_CHARACTERS} characters.")
    elif password.lower() in _COMMON or password.lower() == name.lower():
        found.add("password", "password-common", "This password is among the first to be guessed: take another one.")


def note_days(found: Findings, days: float | None) -> None:
    """Note a life of a token that is none, or longer than ten years."""
    if days is not None and not 0 < days <= _MOST_DAYS:
        found.add("expires", "expires-range", "Give a number of days from above 0 to 3660.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageAccounts:
    """What commands and the API do with accounts."""

    accounts: Accounts
    directory: Directory
    clock: Clock
    hashed: Callable[[str], str]

    async def first_administrator(self, password: Secret | None) -> str | None:
        """Make `admin` where no administrator is; the random password that it got, or None.

        A password that is given is taken as it is: whoever sets it runs the server, which must start.
        An account of that name that is there already is left as it is: `shipbell user add NAME --admin` helps.
        """
        known = await self.accounts.users()
        if any(one.is_admin or one.name == FIRST for one in known):
            return None
        chosen = password.reveal() if password else secrets.token_urlsafe(15)
        by = By(actor="system", via="system")
        await self.accounts.add_user(FIRST, await self._hash(chosen), is_admin=True, by=by)
        return None if password else chosen

    async def add(self, name: str, password: str, *, is_admin: bool, by: By) -> None:
        """Make a local account; raises InvalidValue, NameTaken."""
        found = Findings()
        validation.user_name(found, name)
        note_password(found, password, name)
        finished(found)
        await self.accounts.add_user(name, await self._hash(password), is_admin=is_admin, by=by)

    async def change_password(self, name: str, password: str, by: By) -> None:
        """Give an account a new password.

        Raises InvalidValue, NotFound; Conflict for an account whose password the identity provider keeps.
        """
        await self.change(name, by, password=password)

    async def change(
        self, name: str, by: By, *, is_admin: bool | None = None, password: str | None = None,
        seen: datetime | None = None,
    ) -> None:  # fmt: skip
        """Change what is given of an account, all or nothing.

        Raises InvalidValue, NotFound, Conflict, LastAdministrator, Stale (see `ports.accounts.Accounts.change`).
        """
        hashed: str | None = None
        if password is not None:
            check_password(password, name)
            known = await self._account(name)
            if not known.local:
                raise Conflict(f"{name} signs in with the identity provider: change the password there.")
            hashed = await self._hash(password)
        await self.accounts.change(name, by, is_admin=is_admin, password_hash=hashed, seen=seen)

    async def make_token(  # noqa: PLR0913 - the parts of a token
        self,
        user: str,
        *,
        name: str,
        read_only: bool,
        projects: tuple[str, ...] | None,
        days: float | None,
        by: By,
    ) -> tuple[int, str]:
        """Make a token: its id and the token, which is shown this once. Raises NotFound, InvalidValue."""
        found = Findings()
        named = validation.name(found, found.text({"name": name}, "name"))
        note_days(found, days)
        finished(found)
        await self._check_reach(user, projects or ())
        token = _TOKEN_PREFIX + secrets.token_urlsafe(32)
        expires_at = None if days is None else self.clock.now() + timedelta(days=days)
        made = await self.accounts.add_token(
            NewToken(
                user=user,
                name=named or name,
                hash=hash_of(token),
                read_only=read_only,
                projects=projects,
                expires_at=expires_at,
            ),
            by,
        )
        return made, token

    async def _check_reach(self, user: str, keys: tuple[str, ...]) -> None:
        """Raise NotFound for a project that is not there or not this user's to know, in the same words."""
        owner = await self._account(user)
        if owner.is_admin:
            known = {one.key for one in await self.directory.projects()}
        else:
            known = set(await self.accounts.roles(user))
        for key in keys:
            if key not in known:
                raise NotFound(f"There is no project {key}, or it is not {user}'s to know.")

    async def _account(self, name: str) -> User:
        known = await self.accounts.user(name)
        if known is None:
            raise NotFound(f"There is no account {name}.")
        return known

    async def _hash(self, password: str) -> str:
        """It takes a part of a second by design, in which everything else goes on."""
        return await asyncio.to_thread(self.hashed, password)
