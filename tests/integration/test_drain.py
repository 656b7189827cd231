"""The drain of one worker: no lane stays leased for nothing, whatever hangs, breaks or jumps."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lane_house import House, furnished, house
from settings_store import CHANNELS
from shipbell.ports.lanes import Batch, Handed, Lanes, Settlement
from shipbell.ports.wire import Call, NoReply, Reply
from shipbell.usecases.deliver import Deliver
from shipbell.worker.drain import Drain

OK = Reply(status=200, headers={}, body=b'{"errcode":0,"errmsg":"ok"}')
TWO = ("release group", "second")
_LOST_SECONDS = 30


@dataclass(slots=True)
class Robots:
    """What answers every call, as the test says."""

    answer: Callable[[Call], Reply] = lambda _call: OK
    calls: list[str] = field(default_factory=list)

    async def send(self, call: Call) -> Reply | NoReply:
        await asyncio.sleep(0)
        self.calls.append(call.url.reveal())
        return self.answer(call)


@dataclass(slots=True)
class Hanging:
    """The store of lanes, whose commits take as long as the test says."""

    lanes: Lanes
    hang: Callable[[], None] = lambda: None

    async def claim(self, worker: str, limit: int) -> Handed:
        return await self.settle(worker, (), limit)

    async def settle(
        self,
        worker: str,
        settlements: Sequence[Settlement],
        limit: int,
        *,
        unmade: Sequence[Batch] = (),
        calling: Collection[int] = (),
    ) -> Handed:
        handed = await self.lanes.settle(worker, settlements, limit, unmade=unmade, calling=calling)
        if handed.batches:
            self.hang()
        return handed

    async def renew(self, worker: str, calling: Collection[int]) -> None:
        await self.lanes.renew(worker, calling)

    async def release(self, worker: str | None = None) -> int:
        return await self.lanes.release(worker)


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as one:
        await furnished(one, *TWO)
        yield one


@asynccontextmanager
async def draining(made: House, robots: Robots, hang: Callable[[], None] = lambda: None) -> AsyncIterator[Drain]:
    drain = Drain(
        lanes=Hanging(made.lanes, hang),
        deliver=Deliver(channels=CHANNELS, transport=robots, clock=made.clock),
        clock=made.clock,
        worker="worker-1",
    )
    task = asyncio.create_task(drain.run())
    try:
        yield drain
    finally:
        drain.stop()
        await task


async def until_settled(made: House, ids: Sequence[int]) -> list[str]:
    """The states of these deliveries once none of them waits."""
    async with asyncio.timeout(_LOST_SECONDS):
        while "waiting" in (states := await made.states(ids)):
            await asyncio.sleep(0.01)
            made.clock.move(0.1)
    return states


async def test_what_a_commit_that_hung_for_a_lease_had_handed_out_is_handed_out_again(made: House) -> None:
    hangs = [36.0]
    ids = await made.accept("one", groups=TWO)
    robots = Robots()
    async with draining(made, robots, lambda: made.clock.move(hangs.pop()) if hangs else None):
        assert await until_settled(made, ids) == ["delivered", "delivered"]
    assert len(robots.calls) == 2
    assert [row["result"] for row in await made.attempts()] == ["delivered", "delivered"]


async def test_a_call_that_breaks_in_our_own_code_is_kept_as_an_attempt_and_repeated(
    made: House, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = [1, 2]

    def answer(_call: Call) -> Reply:
        if broken:
            raise UnicodeEncodeError("ascii", "é", 0, 1, str(broken.pop()))
        return OK

    ids = await made.accept("one", groups=TWO)
    async with draining(made, Robots(answer)) as drain:
        assert await until_settled(made, ids) == ["delivered", "delivered"]
        assert drain.open_calls == 0
    results = [(row["result"], row["code"], row["detail"]) for row in await made.attempts()]
    assert sorted(results[:2]) == [("transient", "cut-off", "UnicodeEncodeError")] * 2
    assert "Traceback" not in capsys.readouterr().err


async def test_a_clock_that_jumps_during_calls_makes_no_second_call(made: House) -> None:
    ids = await made.accept("one", groups=TWO)
    robots = Robots()
    jumps = [7_200.0]

    def answer(_call: Call) -> Reply:
        if jumps:
            made.clock.jump(jumps.pop())
        return OK

    robots.answer = answer
    async with draining(made, robots) as drain:
        drain.wake()
        assert await until_settled(made, ids) == ["delivered", "delivered"]
    assert len(robots.calls) == 2
