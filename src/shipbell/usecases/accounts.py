"""Accounts: make them, change passwords, make tokens."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files

from shipbell.domain import rules
from shipbell.domain.errors import NotFound
from shipbell.domain.rules import Findings
from shipbell.domain.secret import Secret
from shipbell.ports.accounts import Accounts, NewToken
from shipbell.ports.clock import Clock
from shipbell.ports.directory import By, Directory
from shipbell.usecases.drafts import finished

PASSWORD_CHARACTERS = 10
_MOST_PASSWORD_CHARACTERS = 256
_TOKEN_PREFIX = "sb_"
_MOST_NAME = 100
FIRST = "admin"
_COMMON = frozenset((files("shipbell.usecases") / "common_passwords.txt").read_text("utf-8").split())


def hash_of(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def check_password(password: str, name: str = "") -> None:
    """Raise InvalidValue for one that is short, common or the account's name."""
    found = Findings()
    if not PASSWORD_CHARACTERS <= len(password) <= _MOST_PASSWORD_CHARACTERS:
        found.add(
            "password", "password-length", f"Use {PASSWORD_CHARACTERS} to {_MOST_PASSWORD_CHARACTERS} characters."
        )
    elif password.lower() in _COMMON or password.lower() == name.lower():
        found.add("password", "password-common", "This password is among the first to be guessed: take another one.")
    finished(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageAccounts:
    """What commands and the API do with accounts."""

    accounts: Accounts
    directory: Directory
    clock: Clock
    hashed: Callable[[str], str]

    async def first_administrator(self, password: Secret | None) -> str | None:
        """Make `admin` in a new database; the random password that it got, or None."""
        if await self.accounts.users():
            return None
        chosen = password.reveal() if password else secrets.token_urlsafe(15)
        if password is not None:
            check_password(chosen, FIRST)
        by = By(actor="system", via="system")
        await self.accounts.add_user(FIRST, self.hashed(chosen), is_admin=True, by=by)
        return None if password else chosen

    async def add(self, name: str, password: str, *, is_admin: bool, by: By) -> None:
        """Make a local account; raises InvalidValue, NameTaken."""
        found = Findings()
        rules.user_name(found, name)
        finished(found)
        check_password(password, name)
        await self.accounts.add_user(name, self.hashed(password), is_admin=is_admin, by=by)

    async def change_password(self, name: str, password: str, by: By) -> None:
        """Give an account a new password; raises InvalidValue, NotFound."""
        check_password(password, name)
        await self.accounts.set_password(name, self.hashed(password), by)

    async def make_token(
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
        if not 1 <= len(name) <= _MOST_NAME:
            found.add("name", "name-length", f"{len(name)} characters; 1 to {_MOST_NAME}.")
        if days is not None and not 0 < days <= 3_660:
            found.add("expires", "expires-range", "Give a number of days from above 0 to 3660.")
        finished(found)
        for key in projects or ():
            if await self.directory.whole(key) is None:
                raise NotFound(f"There is no project {key}.")
        token = _TOKEN_PREFIX + secrets.token_urlsafe(32)
        expires_at = None if days is None else self.clock.now() + timedelta(days=days)
        made = await self.accounts.add_token(
            NewToken(
                user=user, name=name, hash=hash_of(token), read_only=read_only, projects=projects, expires_at=expires_at
            ),
            by,
        )
        return made, token
