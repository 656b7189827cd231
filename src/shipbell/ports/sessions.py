"""Sessions: who is signed in with a browser."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shipbell.ports.accounts import User
from shipbell.ports.directory import By


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What is known of a session; its cookie is not kept. `csrf` is what a form must send along."""

    id: int
    user: str
    csrf: str
    address: str
    agent: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A session to be kept; `hash` is SHA-256 of its cookie."""

    user: str
    hash: bytes
    csrf: str
    address: str
    agent: str
    expires_at: datetime


class Sessions(Protocol):
    """The store of sessions; signing in and out is written to the audit log."""

    async def start(self, new: NewSession, by: By) -> Session:
        """Keep a session; raises NotFound for the user."""
        ...

    async def owner(self, session_hash: bytes) -> tuple[User, Session] | None:
        """Whose session this is, unless it is unknown, idle for too long or over; notes the use."""
        ...

    async def of_user(self, user: str) -> Sequence[Session]:
        """The sessions of a user that are in force, the newest first."""
        ...

    async def end(self, session_id: int, by: By, *, user: str) -> None:
        """End a session of this user; raises NotFound."""
        ...


class RefusedSignIns(Protocol):
    """The sign-ins that failed of late; bounded, and apart from the audit log, which strangers must not fill."""

    async def note(self, name: str, network: str) -> None:
        """Count one; it is written with its neighbours within a second or so."""
        ...
