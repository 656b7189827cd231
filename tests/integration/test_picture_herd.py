"""Many who need the picture of the settings at once share one read of it, and each sees what it must."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import event

from hand_clock import HandClock
from settings_store import ALICE, Store, new_key, process, project, source
from shipbell.domain.errors import DatabaseUnusable
from shipbell.ports.directory import Snapshot

HERD = 64
PATIENCE_SECONDS = 30.0


@dataclass(slots=True)
class Reads:
    """The reads of the picture: how many began, and a gate that holds each once it has seen its version."""

    began: int = 0
    gate: threading.Event = field(default_factory=threading.Event)

    def heard(self, _connection: object, _cursor: object, statement: str, *_more: object) -> None:
        """Count a read by the first statement that only it makes, and hold it."""
        if "FROM sources" in statement:
            self.began += 1
            assert self.gate.wait(PATIENCE_SECONDS)

    async def until(self, count: int) -> None:
        """Wait until so many reads began."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.began < count:
                await asyncio.sleep(0.001)


@dataclass(frozen=True, slots=True)
class House:
    """One process, another one beside it, and the reads of the first."""

    here: Store
    there: Store
    reads: Reads


@contextmanager
def _counted(store: Store) -> Iterator[Reads]:
    reads = Reads()
    reads.gate.set()
    event.listen(store.database.reader, "before_cursor_execute", reads.heard)
    yield reads
    reads.gate.set()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    key, clock = new_key(), HandClock()
    with process(tmp_path, key, clock) as here, process(tmp_path, key, clock) as there, _counted(here) as reads:
        await there.directory.change([project(), source()], ALICE)
        yield House(here, there, reads)


def _names(picture: Snapshot | BaseException) -> list[str]:
    assert isinstance(picture, Snapshot)
    return sorted(picture.projects)


async def test_sixty_four_first_calls_are_one_read(house: House) -> None:
    pictures = await asyncio.gather(*(house.here.directory.snapshot() for _ in range(HERD)))
    assert house.reads.began == 1
    assert all(_names(one) == ["payments"] for one in pictures)


async def test_sixty_four_calls_that_find_the_settings_moved_are_two_reads_at_most_and_see_the_change(
    house: House,
) -> None:
    await house.here.directory.snapshot()
    await house.there.directory.change([project("orders")], ALICE)
    house.reads.began = 0
    pictures = await asyncio.gather(*(house.here.directory.refresh() for _ in range(HERD)))
    assert 1 <= house.reads.began <= 2
    assert all(_names(one) == ["orders", "payments"] for one in pictures)


async def test_nobody_joins_a_read_that_began_before_the_change_it_must_see(house: House) -> None:
    house.reads.gate.clear()
    early = asyncio.create_task(house.here.directory.refresh())
    await house.reads.until(1)
    await house.there.directory.change([project("orders")], ALICE)
    late = [asyncio.create_task(house.here.directory.refresh()) for _ in range(HERD)]
    # Whatever was given to the readers before this has begun when this is done.
    await house.here.directory.projects()
    assert house.reads.began == 1
    house.reads.gate.set()
    assert _names(await early) == ["payments"]
    assert all(_names(one) == ["orders", "payments"] for one in await asyncio.gather(*late))
    assert house.reads.began == 2


async def test_a_change_made_here_holds_at_once_though_an_older_read_ends_after_it(house: House) -> None:
    house.reads.gate.clear()
    early = asyncio.create_task(house.here.directory.refresh())
    await house.reads.until(1)
    await house.here.directory.change([project("orders")], ALICE)
    during = [asyncio.create_task(house.here.directory.snapshot()) for _ in range(HERD)]
    await asyncio.sleep(0)
    house.reads.gate.set()
    assert _names(await early) == ["payments"]
    assert all(_names(one) == ["orders", "payments"] for one in await asyncio.gather(*during))
    assert _names(await house.here.directory.snapshot()) == ["orders", "payments"]
    assert house.reads.began == 2


async def test_an_old_read_that_ends_after_a_change_made_here_is_not_kept(house: House) -> None:
    house.reads.gate.clear()
    early = asyncio.create_task(house.here.directory.refresh())
    await house.reads.until(1)
    await house.here.directory.change([project("orders")], ALICE)
    house.reads.gate.set()
    await early
    assert _names(await house.here.directory.snapshot()) == ["orders", "payments"]


async def test_a_caller_that_goes_away_takes_the_read_of_nobody_else(house: House) -> None:
    house.reads.gate.clear()
    callers = [asyncio.create_task(house.here.directory.snapshot()) for _ in range(HERD)]
    await house.reads.until(1)
    callers[0].cancel()
    callers[1].cancel()
    await asyncio.gather(*callers[:2], return_exceptions=True)
    house.reads.gate.set()
    assert all(_names(one) == ["payments"] for one in await asyncio.gather(*callers[2:]))
    assert house.reads.began == 1
    assert callers[0].cancelled()


async def test_a_read_that_fails_fails_whoever_joined_it_and_the_next_call_tries_again(house: House) -> None:
    with house.there.database.writer.begin() as beside:
        beside.exec_driver_sql("ALTER TABLE subscriptions RENAME TO hidden")
    endings = await asyncio.gather(*(house.here.directory.snapshot() for _ in range(HERD)), return_exceptions=True)
    assert all(isinstance(one, DatabaseUnusable) for one in endings)
    assert house.reads.began == 1
    with house.there.database.writer.begin() as beside:
        beside.exec_driver_sql("ALTER TABLE hidden RENAME TO subscriptions")
    assert _names(await house.here.directory.snapshot()) == ["payments"]


async def test_while_the_picture_is_read_anew_the_loop_goes_on_and_the_known_one_serves(house: House) -> None:
    known = await house.here.directory.snapshot()
    house.reads.gate.clear()
    reading = asyncio.create_task(house.here.directory.refresh())
    await house.reads.until(2)
    assert await house.here.directory.snapshot() is known
    house.reads.gate.set()
    assert _names(await reading) == ["payments"]
