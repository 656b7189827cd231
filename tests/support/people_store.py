"""Accounts and tokens on a store, with passwords that are hashed quickly."""

from argon2 import PasswordHasher

from settings_store import ALICE, Store
from shipbell.usecases.accounts import ManageAccounts

# The weakest parameters that argon2 takes: what is tested here is not how slow it is.
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "correct horse battery"


def people(store: Store) -> ManageAccounts:
    return ManageAccounts(accounts=store.accounts, directory=store.directory, clock=store.clock, hashed=HASHER.hash)


async def token_of(
    store: Store,
    user: str = "bob",
    *,
    name: str = "ci",
    read_only: bool = False,
    projects: tuple[str, ...] | None = None,
    days: float | None = None,
) -> tuple[int, str]:
    return await people(store).make_token(user, name=name, read_only=read_only, projects=projects, days=days, by=ALICE)
