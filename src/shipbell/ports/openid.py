"""Signing in through an identity provider: what is asked of it, and where its people are kept."""

from dataclasses import dataclass
from typing import Protocol

from shipbell.ports.accounts import User
from shipbell.ports.directory import By


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Where a browser goes to, and what must be the same when it comes back."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Who came back: issuer and subject are the identity, the name is only how people call it."""

    issuer: str
    subject: str
    name: str | None
    groups: tuple[str, ...]

    @property
    def identity(self) -> str:
        """Issuer and subject as one text; an issuer is an address and has no space."""
        return f"{self.issuer} {self.subject}"


class Provider(Protocol):
    """An OpenID Connect provider; raises SignInRefused for whatever goes wrong there."""

    async def departure(self, redirect_uri: str) -> Departure:
        """Prepare a sign-in that comes back to this address."""
        ...

    async def arrival(self, code: str, *, redirect_uri: str, nonce: str, verifier: str) -> Arrival:
        """Exchange the code of a sign-in for who it is, with every claim checked."""
        ...

    @property
    def issuer(self) -> str:
        """What the provider calls itself."""
        ...


class Identities(Protocol):
    """The accounts of an identity provider; every change is written to the audit log."""

    async def settle(self, identity: str, name: str, *, is_admin: bool, by: By) -> User:
        """The account of an identity, made at its first sign-in; raises NameTaken for another account's name.

        `is_admin`: whether groups make it an instance administrator. What was given by hand stays, and so does
        the last administrator.
        """
        ...
