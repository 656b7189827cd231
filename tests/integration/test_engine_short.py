"""Short writes run in the loop's own thread while nothing speaks against it, and never hold the loop up for long."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select

from shipbell.storage.engine import Database
from shipbell.storage.schema import METADATA, counters


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database.open(tmp_path / "shipbell.db")
    made.write_here(METADATA.create_all)
    yield made
    made.close()


def put(name: str, threads: list[int], seconds: float = 0.0) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        threads.append(threading.get_ident())
        connection.execute(insert(counters).values(name=name, value=1))
        time.sleep(seconds)

    return work


def names(database: Database) -> list[str]:
    return list(
        database.read_here(lambda one: one.execute(select(counters.c.name).order_by(counters.c.name)).scalars())
    )


async def test_a_short_write_runs_in_the_threads_of_the_loop_and_others_in_the_writers(database: Database) -> None:
    threads: list[int] = []
    await database.write(put("a", threads), short=True)
    await database.write(put("b", threads))
    assert threads[0] == threading.get_ident()
    assert threads[1] != threading.get_ident()
    assert names(database) == ["a", "b"]


async def test_a_short_write_waits_in_the_thread_while_another_process_writes(database: Database) -> None:
    other = sqlite3.connect(database.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threads: list[int] = []
    waiting = asyncio.create_task(database.write(put("a", threads), short=True))
    began = time.perf_counter()
    await asyncio.sleep(0.2)
    held_up = time.perf_counter() - began - 0.2
    assert not waiting.done()
    other.execute("COMMIT")
    other.close()
    await waiting
    assert held_up < 0.15
    assert threads != [threading.get_ident()]
    assert names(database) == ["a"]


async def test_after_a_slow_write_the_thread_serves_for_a_while(database: Database) -> None:
    threads: list[int] = []
    await database.write(put("a", threads, seconds=0.1), short=True)
    await database.write(put("b", threads), short=True)
    assert threads[0] == threading.get_ident()
    assert threads[1] != threading.get_ident()


async def test_a_short_write_lets_the_one_in_the_thread_end_first(database: Database) -> None:
    threads: list[int] = []
    long = asyncio.create_task(database.write(put("a", threads, seconds=0.1)))
    await asyncio.sleep(0.02)
    await database.write(put("b", threads), short=True)
    await long
    assert threads[0] == threads[1]
    assert threading.get_ident() not in threads


async def test_nothing_of_a_short_write_that_fails_is_kept_and_the_next_one_works(database: Database) -> None:
    def broken(connection: Connection) -> None:
        connection.execute(insert(counters).values(name="a", value=1))
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(broken, short=True)
    await database.write(put("b", []), short=True)
    assert names(database) == ["b"]
