"""The clock jumps: no robot falls silent, nothing is lost, no call is made twice."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from lane_house import BUSY, House, furnished, house, names_of
from shipbell.domain.results import Delivered
from shipbell.storage.tables.flow import deliveries


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as one:
        await furnished(one)
        yield one


HOURS = 3_600
JUMPS = (2 * HOURS, -2 * HOURS, 40 * 24 * HOURS, -40 * 24 * HOURS)


@pytest.mark.parametrize("seconds", JUMPS)
async def test_a_clock_that_jumps_there_and_back_silences_no_robot_and_loses_nothing(
    made: House, seconds: float
) -> None:
    before = await made.accept("before")
    await made.settle(await made.one(), BUSY)
    made.clock.jump(seconds)
    await made.upkeep.clock_jumped()
    there = await made.accept("there")
    for batch in await made.claim():
        await made.settle(batch, BUSY)
    await made.upkeep.expire()
    made.clock.jump(-seconds)
    await made.upkeep.clock_jumped()
    after = await made.accept("after")
    await made.drain(seconds=90, step=5)
    assert await made.upkeep.expire() == 0
    assert await made.states([*before, *there, *after]) == ["delivered"] * 3


async def test_a_robot_that_rests_until_a_time_that_was_wrong_goes_on_also_after_a_restart(made: House) -> None:
    made.clock.jump(2 * HOURS)
    await made.accept("one")
    await made.settle(await made.one(), BUSY)
    made.clock.jump(-2 * HOURS)
    await made.lanes.renew(made.worker, ())
    assert [names_of(call) for call in await made.drain(seconds=70, step=5)] == [["one"]]


@pytest.mark.parametrize("seconds", JUMPS)
async def test_a_call_in_the_air_is_settled_though_the_clock_jumped(made: House, seconds: float) -> None:
    [delivery] = await made.accept("one")
    batch = await made.one()
    made.clock.jump(seconds)
    handed = await made.lanes.settle(made.worker, (), 10, calling={batch.lane_id})
    assert handed.batches == ()
    await made.settle(batch, Delivered())
    assert await made.states([delivery]) == ["delivered"]
    assert [row["result"] for row in await made.attempts()] == ["delivered"]


async def test_what_was_accepted_under_a_clock_that_was_behind_is_not_forgotten_when_it_is_set_right(
    made: House,
) -> None:
    made.clock.jump(-40 * 24 * HOURS)
    [delivery] = await made.accept("one")
    await made.settle(await made.one(), BUSY)
    made.clock.jump(40 * 24 * HOURS)
    await made.upkeep.clock_jumped()
    assert await made.upkeep.expire() == 0
    assert await made.upkeep.forget(made.clock.now()) == 0
    await made.drain(seconds=90, step=5)
    found = await made.store.rows(select(deliveries.c.id, deliveries.c.state))
    assert [(row["id"], row["state"]) for row in found] == [(delivery, "delivered")]
    # A day later retention goes on.
    made.clock.move(25 * HOURS)
    assert await made.upkeep.forget(made.clock.now()) > 0
