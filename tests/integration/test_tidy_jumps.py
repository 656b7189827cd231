"""The tidy loop and a clock that jumps, also in the middle of a round."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from lane_house import BUSY, House, furnished, house
from shipbell.worker.tidy import Tidy

DAYS = 40 * 24 * 3_600
MINUTE = 60


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as one:
        await furnished(one)
        yield one


def tidy(made: House, jumps: list[timedelta], *, while_telling: float = 0) -> Tidy:
    def told(_waiting: int, _age: float) -> None:
        made.clock.jump(while_telling)

    return Tidy(upkeep=made.upkeep, clock=made.clock, retention=timedelta(days=30), told=[told], jumped=jumps.append)


@pytest.mark.parametrize("seconds", [DAYS, -DAYS])
async def test_a_jump_is_noticed_once_told_and_costs_nothing(made: House, seconds: float) -> None:
    jumps: list[timedelta] = []
    rounds = tidy(made, jumps)
    ids = await made.accept("one", "two")
    await made.settle(await made.one())
    await made.settle(await made.one(), BUSY)
    await rounds.turn()
    made.clock.jump(seconds)
    for _ in range(3):
        made.clock.move(2)
        await rounds.turn()
    assert jumps == [timedelta(seconds=seconds)]
    assert await made.states(ids) == ["delivered", "waiting"]


async def test_a_jump_in_the_middle_of_a_round_lets_nothing_expire_or_be_forgotten(made: House) -> None:
    jumps: list[timedelta] = []
    ids = await made.accept("one", "two")
    await made.settle(await made.one())
    await made.settle(await made.one(), BUSY)
    # The first round is one that forgets.
    rounds = tidy(made, jumps, while_telling=DAYS)
    await rounds.turn()
    assert await made.states(ids) == ["delivered", "waiting"]
    assert len(jumps) == 1


async def test_a_clock_that_is_kept_right_is_no_jump(made: House) -> None:
    jumps: list[timedelta] = []
    rounds = tidy(made, jumps)
    for _ in range(5):
        await rounds.turn()
        made.clock.move(3_600)
        made.clock.jump(MINUTE)
    assert jumps == []
