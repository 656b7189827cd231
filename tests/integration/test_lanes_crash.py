"""A crash: what was in the air waits again, marked; pace and order outlive the process."""

from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from hand_clock import HandClock
from lane_house import BAD, BUSY, LOST, OK, THROTTLED, House, furnished, house, names_of
from settings_store import new_key, subscription
from shipbell.domain.results import Result
from shipbell.storage.tables.flow import attempt_deliveries


async def test_what_was_in_the_air_waits_again_marked_as_maybe_delivered(tmp_path: Path) -> None:
    key, clock = new_key(), HandClock()
    async with house(tmp_path, key=key, clock=clock) as before:
        await furnished(before)
        ids = await before.accept("one", "two")
        batch = await before.one()
    clock.move(1)
    async with house(tmp_path, key=key, clock=clock) as after:
        assert await after.lanes.release() == 1
        assert await after.states(ids) == ["waiting", "waiting"]
        rows = await after.rows(ids)
        assert [bool(rows[one]["maybe_delivered"]) for one in ids] == [True, False]
        [attempt] = await after.attempts()
        assert (attempt["id"], attempt["result"], attempt["ended_at"]) == (batch.attempt_id, "interrupted", None)
        assert attempt["maybe_delivered"]
        carried = await after.store.rows(select(attempt_deliveries))
        assert [row["delivery_id"] for row in carried] == [ids[0]]
        assert [names_of(call) for call in await after.drain()] == [["one"], ["two"]]
        rows = await after.rows(ids)
        assert [bool(rows[one]["maybe_delivered"]) for one in ids] == [False, False]


async def test_a_call_cut_off_by_our_own_crash_is_not_counted(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await furnished(made)
        [delivery] = await made.accept("one")
        for _ in range(5):
            await made.claim()
            made.clock.move(5)
            assert await made.lanes.release() == 1
        row = (await made.rows([delivery]))[delivery]
        assert (row["state"], row["failures"], row["uncertain"]) == ("waiting", 0, 0)


async def test_a_process_that_lost_its_calls_cannot_settle_them_after_the_restart(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await furnished(made)
        [delivery] = await made.accept("one")
        batch = await made.one()
        await made.lanes.release()
        await made.settle(batch)
        assert await made.states([delivery]) == ["waiting"]
        assert [row["result"] for row in await made.attempts()] == ["interrupted"]


async def test_release_frees_only_the_leases_of_the_worker_it_names(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await furnished(made, "release group", "second")
        await made.accept("one", groups=("release group", "second"))
        await made.claim(1)
        made.worker = "worker-2"
        await made.claim(1)
        assert await made.lanes.release("worker-2") == 1
        assert await made.lanes.release("worker-2") == 0
        assert await made.lanes.release() == 1


async def test_the_pace_outlives_the_process(tmp_path: Path) -> None:
    key, clock = new_key(), HandClock()
    starts: list[float] = []
    for life in range(4):
        async with house(tmp_path, key=key, clock=clock) as made:
            if life == 0:
                await furnished(made)
            await made.lanes.release()
            for number in range(10):
                await made.accept(f"run-{life}-{number}")
                for batch in await made.claim():
                    starts.append(batch.started_at.timestamp())
                    await made.settle(batch)
                clock.move(0.4)
            # This one dies with a call in the air.
            await made.accept(f"last-{life}")
            starts += [batch.started_at.timestamp() for batch in await made.claim()]
    assert max(sum(1 for other in starts if start <= other < start + 60.5) for start in starts) <= 18
    # A burst of six, and one for each 3.34 s of the sixteen that went by.
    assert len(starts) <= 6 + 5


async def test_a_digest_that_was_in_the_air_waits_again_whole_and_in_order(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await furnished(made)
        names = [f"run-{number}" for number in range(20)]
        ids = await made.accept(*names)
        assert len((await made.one()).delivery_ids) == 20
        await made.lanes.release()
        assert [name for call in await made.drain(seconds=60) for name in names_of(call)] == names
        assert await made.states(ids) == ["delivered"] * 20


async def test_a_companion_text_that_was_in_the_air_is_not_repeated(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await furnished(made)
        await made.change(subscription(user_ids="@all"))
        [delivery] = await made.accept("one")
        await made.settle(await made.one())
        companion = await made.one()
        assert companion.handout is None
        assert await made.lanes.release() == 1
        made.clock.move(120)
        assert await made.claim() == []
        assert await made.states([delivery]) == ["delivered"]


@pytest.mark.parametrize("crash", [False, True])
async def test_a_call_counts_against_the_pace_from_when_the_robot_has_it_for_certain(
    tmp_path: Path, *, crash: bool
) -> None:
    async with house(tmp_path, per_minute=2, burst=1) as made:
        await furnished(made)
        await made.accept("one")
        batch = await made.one()
        made.clock.move(9)
        if crash:
            await made.lanes.release()
        else:
            await made.settle(batch)
        await made.accept("two", "three", "four")
        made.clock.move(25)
        await made.settle(await made.one())
        await made.accept("five")
        made.clock.move(35)
        assert await made.claim() == []
        made.clock.move(0.5)
        assert len(await made.claim()) == 1


# --- companion texts ------------------------------------------------------------------------------------------


async def alarmed(made: House) -> None:
    await furnished(made)
    await made.change(subscription(user_ids="@all"))


async def test_a_companion_text_follows_at_once_with_a_start_of_its_own(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await alarmed(made)
        ids = await made.accept("one")
        await made.settle(await made.one())
        companion = await made.one()
        assert (companion.msgtype, companion.handout, companion.delivery_ids) == ("text", None, tuple(ids))
        assert b"@all" in companion.body
        await made.settle(companion)
        assert [bool(row["companion"]) for row in await made.attempts()] == [False, True]


async def test_a_robot_gets_one_companion_text_a_minute_at_most(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await alarmed(made)
        for number in range(60):
            await made.accept(f"run-{number}")
            await made.drain(seconds=4, step=4)
        await made.drain(seconds=70, step=5)
        at = [call.started_at for call in made.calls if call.handout is None]
        assert len(at) >= 4
        assert min((later - sooner).total_seconds() for sooner, later in pairwise(at)) >= 60


@pytest.mark.parametrize("per_minute", [18, 0])
async def test_a_companion_text_that_waits_for_its_minute_holds_up_no_message(tmp_path: Path, per_minute: int) -> None:
    async with house(tmp_path, per_minute=per_minute) as made:
        await alarmed(made)
        for name in ("one", "two", "three"):
            [delivery] = await made.accept(name)
            await made.drain(seconds=1, step=1)
            assert await made.states([delivery]) == ["delivered"]
        assert sum(call.handout is None for call in made.calls) == 1
        await made.drain(seconds=62, step=2)
        assert sum(call.handout is None for call in made.calls) == 2


@pytest.mark.parametrize("per_minute", [18, 0])
async def test_a_companion_text_that_fails_again_and_again_holds_up_no_message(tmp_path: Path, per_minute: int) -> None:
    async with house(tmp_path, per_minute=per_minute) as made:
        await alarmed(made)
        ids = []
        for number in range(40):
            ids += await made.accept(f"run-{number}")
            for batch in await made.claim():
                await made.settle(batch, BUSY if batch.handout is None else OK)
            made.clock.move(5)
        assert sum(call.handout is None for call in made.calls) > 2
        # The last minute is enough for the pause after a failure.
        assert (await made.states(ids))[:30] == ["delivered"] * 30


async def test_a_companion_text_that_fails_never_repeats_the_message_before_it(tmp_path: Path) -> None:
    results: tuple[Result, ...] = (BAD, LOST, BUSY, THROTTLED)
    for number, result in enumerate(results):
        async with house(tmp_path / str(number)) as made:
            await alarmed(made)
            [delivery] = await made.accept("one")
            await made.settle(await made.one())
            companion = await made.one()
            await made.settle(companion, result)
            made.clock.move(400)
            later = await made.drain(seconds=200, step=50)
            assert all(call.handout is None for call in later)
            assert len(later) == (result in (BUSY, THROTTLED))
            assert await made.states([delivery]) == ["delivered"]
