"""Accounts: one administrator always stays, what ends is over, and no password is kept."""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from people_store import HASHER, PASSWORD, people
from settings_store import ALICE, Store, member, opened_store, project
from shipbell.domain.access import Role
from shipbell.domain.errors import Conflict, InvalidValue, LastAdministrator, NameTaken, NotFound, Stale
from shipbell.domain.secret import Secret
from shipbell.ports.directory import Edit
from shipbell.storage.tables.settings import audit
from shipbell.usecases.accounts import PASSWORD_CHARACTERS, check_password


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened_store(tmp_path) as made:
        yield made


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


@pytest.mark.parametrize("given", ["admin", "short", "password123"])
async def test_the_first_password_is_the_one_of_the_settings_whatever_it_is(store: Store, given: str) -> None:
    assert await people(store).first_administrator(Secret(given)) is None
    kept = await store.accounts.password_hash("admin")
    assert kept is not None
    assert HASHER.verify(kept, given)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("x7#kQ2!", "password-length"),
        ("12345678", "password-common"),
        ("123456789", "password-common"),
        ("Passw0rd", "password-common"),
        ("1qaz2wsx", "password-common"),
        ("qwerty123", "password-common"),
        ("WOAINI520", "password-common"),
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


@pytest.mark.parametrize("password", ["tr0ub4d&", "x" * 255 + "y", "正确的马电池订书"])
def test_eight_characters_of_any_script_will_do(password: str) -> None:
    check_password(password, "alice")


async def test_a_name_is_taken_once_and_keeps_to_the_rule(store: Store) -> None:
    await people(store).add("bob", PASSWORD, is_admin=False, by=ALICE)
    with pytest.raises(NameTaken):
        await people(store).add("bob", PASSWORD, is_admin=True, by=ALICE)
    with pytest.raises(InvalidValue):
        await people(store).add("b;ob", PASSWORD, is_admin=False, by=ALICE)
    assert [(one.name, one.is_admin) for one in await store.accounts.users()] == [("bob", False)]


def test_the_list_of_common_passwords_is_in_order_and_holds_only_what_length_lets_through() -> None:
    told = (files("shipbell.usecases") / "common_passwords.txt").read_text("utf-8").splitlines()
    assert told == sorted(set(told))
    assert all(len(one) >= PASSWORD_CHARACTERS and one == one.lower().strip() for one in told)
    assert {len(one) for one in told} >= {8, 9, 10}


async def test_who_is_removed_leaves_every_project_and_a_later_one_of_the_name_has_no_role(store: Store) -> None:
    edits: list[Edit] = [
        project("payments"),
        project("ledger"),
        *(member("bob", key=key) for key in ("payments", "ledger")),
        member("carol", key="ledger"),
        member("not-yet-here", key="ledger"),
    ]
    await store.directory.change(edits, ALICE)
    await people(store).add("bob", PASSWORD, is_admin=False, by=ALICE)
    await people(store).add("carol", PASSWORD, is_admin=False, by=ALICE)
    await store.accounts.remove_user("bob", ALICE)
    await people(store).add("bob", PASSWORD, is_admin=False, by=ALICE)
    assert await store.accounts.roles("bob") == {}
    assert set(await store.accounts.roles("carol")) == {"ledger"}
    assert set(await store.accounts.roles("not-yet-here")) == {"ledger"}
    told = await store.rows(select(audit).where(audit.c.action == "member.removed").order_by(audit.c.id))
    assert [(one["target"], one["project"], one["actor"]) for one in told] == [
        ("bob", "ledger", ALICE.actor),
        ("bob", "payments", ALICE.actor),
    ]


async def test_the_last_administrator_who_cannot_be_removed_keeps_the_roles(store: Store) -> None:
    await store.directory.change([project("payments"), member("ann")], ALICE)
    await people(store).add("ann", PASSWORD, is_admin=True, by=ALICE)
    with pytest.raises(LastAdministrator):
        await store.accounts.remove_user("ann", ALICE)
    assert set(await store.accounts.roles("ann")) == {"payments"}


async def test_the_last_administrator_cannot_be_removed_or_demoted(store: Store) -> None:
    await people(store).add("ann", PASSWORD, is_admin=True, by=ALICE)
    await people(store).add("bob", PASSWORD, is_admin=False, by=ALICE)
    with pytest.raises(LastAdministrator):
        await store.accounts.remove_user("ann", ALICE)
    with pytest.raises(LastAdministrator):
        await store.accounts.change("ann", ALICE, is_admin=False)
    await store.accounts.change("bob", ALICE, is_admin=True)
    await store.accounts.change("ann", ALICE, is_admin=False)
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


async def test_an_account_of_the_identity_provider_gets_no_password_here(store: Store) -> None:
    await store.accounts.add_user("oda", None, is_admin=False, by=ALICE)
    with pytest.raises(Conflict, match="identity provider"):
        await people(store).change_password("oda", PASSWORD, ALICE)
    assert await store.accounts.password_hash("oda") is None


@pytest.mark.parametrize("what", ["first", "add", "change"])
async def test_everything_else_goes_on_while_a_password_is_hashed(store: Store, what: str) -> None:
    await people(store).add("bob", PASSWORD, is_admin=False, by=ALICE)
    if what == "first":
        await store.accounts.remove_user("bob", ALICE)
    begun, may_end = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(password: str) -> str:
        loop.call_soon_threadsafe(begun.set)
        assert may_end.wait(60), "the loop stood still"
        return HASHER.hash(password)

    accounts = replace(people(store), hashed=slow)
    works: dict[str, Coroutine[Any, Any, object]] = {
        "first": accounts.first_administrator(Secret(PASSWORD)),
        "add": accounts.add("ann", PASSWORD, is_admin=False, by=ALICE),
        "change": accounts.change_password("bob", PASSWORD + "!", ALICE),
    }
    work = asyncio.ensure_future(works.pop(what))
    for unused in works.values():
        unused.close()
    await begun.wait()
    may_end.set()
    await work


async def test_a_member_who_was_named_before_has_the_role_when_the_account_comes(store: Store) -> None:
    await store.directory.change([project(), project("search"), member("bob", Role.DEVELOPER)], ALICE)
    await people(store).add("bob", PASSWORD, is_admin=False, by=ALICE)
    assert await store.accounts.roles("bob") == {"payments": Role.DEVELOPER}


async def test_an_administrator_is_made_where_accounts_are_but_none_of_them_is_one(store: Store) -> None:
    await people(store).add("bob", PASSWORD, is_admin=False, by=ALICE)
    assert await people(store).first_administrator(Secret(PASSWORD)) is None
    assert [one.name for one in await store.accounts.users() if one.is_admin] == ["admin"]


async def test_what_was_changed_after_somebody_saw_it_is_not_changed_by_that_one(store: Store) -> None:
    await people(store).add("bob", PASSWORD, is_admin=False, by=ALICE)
    seen = await store.accounts.user("bob")
    assert seen is not None
    store.clock.move(0.001)
    await store.accounts.change("bob", ALICE, is_admin=True, seen=seen.updated_at)
    with pytest.raises(Stale):
        await store.accounts.change("bob", ALICE, is_admin=False, seen=seen.updated_at)
    with pytest.raises(Stale):
        await store.accounts.remove_user("bob", ALICE, seen=seen.updated_at)
    assert (await store.accounts.user("bob")) is not None
