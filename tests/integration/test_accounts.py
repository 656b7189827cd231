"""Accounts and tokens: one administrator always stays, what ends is over, and nothing that opens a door is kept."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from settings_store import ALICE, AT, HandClock, Store, member, new_key, opened_store, process, project
from shipbell.domain.access import Role
from shipbell.domain.errors import InvalidValue, LastAdministrator, NameTaken, NotFound
from shipbell.domain.secret import Secret
from shipbell.storage.audit import broken_at
from shipbell.storage.schema_people import audit, tokens
from shipbell.usecases.accounts import ManageAccounts, check_password, hash_of

# The weakest parameters that argon2 takes: what is tested here is not how slow it is.
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "correct horse battery"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened_store(tmp_path) as made:
        yield made


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


# --- accounts ------------------------------------------------------------------------------------------------------


async def test_the_first_start_makes_one_administrator_with_the_password_of_the_settings(store: Store) -> None:
    assert await people(store).first_administrator(Secret(PASSWORD)) is None
    [admin] = await store.accounts.users()
    assert (admin.name, admin.is_admin, admin.local) == ("admin", True, True)
    kept = await store.accounts.password_hash("admin")
    assert kept is not None
    assert HASHER.verify(kept, PASSWORD)


async def test_without_one_a_random_password_is_given_back_once(store: Store) -> None:
    told = await people(store).first_administrator(None)
    kept = await store.accounts.password_hash("admin")
    assert told is not None
    assert kept is not None
    assert len(told) >= 16
    assert HASHER.verify(kept, told)
    assert await people(store).first_administrator(None) is None
    assert len(await store.accounts.users()) == 1


async def test_a_later_start_leaves_the_accounts_that_are_there_alone(store: Store) -> None:
    await people(store).add("bob", PASSWORD, is_admin=True, by=ALICE)
    assert await people(store).first_administrator(Secret(PASSWORD)) is None
    assert [one.name for one in await store.accounts.users()] == ["bob"]


async def test_a_first_password_that_is_too_short_makes_nobody(store: Store) -> None:
    with pytest.raises(InvalidValue):
        await people(store).first_administrator(Secret("short"))
    assert await store.accounts.users() == []


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("123456789", "password-length"),
        ("x" * 257, "password-length"),
        ("1234567890", "password-common"),
        ("Password123", "password-common"),
        ("Alice.Smith", "password-common"),
    ],
)
def test_a_short_or_common_password_is_refused(password: str, code: str) -> None:
    with pytest.raises(InvalidValue) as told:
        check_password(password, "alice.smith")
    assert [(one.field, one.code) for one in told.value.problems] == [("password", code)]
    assert password not in told.value.sentence


@pytest.mark.parametrize("password", ["tr0ub4dor&", "x" * 255 + "y", "正确的马电池订书钉很长"])
def test_ten_characters_of_any_script_will_do(password: str) -> None:
    check_password(password, "alice")


async def test_a_name_is_taken_once_and_keeps_to_the_rule(store: Store) -> None:
    await people(store).add("bob", PASSWORD, is_admin=False, by=ALICE)
    with pytest.raises(NameTaken):
        await people(store).add("bob", PASSWORD, is_admin=True, by=ALICE)
    with pytest.raises(InvalidValue):
        await people(store).add("b;ob", PASSWORD, is_admin=False, by=ALICE)
    assert [(one.name, one.is_admin) for one in await store.accounts.users()] == [("bob", False)]


async def test_the_last_administrator_cannot_be_removed_or_demoted(store: Store) -> None:
    await people(store).add("ann", PASSWORD, is_admin=True, by=ALICE)
    await people(store).add("bob", PASSWORD, is_admin=False, by=ALICE)
    with pytest.raises(LastAdministrator):
        await store.accounts.remove_user("ann", ALICE)
    with pytest.raises(LastAdministrator):
        await store.accounts.set_admin("ann", is_admin=False, by=ALICE)
    await store.accounts.set_admin("bob", is_admin=True, by=ALICE)
    await store.accounts.set_admin("ann", is_admin=False, by=ALICE)
    assert [(one.name, one.is_admin) for one in await store.accounts.users()] == [("ann", False), ("bob", True)]


async def test_two_administrators_who_remove_each_other_at_once_leave_one(store: Store) -> None:
    for name in ("ann", "bob"):
        await people(store).add(name, PASSWORD, is_admin=True, by=ALICE)
    endings = await asyncio.gather(
        *(store.accounts.remove_user(name, ALICE) for name in ("ann", "bob")), return_exceptions=True
    )
    assert [type(one) for one in endings if one is not None] == [LastAdministrator]
    assert len(await store.accounts.users()) == 1


async def test_a_new_password_replaces_the_old_one_and_nobody_has_none(store: Store) -> None:
    await people(store).add("bob", PASSWORD, is_admin=False, by=ALICE)
    await people(store).change_password("bob", "another long one", ALICE)
    kept = await store.accounts.password_hash("bob")
    assert kept is not None
    assert HASHER.verify(kept, "another long one")
    with pytest.raises(NotFound):
        await people(store).change_password("gone", "another long one", ALICE)
    assert await store.accounts.password_hash("gone") is None


async def test_a_member_who_was_named_before_has_the_role_when_the_account_comes(store: Store) -> None:
    await store.directory.change([project(), project("search"), member("bob", Role.DEVELOPER)], ALICE)
    await people(store).add("bob", PASSWORD, is_admin=False, by=ALICE)
    assert await store.accounts.roles("bob") == {"payments": Role.DEVELOPER}


# --- tokens --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def bobs(store: Store) -> Store:
    await people(store).add("bob", PASSWORD, is_admin=False, by=ALICE)
    await people(store).add("carol", PASSWORD, is_admin=True, by=ALICE)
    await store.directory.change([project()], ALICE)
    return store


async def test_a_token_opens_for_its_user_and_only_its_hash_is_kept(bobs: Store) -> None:
    number, token = await token_of(bobs, read_only=True, projects=("payments",))
    assert re.fullmatch(r"sb_[A-Za-z0-9_-]{43}", token)
    found = await bobs.accounts.token_owner(hash_of(token))
    assert found is not None
    user, known = found
    assert (user.name, known.id, known.read_only, known.projects) == ("bob", number, True, ("payments",))
    [row] = await bobs.rows(select(tokens))
    assert row["hash"] == hashlib.sha256(token.encode()).digest()
    assert token not in repr(dict(row))


async def test_an_unknown_token_opens_nothing(bobs: Store) -> None:
    _, token = await token_of(bobs)
    assert await bobs.accounts.token_owner(hash_of(token + "x")) is None
    assert await bobs.accounts.token_owner(hash_of("")) is None


async def test_a_token_ends_when_its_days_are_over(bobs: Store) -> None:
    _, token = await token_of(bobs, days=1)
    bobs.clock.move(timedelta(days=1).total_seconds() - 1)
    assert await bobs.accounts.token_owner(hash_of(token)) is not None
    bobs.clock.move(1)
    assert await bobs.accounts.token_owner(hash_of(token)) is None


async def test_a_revoked_token_is_over_and_the_others_are_not(bobs: Store) -> None:
    (first, gone), (_, stays) = await token_of(bobs), await token_of(bobs)
    await bobs.accounts.revoke_token(first, ALICE, user="bob")
    assert await bobs.accounts.token_owner(hash_of(gone)) is None
    assert await bobs.accounts.token_owner(hash_of(stays)) is not None
    with pytest.raises(NotFound):
        await bobs.accounts.revoke_token(first, ALICE)


async def test_nobody_sees_or_revokes_the_tokens_of_another(bobs: Store) -> None:
    number, token = await token_of(bobs, "carol")
    with pytest.raises(NotFound):
        await bobs.accounts.revoke_token(number, ALICE, user="bob")
    assert await bobs.accounts.tokens("bob") == []
    assert [one.user for one in await bobs.accounts.tokens()] == ["carol"]
    assert await bobs.accounts.token_owner(hash_of(token)) is not None


async def test_removing_a_user_ends_their_tokens_and_no_others(bobs: Store) -> None:
    (_, gone), (_, stays) = await token_of(bobs, "bob"), await token_of(bobs, "carol")
    await bobs.accounts.remove_user("bob", ALICE)
    assert await bobs.accounts.token_owner(hash_of(gone)) is None
    assert await bobs.accounts.token_owner(hash_of(stays)) is not None
    await people(bobs).add("bob", PASSWORD, is_admin=False, by=ALICE)
    assert await bobs.accounts.token_owner(hash_of(gone)) is None


async def test_the_last_use_is_noted_at_most_once_a_minute(bobs: Store) -> None:
    _, token = await token_of(bobs)
    seen = []
    for seconds in (0, 30, 30, 1):
        bobs.clock.move(seconds)
        await bobs.accounts.token_owner(hash_of(token))
        [known] = await bobs.accounts.tokens("bob")
        seen.append(known.last_used_at)
    assert seen == [AT, AT, AT, AT + timedelta(seconds=61)]


@pytest.mark.parametrize(
    ("name", "days", "field"),
    [
        ("", None, "name"),
        ("x" * 101, None, "name"),
        ("ci", 0, "expires"),
        ("ci", -1, "expires"),
        ("ci", 3_661, "expires"),
    ],
)
async def test_a_token_has_a_name_and_ends_within_ten_years(
    bobs: Store, name: str, days: float | None, field: str
) -> None:
    with pytest.raises(InvalidValue) as told:
        await token_of(bobs, name=name, days=days)
    assert [one.field for one in told.value.problems] == [field]
    assert await bobs.accounts.tokens() == []


async def test_a_token_needs_a_user_and_projects_that_are_there(bobs: Store) -> None:
    with pytest.raises(NotFound):
        await token_of(bobs, "gone")
    with pytest.raises(NotFound):
        await token_of(bobs, projects=("payments", "gone"))


# --- the audit log ---------------------------------------------------------------------------------------------------


async def test_every_change_of_accounts_and_tokens_is_in_the_audit_log_and_no_password_or_token(bobs: Store) -> None:
    number, token = await token_of(bobs)
    await people(bobs).change_password("bob", "another long one", ALICE)
    await bobs.accounts.set_admin("bob", is_admin=True, by=ALICE)
    await bobs.accounts.revoke_token(number, ALICE)
    await bobs.accounts.remove_user("bob", ALICE)
    rows = await bobs.rows(select(audit).order_by(audit.c.id))
    assert [(row["action"], row["target"]) for row in rows if not row["action"].startswith("project.")] == [
        ("user.created", "bob"),
        ("user.created", "carol"),
        ("token.created", "ci"),
        ("user.password_changed", "bob"),
        ("user.updated", "bob"),
        ("token.revoked", "ci"),
        ("user.removed", "bob"),
    ]
    told = repr([dict(row) for row in rows])
    assert not any(secret in told for secret in (PASSWORD, "another long one", token, "argon2"))
    assert await bobs.database.read(broken_at) is None


def test_no_password_or_token_lies_readable_in_the_files_of_the_database(tmp_path: Path) -> None:
    with process(tmp_path, new_key(), HandClock()) as store:
        asyncio.run(people(store).add("bob", PASSWORD, is_admin=True, by=ALICE))
        _, token = asyncio.run(token_of(store))
    for file in tmp_path.iterdir():
        assert PASSWORD.encode() not in file.read_bytes()
        assert token.encode() not in file.read_bytes()
