"""What waits to be kept is bounded by size, and a project that sends much waits behind itself alone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from hand_clock import AT
from settings_store import Store, opened_store
from shipbell.domain.errors import Busy
from shipbell.domain.events import Event, Subject
from shipbell.ports.intake import Accepted, Received
from shipbell.storage.queue.intake import GroupIntake

MIB = 1024 * 1024
LOUD, QUIET = 1, 2
PATIENCE_SECONDS = 10.0


@dataclass(slots=True)
class Inlet:
    """An intake that keeps nothing until it is told to, and the order in which it answered."""

    store: Store
    intake: GroupIntake
    answered: list[str] = field(default_factory=list)
    commits: int = 0

    def send(self, name: str, *, project: int = LOUD, events: int = 1, size_bytes: int = 1) -> asyncio.Task[Accepted]:
        """Make a call that waits."""
        received = [self._received(f"{name}-{number}", project) for number in range(events)]

        async def called() -> Accepted:
            accepted = await self.intake.accept(received, version=0, size_bytes=size_bytes)
            self.answered.append(name)
            return accepted

        return asyncio.create_task(called())

    def _received(self, tool_id: str, project: int) -> Received:
        made = Event(id=tool_id, type="pipeline.run.failed", time=AT, subject=Subject(name="build"))
        return Received(id=self.store.ids.next(), project_id=project, source_id=project, event=made, received_at=AT)

    def committed(self, _connection: object) -> None:
        """Count a transaction."""
        self.commits += 1


@pytest.fixture
async def inlet(tmp_path: Path) -> AsyncIterator[Inlet]:
    async with opened_store(tmp_path) as store:
        intake = GroupIntake(store.database, store.ids, expiry=timedelta(hours=24), woken=lambda: None)
        made = Inlet(store, intake)
        event.listen(store.database.writer, "commit", made.committed)
        yield made


async def test_a_transaction_holds_four_mebibytes_at_most(inlet: Inlet) -> None:
    calls = [inlet.send(f"large {number}", size_bytes=MIB) for number in range(12)]
    await asyncio.sleep(0)
    await inlet.intake.drain()
    await asyncio.gather(*calls)
    assert inlet.commits == 3


async def test_small_calls_share_a_transaction_up_to_its_events(inlet: Inlet) -> None:
    calls = [inlet.send(f"small {number}", events=100) for number in range(20)]
    await asyncio.sleep(0)
    await inlet.intake.drain()
    await asyncio.gather(*calls)
    assert inlet.commits == 2


async def test_a_small_call_does_not_wait_behind_the_large_ones_of_another_project(inlet: Inlet) -> None:
    calls = [inlet.send(f"large {number}", size_bytes=MIB) for number in range(30)]
    calls.append(inlet.send("small", project=QUIET))
    await asyncio.sleep(0)
    await inlet.intake.drain()
    await asyncio.gather(*calls)
    assert inlet.answered.index("small") <= 4


async def test_the_calls_of_a_project_are_kept_in_the_order_in_which_they_came(inlet: Inlet) -> None:
    calls = []
    for number in range(12):
        calls.append(inlet.send(f"loud {number}", size_bytes=MIB))
        calls.append(inlet.send(f"quiet {number}", project=QUIET, size_bytes=MIB // 2))
    await asyncio.sleep(0)
    await inlet.intake.drain()
    await asyncio.gather(*calls)
    for name in ("loud", "quiet"):
        assert [one for one in inlet.answered if one.startswith(name)] == [f"{name} {number}" for number in range(12)]


@pytest.mark.parametrize(("count", "facts"), [(32, {"size_bytes": MIB}), (10, {"events": 1_000})])
async def test_a_project_that_fills_its_half_of_the_queue_is_told_to_come_again_and_others_are_let_in(
    inlet: Inlet, count: int, facts: dict[str, int]
) -> None:
    calls = [inlet.send(f"large {number}", **facts) for number in range(count)]
    refused = inlet.send("one too many", **facts)
    other = inlet.send("another's", project=QUIET, **facts)
    with pytest.raises(Busy):
        await asyncio.wait_for(refused, PATIENCE_SECONDS)
    await inlet.intake.drain()
    assert len((await other).event_ids) == facts.get("events", 1)
    await asyncio.gather(*calls)
    again = inlet.send("again", **facts)
    await asyncio.sleep(0)
    await inlet.intake.drain()
    await again


async def test_the_queue_as_a_whole_is_bounded_by_size(inlet: Inlet) -> None:
    calls = [inlet.send(f"{number}", project=1 + number // 16, size_bytes=MIB) for number in range(64)]
    refused = inlet.send("one too many", project=9, size_bytes=MIB)
    with pytest.raises(Busy):
        await asyncio.wait_for(refused, PATIENCE_SECONDS)
    await inlet.intake.drain()
    await asyncio.gather(*calls)
