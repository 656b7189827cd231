"""Every change of settings leaves an entry, chained to the one before, and no entry tells a secret."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from hand_clock import AT
from settings_store import ALICE, KEY_A, KEY_B, ROBOT, Store, member, opened_store, project, source, subscription
from shipbell.domain.access import Role
from shipbell.domain.errors import Stale
from shipbell.ports.directory import By, DropMember, DropProject, DropSource, DropSubscription, Edit
from shipbell.storage.audit.chain import fault
from shipbell.storage.database.codec import to_ms
from shipbell.storage.tables.settings import audit

LIFE: list[Edit] = [
    project(),
    project(region="eu-west-101"),
    member("bob", Role.DEVELOPER),
    member("bob", Role.PROJECT_MANAGER),
    source(),
    source(kind="codearts"),
    source(kind="codearts", secret="another-secret"),
    subscription(),
    subscription(url=ROBOT + KEY_B, user_ids="zhang.san"),
    DropSubscription(project="payments", name="release group"),
    DropSource(project="payments", name="ci"),
    DropMember(project="payments", user="bob"),
    DropProject(key="payments"),
]
SAID = [
    ("project.created", "payments"),
    ("project.updated", "payments"),
    ("member.set", "bob"),
    ("member.set", "bob"),
    ("source.created", "ci"),
    ("source.updated", "ci"),
    ("source.rotated", "ci"),
    ("subscription.created", "release group"),
    ("subscription.updated", "release group"),
    ("subscription.deleted", "release group"),
    ("source.deleted", "ci"),
    ("member.removed", "bob"),
    ("project.deleted", "payments"),
]
SECRETS = (KEY_A, KEY_B, "s3cret-of-ci", "another-secret")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened_store(tmp_path) as made:
        yield made


@pytest.fixture
async def lived(store: Store) -> Store:
    """A store in which a project came, changed and went."""
    for edit in LIFE:
        store.clock.move(1)
        await store.directory.change([edit], ALICE)
    return store


async def entries(store: Store) -> Sequence[RowMapping]:
    return await store.rows(select(audit).order_by(audit.c.id))


async def broken(store: Store) -> int | None:
    found = await store.database.read(fault)
    return found.number if found else None


def facts(row: RowMapping, side: str) -> dict[str, object]:
    told: dict[str, object] = json.loads(row[side])
    return told


async def test_every_kind_of_change_leaves_one_entry_in_order(lived: Store) -> None:
    rows = await entries(lived)
    assert [(row["action"], row["target"]) for row in rows] == SAID
    assert {row["project"] for row in rows} == {"payments"}


async def test_an_entry_says_who_from_where_and_when(lived: Store) -> None:
    first = (await entries(lived))[0]
    assert (first["actor"], first["via"], first["address"]) == ("alice", "console", "203.0.113.7")
    assert first["at"] == to_ms(AT) + 1_000


async def test_an_entry_shows_before_and_after(lived: Store) -> None:
    rows = await entries(lived)
    assert rows[0]["before"] is None
    assert (facts(rows[1], "before")["region"], facts(rows[1], "after")["region"]) == ("ap-southeast-3", "eu-west-101")
    assert (facts(rows[3], "before"), facts(rows[3], "after")) == ({"role": "developer"}, {"role": "project_manager"})
    assert (facts(rows[8], "before")["user_ids"], facts(rows[8], "after")["user_ids"]) == ("", "zhang.san")
    assert rows[12]["after"] is None


async def test_no_entry_tells_a_secret_and_a_new_robot_is_seen_by_its_mask(lived: Store) -> None:
    rows = await entries(lived)
    told = repr([dict(row) for row in rows])
    assert not any(secret in told for secret in SECRETS)
    assert str(facts(rows[8], "before")["url"]).endswith(KEY_A[-4:])
    assert str(facts(rows[8], "after")["url"]).endswith(KEY_B[-4:])


async def test_a_refused_change_leaves_no_entry(lived: Store) -> None:
    before = await entries(lived)
    with pytest.raises(Stale):
        await lived.directory.change([project("a"), project("b", expected=3)], ALICE)
    assert await entries(lived) == before


# --- the chain ---------------------------------------------------------------------------------------------------


async def test_an_untouched_chain_holds_also_over_several_changes_and_restarts(lived: Store) -> None:
    assert await broken(lived) is None
    await lived.directory.change([project("a"), project("b")], By(actor="系统", via="system"))
    assert await broken(lived) is None


async def test_an_empty_log_holds(store: Store) -> None:
    assert await broken(store) is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "mallory"),
        ("via", "cli"),
        ("address", None),
        ("at", 0),
        ("action", "member.removed"),
        ("project", "search"),
        ("target", "carol"),
        ("before", None),
        ("after", '{"role":"viewer"}'),
        ("hash", b"\x00" * 32),
    ],
)
async def test_a_changed_entry_is_found_whatever_was_changed(lived: Store, column: str, value: object) -> None:
    def work(connection: Connection) -> None:
        connection.execute(update(audit).where(audit.c.id == 4).values({column: value}))

    await lived.database.write(work)
    assert await broken(lived) == 4


@pytest.mark.parametrize("gone", [1, 4, 12])
async def test_a_removed_entry_is_found(lived: Store, gone: int) -> None:
    await lived.database.write(lambda connection: connection.execute(delete(audit).where(audit.c.id == gone)))
    assert await broken(lived) == gone


async def test_a_removed_entry_is_found_also_when_the_others_close_the_gap(lived: Store) -> None:
    def work(connection: Connection) -> None:
        connection.execute(delete(audit).where(audit.c.id == 4))
        for number in range(5, len(LIFE) + 1):
            connection.execute(update(audit).where(audit.c.id == number).values(id=number - 1))

    await lived.database.write(work)
    assert await broken(lived) == 4


async def test_swapped_entries_are_found(lived: Store) -> None:
    def work(connection: Connection) -> None:
        for old, new in ((4, 99), (5, 4), (99, 5)):
            connection.execute(update(audit).where(audit.c.id == old).values(id=new))

    await lived.database.write(work)
    assert await broken(lived) == 4


async def test_an_entry_that_was_slipped_in_at_the_end_is_found(lived: Store) -> None:
    last = dict((await entries(lived))[-1])
    forged = {**last, "id": last["id"] + 1, "actor": "mallory"}
    await lived.database.write(lambda connection: connection.execute(insert(audit).values(**forged)))
    assert await broken(lived) == forged["id"]


async def test_a_way_or_address_that_is_unknown_is_kept_as_it_is(store: Store) -> None:
    await store.directory.change([project()], replace(ALICE, via="cli", address=None))
    [row] = await entries(store)
    assert (row["via"], row["address"]) == ("cli", None)
    assert await broken(store) is None
