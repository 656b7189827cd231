"""Settling: who may, that twice is once, and what becomes of messages that are refused or lost."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from lane_house import BAD, BUSY, LOST, OK, THROTTLED, House, furnished, house
from settings_store import subscription
from shipbell.domain.results import Rejected, Result
from shipbell.storage.tables.flow import attempt_deliveries

WARNED = Rejected(code="ok-with-warning", maybe=True)


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as one:
        await furnished(one)
        yield one


# --- who may settle -------------------------------------------------------------------------------------------


async def test_settling_twice_changes_nothing(made: House) -> None:
    ids = await made.accept("one", "two")
    batch = await made.one()
    await made.settle(batch)
    before = (await made.rows(ids), await made.lane(), await made.attempts())
    await made.settle(batch, BAD)
    await made.settle(batch)
    assert (await made.rows(ids), await made.lane(), await made.attempts()) == before


async def test_a_worker_that_lost_its_lease_cannot_settle(made: House) -> None:
    [delivery] = await made.accept("one")
    stale = await made.one()
    made.clock.move(30.1)
    made.worker = "worker-2"
    fresh = await made.one()
    assert (fresh.epoch > stale.epoch, fresh.delivery_ids) == (True, (delivery,))
    await made.lanes.settle("worker-1", [made.settlement(stale, BAD)], 0)
    assert await made.states([delivery]) == ["waiting"]
    await made.settle(fresh)
    assert await made.states([delivery]) == ["delivered"]
    assert [row["result"] for row in await made.attempts()] == ["interrupted", "delivered"]


async def test_a_worker_that_has_the_lane_again_cannot_settle_its_older_call(made: House) -> None:
    [delivery] = await made.accept("one")
    stale = await made.one()
    made.clock.move(30.1)
    fresh = await made.one()
    assert (fresh.owner, fresh.delivery_ids) == (stale.owner, stale.delivery_ids)
    await made.settle(stale, BAD)
    assert await made.states([delivery]) == ["waiting"]
    await made.settle(fresh)
    assert await made.states([delivery]) == ["delivered"]


async def test_a_lease_that_is_renewed_is_not_lost(made: House) -> None:
    [delivery] = await made.accept("one")
    batch = await made.one()
    for _ in range(6):
        made.clock.move(10)
        await made.lanes.renew(made.worker, {batch.lane_id})
        assert await made.claim() == []
    await made.settle(batch)
    assert await made.states([delivery]) == ["delivered"]


async def test_one_settle_of_many_lanes_writes_each_attempt_with_what_it_carried(made: House) -> None:
    groups = ("release group", "second", "third")
    await furnished(made, *groups)
    ids = await made.accept("one", groups=groups)
    batches = await made.claim()
    results: tuple[Result, ...] = (BAD, LOST, THROTTLED)
    told = [made.settlement(batch, result) for batch, result in zip(batches, results, strict=True)]
    await made.lanes.settle(made.worker, told, 0)
    assert sorted(row["result"] for row in await made.attempts()) == ["rejected", "throttled", "transient"]
    carried = await made.store.rows(select(attempt_deliveries))
    assert {row["delivery_id"] for row in carried} == set(ids)


# --- rejected -------------------------------------------------------------------------------------------------


async def test_a_rejected_digest_is_taken_apart_and_only_the_bad_one_is_buried(made: House) -> None:
    ids = await made.accept(*(f"run-{number}" for number in range(9)))
    digest = await made.one()
    assert len(digest.delivery_ids) == 9
    await made.settle(digest, BAD)
    made.clock.move(60)
    bad = await made.one()
    assert bad.delivery_ids == (ids[0],)
    await made.settle(bad, BAD)
    assert all(len(call.delivery_ids) == 1 for call in await made.drain(seconds=60))
    assert await made.states(ids) == ["dead"] + ["delivered"] * 8
    assert (await made.rows(ids))[ids[0]]["cause"] == "40058"


async def test_five_different_messages_rejected_in_a_row_stop_the_lane_and_keep_what_waits(made: House) -> None:
    ids: list[int] = []
    for number in range(7):
        ids += await made.accept(f"run-{number}")
    made.clock.move(60)
    for _ in range(6):
        batches = await made.claim()
        if not batches:
            break
        for batch in batches:
            await made.settle(batch, BAD)
            made.clock.move(4)
    lane = await made.lane()
    assert (lane["state"], lane["cause"]) == ("failing", "40058")
    states = await made.states(ids)
    assert states.count("dead") <= 4
    assert states.count("waiting") == 7 - states.count("dead")
    assert await made.claim() == []
    await made.history.reopen(lane["id"])
    await made.drain(seconds=60)
    assert (await made.states(ids)).count("waiting") == 0


async def test_a_lost_call_is_repeated_twice_while_others_are_answered_then_buried_as_maybe_delivered(
    made: House,
) -> None:
    [cursed] = await made.accept("cursed")
    lost = 0
    for number in range(300):
        for batch in await made.claim():
            is_cursed = cursed in batch.delivery_ids
            lost += is_cursed
            await made.settle(batch, LOST if is_cursed else OK)
        await made.accept(f"fine-{number}")
        made.clock.move(5)
        if await made.states([cursed]) == ["dead"]:
            break
    row = (await made.rows([cursed]))[cursed]
    assert (row["state"], row["cause"], bool(row["maybe_delivered"])) == ("dead", "answers-lost", True)
    assert row["stepped_aside"]
    assert lost == 3


async def test_a_robot_that_answers_nothing_keeps_a_lost_call_waiting_until_it_expires(made: House) -> None:
    [delivery] = await made.accept("one")
    for _ in range(40):
        for batch in await made.claim():
            await made.settle(batch, LOST)
        made.clock.move(400)
    assert await made.states([delivery]) == ["waiting"]
    made.clock.move(timedelta(hours=24).total_seconds())
    assert await made.upkeep.expire() == 1
    assert await made.states([delivery]) == ["expired"]


@pytest.mark.parametrize("result", [LOST, WARNED, None])
async def test_what_is_cancelled_during_a_call_whose_answer_gets_lost_may_have_been_shown(
    made: House, result: Result | None
) -> None:
    """A replay would then repeat it, and says so."""
    [delivery] = await made.accept("one")
    batch = await made.one()
    await made.change(subscription(enabled=False))
    if result is None:
        await made.lanes.release()
    else:
        await made.settle(batch, result)
    row = (await made.rows([delivery]))[delivery]
    assert (row["state"], row["cause"]) == ("cancelled", "subscription-disabled")
    assert row["maybe_delivered"]


@pytest.mark.parametrize("result", [BAD, BUSY, THROTTLED])
async def test_what_is_cancelled_during_a_call_that_is_refused_was_not_shown(made: House, result: Result) -> None:
    [delivery] = await made.accept("one")
    batch = await made.one()
    await made.change(subscription(enabled=False))
    await made.settle(batch, result)
    assert not (await made.rows([delivery]))[delivery]["maybe_delivered"]


# --- pauses that end with nothing to send -----------------------------------------------------------------------


@pytest.mark.parametrize("in_the_air", [True, False])
async def test_a_pause_is_over_when_its_time_is_also_for_a_robot_that_nothing_waits_for(
    made: House, *, in_the_air: bool
) -> None:
    [delivery] = await made.accept("one")
    batch = await made.one()
    if in_the_air:
        await made.change(subscription(enabled=False))
    await made.settle(batch, BUSY)
    await made.change(subscription(enabled=False))
    assert await made.states([delivery]) == ["cancelled"]
    made.clock.move(4.9)
    assert await made.claim() == []
    assert (await made.lane())["state"] == "paused"
    made.clock.move(0.1)
    assert await made.claim() == []
    lane = await made.lane()
    assert (lane["state"], lane["cause"], lane["due_at"], lane["failures"]) == ("open", None, None, 1)


async def test_a_pause_after_a_companion_text_whose_answer_got_lost_is_over_by_itself(made: House) -> None:
    await made.change(subscription(user_ids="@all"))
    await made.accept("one")
    await made.settle(await made.one())
    await made.settle(await made.one(), LOST)
    assert (await made.lane())["state"] == "paused"
    made.clock.move(5)
    assert await made.claim() == []
    assert (await made.lane())["state"] == "open"
