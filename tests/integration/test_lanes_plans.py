"""The hot path finds what it needs by index, however much lies in the tables."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lane_house import BUSY, House, furnished, house

_STATEMENTS = ("SELECT", "UPDATE", "DELETE")


@contextmanager
def spoken(made: House) -> Iterator[list[str]]:
    """Every statement that the writer's connection runs, with its values in place."""
    said: list[str] = []

    def driver() -> sqlite3.Connection:
        with made.store.database.writer.connect() as connection:
            found: Any = connection.connection.dbapi_connection
            assert isinstance(found, sqlite3.Connection)
            return found

    driver().set_trace_callback(said.append)
    try:
        yield said
    finally:
        driver().set_trace_callback(None)


def plans(path: Path, statements: list[str]) -> dict[str, list[str]]:
    """How the database means to carry out each statement."""
    with sqlite3.connect(path) as beside:
        return {
            one: [row[3] for row in beside.execute(f"EXPLAIN QUERY PLAN {one}")]
            for one in statements
            if one.startswith(_STATEMENTS)
        }


@pytest.mark.parametrize("per_minute", [18, 0])
async def test_accepting_handing_out_and_settling_scan_no_table(tmp_path: Path, per_minute: int) -> None:
    async with house(tmp_path, per_minute=per_minute) as made:
        await furnished(made, "release group", "second group")
        with spoken(made) as said:
            await made.accept("one", "two", groups=("release group", "second group"))
            first, second = await made.claim()
            await made.settle(first, limit=10)
            await made.settle(second, BUSY, limit=10)
        found = plans(tmp_path / "shipbell.db", said)
        read = " ".join(found)
        assert all(word in read for word in ("UPDATE deliveries", "UPDATE lanes", "FROM lanes JOIN deliveries"))
        scans = [
            step
            for steps in found.values()
            for step in steps
            if step.startswith("SCAN") and "VIRTUAL TABLE" not in step and "INDEX lanes_closed" not in step
        ]
        assert scans == []
