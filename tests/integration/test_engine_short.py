"""Short writes run in the loop's own thread while nothing speaks against it, and never hold the loop up for long."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, insert, select

from shipbell.storage.database.engine import Database
from shipbell.storage.tables.flow import METADATA, counters


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


def held(name: str, threads: list[int], may_end: threading.Event) -> Callable[[Connection], None]:
    """A write that lasts until the test lets it end."""

    def work(connection: Connection) -> None:
        put(name, threads)(connection)
        assert may_end.wait(60), "nobody let it end"

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
    began = time.perf_counter()
    waiting = asyncio.create_task(database.write(put("a", threads), short=True))
    while not database.rhythm.flights:
        await asyncio.sleep(0)
    # The thread waits for the lock, ten seconds if need be; the loop did not.
    assert time.perf_counter() - began < 5
    assert not waiting.done()
    other.execute("COMMIT")
    other.close()
    await waiting
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
    may_end = threading.Event()
    long = asyncio.create_task(database.write(held("a", threads, may_end)))
    short = asyncio.create_task(database.write(put("b", threads), short=True))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not short.done()
    may_end.set()
    await asyncio.gather(long, short)
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


def commits(database: Database) -> list[str]:
    seen: list[str] = []

    @event.listens_for(database.writer, "commit")
    def _seen(_connection: Connection) -> None:
        seen.append("commit")

    return seen


async def test_short_writes_of_one_turn_share_a_commit(database: Database) -> None:
    seen = commits(database)
    await asyncio.gather(*(database.write(put(name, []), short=True) for name in "abc"))
    assert names(database) == ["a", "b", "c"]
    assert seen == ["commit"]


async def test_what_joins_while_the_thread_is_busy_goes_together_afterwards(database: Database) -> None:
    seen, threads = commits(database), list[int]()
    await database.write(put("slow", threads, seconds=0.1), short=True)
    may_end = threading.Event()
    first = asyncio.create_task(database.write(held("a", threads, may_end), short=True))
    while not database.rhythm.flights:
        await asyncio.sleep(0)
    others = [asyncio.create_task(database.write(put(name, threads), short=True)) for name in "bc"]
    for _ in range(10):
        await asyncio.sleep(0)
    may_end.set()
    await asyncio.gather(first, *others)
    assert names(database) == ["a", "b", "c", "slow"]
    assert len(seen) == 3
    assert threading.get_ident() not in threads[1:]


@pytest.mark.parametrize("slow", [False, True])
async def test_a_short_write_that_breaks_the_others_fails_alone(database: Database, slow: bool) -> None:  # noqa: FBT001 - a parameter of the table
    def broken(connection: Connection) -> None:
        connection.execute(insert(counters).values(name="broken", value=1))
        raise LookupError

    if slow:
        await database.write(put("slow", [], seconds=0.1), short=True)
    ends = await asyncio.gather(
        database.write(put("a", []), short=True),
        database.write(broken, short=True),
        database.write(put("b", []), short=True),
        return_exceptions=True,
    )
    assert [type(one) for one in ends] == [type(None), LookupError, type(None)]
    assert [name for name in names(database) if name != "slow"] == ["a", "b"]


async def test_a_short_write_whose_caller_is_gone_is_not_made(database: Database) -> None:
    gone = asyncio.create_task(database.write(put("gone", []), short=True))
    other = asyncio.create_task(database.write(put("a", []), short=True))
    asyncio.get_running_loop().call_soon(gone.cancel)
    await other
    assert names(database) == ["a"]
