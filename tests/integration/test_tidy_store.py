"""Tidy: what waits too long expires, what is old is forgotten, and nothing hangs behind either."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from lane_house import BUSY, GONE, House, furnished, house, names_of
from shipbell.storage.tables.flow import attempt_deliveries, attempts, deliveries, event_keys, events

DAY = timedelta(hours=24).total_seconds()
TABLES = (events, event_keys, deliveries, attempts, attempt_deliveries)


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as one:
        await furnished(one)
        yield one


async def counts(made: House) -> list[int]:
    found = [await made.store.rows(select(func.count().label("n")).select_from(table)) for table in TABLES]
    return [rows[0]["n"] for rows in found]


async def test_what_waited_for_its_hours_expires_with_that_cause(made: House) -> None:
    [delivery] = await made.accept("one")
    await made.settle(await made.one(), BUSY)
    made.clock.move(DAY - 0.001)
    assert await made.upkeep.expire() == 0
    made.clock.move(0.001)
    assert await made.upkeep.expire() == 1
    row = (await made.rows([delivery]))[delivery]
    assert (row["state"], row["cause"]) == ("expired", "expired")
    assert await made.claim() == []


async def test_what_has_expired_is_not_sent_even_before_the_tidy_loop_came(made: House) -> None:
    await made.accept("old")
    made.clock.move(DAY)
    await made.accept("young")
    assert [names_of(call) for call in await made.drain()] == [["young"]]


async def test_what_waits_behind_a_crowd_of_expired_ones_is_sent(made: House) -> None:
    await made.accept(*(f"old-{number}" for number in range(60)))
    made.clock.move(DAY - 10)
    [young] = await made.accept("young")
    made.clock.move(10)
    await made.claim()
    await made.upkeep.expire()
    await made.drain(seconds=10)
    for batch in made.calls:
        await made.settle(batch)
    assert await made.states([young]) == ["delivered"]


async def test_a_message_that_was_in_the_air_when_it_ran_out_is_delivered_when_it_was_shown(made: House) -> None:
    [delivery] = await made.accept("one")
    flying = await made.one()
    made.clock.move(DAY)
    await made.upkeep.expire()
    assert await made.states([delivery]) == ["expired"]
    # The worker renews its lease meanwhile; here the day is told at once.
    made.clock.move(-DAY)
    await made.settle(flying)
    assert await made.states([delivery]) == ["delivered"]


async def test_an_expired_delivery_can_be_replayed_and_waits_for_its_hours_again(made: House) -> None:
    [delivery] = await made.accept("one")
    made.clock.move(DAY)
    await made.upkeep.expire()
    assert (await made.history.replay([delivery])).replayed == 1
    made.clock.move(DAY - 1)
    assert await made.upkeep.expire() == 0
    await made.drain()
    assert await made.states([delivery]) == ["delivered"]


async def test_retention_forgets_events_deliveries_attempts_and_keys_together(made: House) -> None:
    await made.accept("one", "two")
    await made.drain()
    made.clock.move(10)
    edge = made.clock.now()
    made.clock.move(10)
    await made.accept("three")
    await made.drain()
    while await made.upkeep.forget(edge):
        pass
    assert await counts(made) == [1, 1, 1, 1, 1]


async def test_retention_keeps_what_still_waits_with_its_event(made: House) -> None:
    waiting = await made.accept("one")
    await made.settle(await made.one(), BUSY)
    made.clock.move(3_600)
    while await made.upkeep.forget(made.clock.now()):
        pass
    assert await made.states(waiting) == ["waiting"]
    await made.drain()
    assert await made.states(waiting) == ["delivered"]


async def test_a_known_id_counts_as_new_again_only_after_retention(made: House) -> None:
    await made.accept("one")
    await made.drain()
    made.clock.move(60)
    while await made.upkeep.forget(made.clock.now()):
        pass
    made._number = 0
    assert len(await made.accept("one")) == 1
    assert len(await made.drain()) == 1


async def test_dead_letters_are_forgotten_when_they_are_old(made: House) -> None:
    await made.accept("one")
    await made.settle(await made.one(), GONE)
    made.clock.move(60)
    while await made.upkeep.forget(made.clock.now()):
        pass
    assert await counts(made) == [0] * 5


async def test_forgetting_goes_in_chunks(made: House) -> None:
    await made.accept(*(f"run-{number}" for number in range(600)), groups=())
    made.clock.move(60)
    gone = []
    while many := await made.upkeep.forget(made.clock.now()):
        gone.append(many)
    assert gone == [250, 250, 100]
