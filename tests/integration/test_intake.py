"""Intake on a real SQLite store: many calls, one transaction, and a bad one that fails alone."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from hand_clock import AT
from settings_store import Store, opened_store
from shipbell.domain.errors import DatabaseUnusable
from shipbell.domain.events import Event, Subject
from shipbell.ports.intake import Accepted, ConfigurationMoved, DoorCall, Received
from shipbell.storage.queue.intake import GroupIntake
from shipbell.storage.tables.flow import door_calls, events

EXPIRY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Inlet:
    """A store with its intake going."""

    store: Store
    intake: GroupIntake
    running: asyncio.Task[None]

    def received(self, tool_id: str, *, name: str = "build", source_id: int = 1) -> Received:
        event = Event(id=tool_id, type="pipeline.run.failed", time=AT, subject=Subject(name=name))
        return Received(id=self.store.ids.next(), project_id=1, source_id=source_id, event=event, received_at=AT)

    async def kept(self) -> list[str]:
        return [row["tool_id"] for row in await self.store.rows(select(events.c.tool_id).order_by(events.c.id))]


@asynccontextmanager
async def inlet(
    folder: Path, *, door_seconds: float = 60.0, woken: Callable[[], None] = lambda: None
) -> AsyncIterator[Inlet]:
    """An intake on a new store, ended afterwards."""
    async with opened_store(folder) as store:
        made = GroupIntake(store.database, store.ids, expiry=EXPIRY, woken=woken, door_seconds=door_seconds)
        running = asyncio.create_task(made.run())
        yield Inlet(store, made, running)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def knock(source_id: int, *, code: str = "bad-signature") -> DoorCall:
    return DoorCall(source_id=source_id, at=AT, status=401, code=code, address="192.0.2.7")


async def test_calls_that_come_together_are_each_answered_for_themselves(tmp_path: Path) -> None:
    async with inlet(tmp_path) as door:
        same = door.received("1")
        answers = await asyncio.gather(
            door.intake.accept([same, door.received("2")], version=0),
            door.intake.accept([door.received("1"), door.received("3")], version=0),
            door.intake.accept([], version=0),
        )
        assert [(len(one.event_ids), one.duplicates) for one in answers] == [(2, 0), (1, 1), (0, 0)]
        assert answers[0].event_ids[0] == same.id
        assert await door.kept() == ["1", "2", "3"]


@pytest.mark.parametrize(("tool_id", "name"), [("9", "x\ud83d"), ("\ud83d", "x")])
async def test_a_call_that_cannot_be_written_fails_alone(tmp_path: Path, tool_id: str, name: str) -> None:
    async with inlet(tmp_path) as door:
        before, broken, after = await asyncio.gather(
            door.intake.accept([door.received("1")], version=0),
            door.intake.accept([door.received("2"), door.received(tool_id, name=name)], version=0),
            door.intake.accept([door.received("3")], version=0),
            return_exceptions=True,
        )
        assert isinstance(before, Accepted)
        assert isinstance(broken, UnicodeEncodeError)
        assert isinstance(after, Accepted)
        assert await door.kept() == ["1", "3"]
        assert not door.running.done()
        assert len((await door.intake.accept([door.received("4")], version=0)).event_ids) == 1


async def test_a_number_that_no_column_holds_fails_alone(tmp_path: Path) -> None:
    async with inlet(tmp_path) as door:
        broken, fine = await asyncio.gather(
            door.intake.accept([door.received("1", source_id=2**70)], version=0),
            door.intake.accept([door.received("2")], version=0),
            return_exceptions=True,
        )
        assert isinstance(broken, Exception)
        assert isinstance(fine, Accepted)
        assert await door.kept() == ["2"]


async def test_a_listener_that_breaks_stops_nothing(tmp_path: Path) -> None:
    def broken() -> None:
        raise RuntimeError

    async with inlet(tmp_path, woken=broken) as door:
        with capture_logs() as lines:
            for number in range(3):
                await door.intake.accept([door.received(str(number))], version=0)
        assert [(line["event"], line["error"], "exc_info" in line) for line in lines] == [
            ("intake.unheard", "RuntimeError", False)
        ] * 3
        assert not door.running.done()
        assert await door.kept() == ["0", "1", "2"]


async def test_a_call_matched_against_old_settings_is_sent_back_alone(tmp_path: Path) -> None:
    async with inlet(tmp_path) as door:
        old, new = await asyncio.gather(
            door.intake.accept([door.received("1")], version=7),
            door.intake.accept([door.received("2")], version=0),
            return_exceptions=True,
        )
        assert isinstance(old, ConfigurationMoved)
        assert isinstance(new, Accepted)
        assert await door.kept() == ["2"]


async def test_a_table_that_is_gone_is_told_in_words_and_the_intake_goes_on(tmp_path: Path) -> None:
    async with inlet(tmp_path) as door:
        with sqlite3.connect(tmp_path / "shipbell.db") as beside:
            beside.execute("ALTER TABLE events RENAME TO hidden")
        with pytest.raises(DatabaseUnusable):
            await door.intake.accept([door.received("1")], version=0)
        with sqlite3.connect(tmp_path / "shipbell.db") as beside:
            beside.execute("ALTER TABLE hidden RENAME TO events")
        assert len((await door.intake.accept([door.received("1")], version=0)).event_ids) == 1
        assert not door.running.done()


async def test_the_door_is_written_however_busy_the_intake_is(tmp_path: Path) -> None:
    async with inlet(tmp_path, door_seconds=0.0) as door:
        door.intake.note(knock(1))
        for number in range(20):
            await door.intake.accept([door.received(str(number))], version=0)
        written = await door.store.rows(select(door_calls.c.code))
        assert [row["code"] for row in written] == ["bad-signature"]


async def test_a_door_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    async with inlet(tmp_path, door_seconds=0.0) as door:
        door.intake.note(knock(1, code="x\ud83d"))
        for number in range(3):
            await door.intake.accept([door.received(str(number))], version=0)
        assert not door.running.done()
        assert len(await door.kept()) == 3


async def test_what_is_still_queued_is_kept_before_the_end(tmp_path: Path) -> None:
    async with inlet(tmp_path) as door:
        door.running.cancel()
        await asyncio.gather(door.running, return_exceptions=True)
        waiting = asyncio.create_task(door.intake.accept([door.received("1")], version=0))
        await asyncio.sleep(0)
        door.intake.note(knock(1))
        await door.intake.drain()
        assert len((await waiting).event_ids) == 1
        assert len(await door.store.rows(select(door_calls.c.code))) == 1
