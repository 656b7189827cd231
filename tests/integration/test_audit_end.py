"""The audit log knows how long it is, and can be taken elsewhere as JSON Lines."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, select

from commands import command as shipbell
from server import environment, settings_file
from settings_store import ALICE, Store, opened_store, project
from shipbell.storage.audit import chain
from shipbell.storage.audit.chain import Fault, fault
from shipbell.storage.tables.flow import counters
from shipbell.storage.tables.settings import audit


@pytest.fixture
async def lived(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened_store(tmp_path) as made:
        await made.directory.change([project("a"), project("b"), project("c")], ALICE)
        yield made


async def found(store: Store) -> Fault | None:
    return await store.database.read(fault)


@pytest.mark.parametrize("first_gone", [1, 2, 3])
async def test_entries_that_are_cut_off_at_the_end_are_missed(lived: Store, first_gone: int) -> None:
    gone = delete(audit).where(audit.c.id >= first_gone)
    await lived.database.write(lambda connection: connection.execute(gone))
    assert await found(lived) == Fault(first_gone, missing=True)


async def test_entries_that_are_cut_off_are_missed_also_when_others_were_written_since(lived: Store) -> None:
    await lived.database.write(lambda connection: connection.execute(delete(audit).where(audit.c.id >= 2)))
    await lived.directory.change([project("d")], ALICE)
    assert await found(lived) == Fault(3, missing=True)


async def test_an_entry_with_a_fitting_hash_that_nobody_wrote_is_found(lived: Store) -> None:
    def forge(connection: Connection) -> None:
        last = dict(connection.execute(select(audit).order_by(audit.c.id.desc()).limit(1)).mappings().one())
        row = {**last, "id": last["id"] + 1, "actor": "mallory"}
        row["hash"] = chain.link(last["hash"], row)
        connection.execute(insert(audit).values(**row))

    await lived.database.write(forge)
    assert await found(lived) == Fault(4, missing=False)


async def test_a_database_that_was_not_counted_is_counted_when_it_is_opened(lived: Store) -> None:
    gone = delete(counters).where(counters.c.name == chain.COUNTER)
    await lived.database.write(lambda connection: connection.execute(gone))
    assert await found(lived) is None
    await lived.database.write(chain.begin_counting)
    assert await found(lived) is None
    await lived.directory.change([project("d")], ALICE)
    assert await found(lived) is None
    await lived.database.write(lambda connection: connection.execute(delete(audit).where(audit.c.id == 4)))
    assert await found(lived) == Fault(4, missing=True)


def test_the_log_is_verified_and_exported_on_the_command_line(tmp_path: Path) -> None:
    environ = environment(tmp_path / "data")
    url = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=marker-robot-4bc4-97a0"
    file = settings_file(tmp_path, {"payments": {"group": {"url": url}}, "search": {}})
    assert shipbell(environ, "apply", str(file)).code == 0
    ran = shipbell(environ, "audit", "verify")
    assert (ran.code, ran.out) == (0, "")

    whole = shipbell(environ, "audit", "export")
    lines = [json.loads(line) for line in whole.out.splitlines()]
    assert [one["id"] for one in lines] == list(range(1, len(lines) + 1))
    assert lines[0]["action"] == "project.created"
    assert lines[0]["at"].endswith("Z")
    assert lines[0]["after"]["name"] == "Payments"
    assert all(len(one["hash"]) == 64 for one in lines)
    assert "marker-robot" not in whole.out

    part = shipbell(environ, "audit", "export", "--project", "search")
    assert [json.loads(line) for line in part.out.splitlines()] == [one for one in lines if one["project"] == "search"]
    assert shipbell(environ, "audit", "export", "--project", "unknown").out == ""
    made = shipbell(environ, "audit", "export", "--action", "project.created", "--actor", lines[0]["actor"])
    assert {json.loads(line)["action"] for line in made.out.splitlines()} == {"project.created"}
    assert shipbell(environ, "audit", "export", "--action", "project.created", "--actor", "nobody").out == ""


def test_a_log_that_was_cut_is_told_with_exit_code_1(tmp_path: Path) -> None:
    environ = environment(tmp_path / "data")
    assert shipbell(environ, "apply", str(settings_file(tmp_path, {"payments": {}, "search": {}}))).code == 0
    with closing(sqlite3.connect(tmp_path / "data" / "shipbell.db")) as connection:
        connection.execute("DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)")
        connection.commit()
    ran = shipbell(environ, "audit", "verify")
    assert ran.code == 1
    assert "ends too early" in ran.err
