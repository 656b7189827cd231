"""Tokens: what ends is over, and nothing that opens a door is kept."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from hand_clock import AT, HandClock
from people_store import PASSWORD, people, token_of
from settings_store import ALICE, Store, member, new_key, opened_store, process, project
from shipbell.domain.errors import InvalidValue, NotFound
from shipbell.ports.directory import DropProject
from shipbell.storage.audit.chain import fault
from shipbell.storage.tables.settings import audit, tokens
from shipbell.usecases.accounts import hash_of
from shipbell.usecases.identity import Identity


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened_store(tmp_path) as made:
        yield made


@pytest.fixture
async def bobs(store: Store) -> Store:
    await people(store).add("bob", PASSWORD, is_admin=False, by=ALICE)
    await people(store).add("carol", PASSWORD, is_admin=True, by=ALICE)
    await store.directory.change([project(), project("search"), member("bob")], ALICE)
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
        ("c\ni", None, "name"),
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
        await token_of(bobs, "carol", projects=("payments", "gone"))


async def test_making_a_token_does_not_tell_which_projects_there_are(bobs: Store) -> None:
    told = []
    for key in ("search", "gone"):
        with pytest.raises(NotFound) as refused:
            await token_of(bobs, projects=("payments", key))
        told.append(refused.value.sentence.replace(key, "KEY"))
    assert told[0] == told[1]
    assert await bobs.accounts.tokens() == []


async def test_an_instance_administrator_may_narrow_a_token_to_any_project(bobs: Store) -> None:
    await token_of(bobs, "carol", projects=("payments", "search"))
    [known] = await bobs.accounts.tokens("carol")
    assert known.projects == ("payments", "search")


async def test_a_token_narrowed_to_a_project_does_not_reach_a_later_one_of_its_key(bobs: Store) -> None:
    wanted = (("payments",), ("payments", "search"), None)
    made = [await token_of(bobs, "carol", projects=keys) for keys in wanted]
    await bobs.directory.change([DropProject(key="payments")], ALICE)
    await bobs.directory.change([project()], ALICE)
    reached = {}
    for _, token in made:
        owner = await bobs.accounts.token_owner(hash_of(token))
        assert owner is not None
        identity = Identity(user=owner[0], token=owner[1])
        reached[owner[1].projects] = [key for key in ("payments", "search") if identity.reaches(key)]
    assert reached == {(): [], ("search",): ["search"], None: ["payments", "search"]}


async def test_a_new_password_leaves_tokens_to_the_programs_that_use_them(bobs: Store) -> None:
    _, token = await token_of(bobs)
    await people(bobs).change_password("bob", "another long one", ALICE)
    assert await bobs.accounts.token_owner(hash_of(token)) is not None


# --- the audit log ---


async def test_every_change_of_accounts_and_tokens_is_in_the_audit_log_and_no_password_or_token(bobs: Store) -> None:
    number, token = await token_of(bobs)
    await people(bobs).change_password("bob", "another long one", ALICE)
    await bobs.accounts.change("bob", ALICE, is_admin=True)
    await bobs.accounts.revoke_token(number, ALICE)
    await bobs.accounts.remove_user("bob", ALICE)
    rows = await bobs.rows(select(audit).order_by(audit.c.id))
    assert [
        (row["action"], row["target"]) for row in rows if not row["action"].startswith(("project.", "member."))
    ] == [
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
    assert await bobs.database.read(fault) is None


def test_no_password_or_token_lies_readable_in_the_files_of_the_database(tmp_path: Path) -> None:
    with process(tmp_path, new_key(), HandClock()) as store:
        asyncio.run(people(store).add("bob", PASSWORD, is_admin=True, by=ALICE))
        _, token = asyncio.run(token_of(store))
    files = [one.read_bytes() for one in tmp_path.iterdir()]
    assert any(b"bob" in one for one in files)
    for secret in (PASSWORD, token):
        assert not any(secret.encode() in one for one in files)
