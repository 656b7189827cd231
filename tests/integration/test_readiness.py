"""Readiness is the truth: a database that takes no write, or none soon, is not ready."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from commands import command
from full_disk import no_room
from lane_house import house
from server import environment
from shipbell.domain.errors import DatabaseUnusable
from shipbell.storage.upkeep import upkeep


async def test_a_disk_without_room_is_not_ready(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        assert await made.upkeep.ready() == {"database": "ok"}
        with no_room():
            said = await made.upkeep.ready()
        assert "is full" in said["database"]
        assert await made.upkeep.ready() == {"database": "ok"}


async def test_a_database_that_another_process_holds_is_not_ready_and_the_answer_comes_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_READY_SECONDS", 0.05)
    async with house(tmp_path) as made:
        path = made.store.database.path
        with closing(sqlite3.connect(path, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            said = await made.upkeep.ready()
            holder.execute("ROLLBACK")
        assert said["database"].startswith("No write came through within")
        monkeypatch.undo()
        assert await made.upkeep.ready() == {"database": "ok"}


@pytest.mark.parametrize("gone", ["moved", "replaced", "removed"])
async def test_a_database_whose_file_is_another_is_not_ready(tmp_path: Path, gone: str) -> None:
    async with house(tmp_path) as made:
        path = made.store.database.path
        assert made.upkeep.place.moved() is None
        kept = path.rename(path.with_name("kept.db"))
        if gone == "replaced":
            path.write_bytes(kept.read_bytes())
        if gone == "removed":
            kept.unlink()
        said = await made.upkeep.ready()
        assert "was moved, removed or replaced" in said["database"]
        with pytest.raises(DatabaseUnusable, match="was moved, removed or replaced"):
            await made.upkeep.place.run()


def test_doctor_tells_a_disk_without_room(tmp_path: Path) -> None:
    told = environment(tmp_path)
    assert command(told, "migrate").code == 0
    with closing(sqlite3.connect(tmp_path / "shipbell.db")), no_room():
        ran = command(told, "doctor")
    assert ran.code == 1, ran
    assert any("is full" in line for line in ran.out.splitlines() if line.startswith("database\t")), ran.out
