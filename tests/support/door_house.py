"""A door to sign in at, with a clock that goes by hand and passwords that cost nothing to check."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy import select

from hand_clock import HandClock
from shipbell.domain.secret import Secret
from shipbell.ports.directory import By
from shipbell.storage.audit.refused_sign_ins import SqlRefusedSignIns
from shipbell.storage.database.ids import TimeOrderedIds
from shipbell.storage.open import open_store
from shipbell.storage.secrets.vault import Seal
from shipbell.storage.settings.accounts import SqlAccounts
from shipbell.storage.settings.sessions import SqlSessions
from shipbell.storage.tables.settings import audit
from shipbell.usecases.accounts import hash_of
from shipbell.usecases.known_browsers import KnownBrowsers
from shipbell.usecases.sign_in import SignIn

BY = By(actor="test", via="cli")
START = datetime(2026, 11, 24, 10, tzinfo=UTC)
HERE, THERE = "192.0.2.1", "192.0.2.2"


@dataclass
class Door:
    """Where people sign in; `checked` are the hashes that a password was checked against."""

    clock: HandClock
    accounts: SqlAccounts
    sessions: SqlSessions
    refused: SqlRefusedSignIns
    sign_in: SignIn
    checked: list[str] = field(default_factory=list)

    async def enter(self, name: str, password: str, address: str = HERE, browser: str = "") -> str:
        """Sign in; the session's cookie."""
        return (await self.sign_in(name, password, address=address, agent="test", browser=browser))[0]

    async def is_open(self, cookie: str) -> bool:
        """Whether a cookie opens a session."""
        return await self.sessions.owner(hash_of(cookie)) is not None

    async def turned_back(self) -> list[tuple[str, str, int]]:
        """The sign-ins that failed, the newest first: name, network and number."""
        page = await self.refused.page(before=None, limit=200)
        return [(one.name, one.network, one.count) for one in page.items]

    async def audited(self) -> list[tuple[str, str, str]]:
        """The audit log as action, target and actor."""
        statement = select(audit.c.action, audit.c.target, audit.c.actor).order_by(audit.c.id)
        rows = await self.accounts._database.read(lambda connection: connection.execute(statement).all())
        return [tuple(row) for row in rows]


@asynccontextmanager
async def door_of(folder: Path) -> AsyncIterator[Door]:
    """A new store with two accounts, and the way in."""
    key = Secret(Fernet.generate_key().decode())
    opened, seal = open_store(folder / "shipbell.db", [key]), Seal.of("known browser", [key])
    clock = HandClock(START)
    ids = TimeOrderedIds(clock)
    accounts = SqlAccounts(opened.database, clock, ids)
    kept = SqlSessions(opened.database, clock, ids)
    checked: list[str] = []

    def verified(known: str, password: str) -> bool:
        checked.append(known)
        return known == f"hash of {password}"

    for name in ("alice", "bob"):
        await accounts.add_user(name, f"hash of {name}'s password", is_admin=False, by=BY)
    refused = SqlRefusedSignIns(opened.database, clock, ids)
    sign_in = SignIn(
        accounts=accounts,
        sessions=kept,
        clock=clock,
        verified=verified,
        decoy="decoy",
        refused=refused,
        browsers=KnownBrowsers(sealed=seal.seal, opened=seal.unseal, clock=clock),
    )
    yield Door(clock, accounts, kept, refused, sign_in, checked)
    await opened.database.aclose()
