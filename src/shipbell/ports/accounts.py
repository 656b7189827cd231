"""Accounts: users, their tokens and sessions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shipbell.domain.access import Role
from shipbell.ports.directory import By


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account; `local` has a password here, others come from an identity provider."""

    id: int
    name: str
    is_admin: bool
    local: bool
    locale: str | None
    time_zone: str | None
    created_at: datetime
    updated_at: datetime
    updated_by: str
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of an API token; the token itself is not kept."""

    id: int
    user: str
    name: str
    read_only: bool
    projects: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token to be kept; `hash` is SHA-256 of it."""

    user: str
    name: str
    hash: bytes
    read_only: bool
    projects: tuple[str, ...] | None
    expires_at: datetime | None


class Accounts(Protocol):
    """The store of accounts; every change is written to the audit log."""

    async def users(self) -> Sequence[User]:
        """Every account in order of name."""
        ...

    async def user(self, name: str) -> User | None:
        """One account; None when there is none."""
        ...

    async def roles(self, user: str) -> Mapping[str, Role]:
        """The roles of a user, by project key."""
        ...

    async def password_hash(self, name: str) -> str | None:
        """The password hash of a local account."""
        ...

    async def add_user(self, name: str, password_hash: str | None, *, is_admin: bool, by: By) -> None:
        """Make an account; raises NameTaken."""
        ...

    async def set_preferences(self, name: str, *, locale: str | None, time_zone: str | None, by: By) -> None:
        """Keep an account's language and time zone (None = by the browser, by the project); raises NotFound."""
        ...

    async def change(
        self, name: str, by: By, *, is_admin: bool | None = None, password_hash: str | None = None,
        seen: datetime | None = None,
    ) -> None:  # fmt: skip
        """Change what is given, all or nothing; a new password ends the sessions.

        Raises NotFound, Conflict for a provider's password, LastAdministrator; Stale for another version than `seen`
        (`updated_at` of the account that the writer saw).
        """
        ...

    async def remove_user(self, name: str, by: By, *, seen: datetime | None = None) -> None:
        """End an account with its sessions, tokens and memberships; one named without an account keeps its own.

        Raises NotFound, LastAdministrator, Stale as `change` does.
        """
        ...

    async def add_token(self, token: NewToken, by: By) -> int:
        """Keep a token; raises NotFound for the user."""
        ...

    async def tokens(self, user: str | None = None) -> Sequence[Token]:
        """The tokens of a user, or of all (None)."""
        ...

    async def revoke_token(self, token_id: int, by: By, *, user: str | None = None) -> None:
        """End a token (of this user); raises NotFound."""
        ...

    async def token_owner(self, token_hash: bytes) -> tuple[User, Token] | None:
        """Whose token this is, unless it is unknown or expired; notes the use."""
        ...
