"""Lanes: order per robot, one call at a time, the pace, and who may settle."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lane_house import BUSY, THROTTLED, House, furnished, house, names_of, url_of
from settings_store import KEY_A, subscription
from shipbell.domain.subscriptions import Locale
from shipbell.ports.directory import PutSubscription

BOTH = ("pipeline.run.failed", "pipeline.run.completed")


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as one:
        await furnished(one)
        yield one


def in_chinese(name: str) -> PutSubscription:
    """A subscription that names the same robot as the first, and reads in Chinese."""
    put = subscription(name, url=url_of(KEY_A), events=BOTH)
    return replace(put, subscription=replace(put.subscription, locale=Locale.ZH_CN))


async def test_messages_go_in_the_order_of_acceptance(made: House) -> None:
    await made.accept("one", "two", "three")
    assert [names_of(batch) for batch in await made.drain()] == [["one"], ["two"], ["three"]]


async def test_a_lane_has_one_call_at_a_time_and_goes_on_only_when_it_is_settled(made: House) -> None:
    await made.accept("one", "two")
    first = await made.one()
    assert await made.claim() == []
    made.clock.move(20)
    assert await made.claim() == []
    [second] = await made.settle(first, limit=10)
    assert names_of(second) == ["two"]


async def test_no_call_starts_before_the_result_of_the_last_is_kept(made: House) -> None:
    ids = await made.accept("one", "two")
    [second] = await made.settle(await made.one(), limit=10)
    assert await made.states(ids) == ["delivered", "waiting"]
    assert [row["result"] for row in await made.attempts()] == ["delivered"]
    assert second.epoch > made.calls[0].epoch


async def test_lanes_of_other_robots_go_at_once(made: House) -> None:
    await furnished(made, "release group", "second", "third")
    await made.accept("one", groups=("release group", "second", "third"))
    assert len(await made.claim()) == 3


async def test_the_limit_of_a_worker_is_kept_and_the_longest_due_lane_goes_first(made: House) -> None:
    await furnished(made, "release group", "second", "third")
    for group in ("second", "third", "release group"):
        await made.accept(group, groups=(group,))
        made.clock.move(0.01)
    assert len(await made.claim(2)) == 2
    assert len(await made.claim(2)) == 1


async def test_what_is_more_than_a_burst_goes_as_digests_and_each_event_once(made: House) -> None:
    await made.accept(*(f"run-{number}" for number in range(40)))
    made.clock.move(1)
    calls = await made.drain()
    assert all(len(call.delivery_ids) > 1 for call in calls)
    assert sorted(name for call in calls for name in names_of(call)) == sorted(f"run-{number}" for number in range(40))


async def test_a_digest_passes_over_another_rendering_which_goes_next_and_in_order(made: House) -> None:
    await made.change(in_chinese("in chinese"))
    for number in range(10):
        await made.accept(f"run-{number}", groups=("release group",))
        await made.accept(f"运行-{number}", groups=("in chinese",))
    first = await made.one()
    assert names_of(first) == [f"run-{number}" for number in range(10)]
    [second] = await made.settle(first, limit=10)
    assert names_of(second) == [f"运行-{number}" for number in range(10)]


async def test_between_messages_of_one_rendering_the_order_is_acceptance_even_in_a_long_backlog(made: House) -> None:
    names = [f"run-{number:04}" for number in range(300)]
    for name in names:
        await made.accept(name)
    calls = await made.drain(seconds=200, step=3.5)
    assert [name for call in calls for name in names_of(call)] == names


async def test_an_event_that_reaches_a_robot_twice_is_shown_once_and_settles_both(made: House) -> None:
    await made.change(subscription("other", url=url_of(KEY_A), events=BOTH))
    ids = await made.accept("one", groups=("release group", "other"))
    calls = await made.drain()
    assert [call.delivery_ids for call in calls] == [tuple(ids)]
    assert await made.states(ids) == ["delivered", "delivered"]


async def test_an_event_that_reaches_a_robot_in_two_renderings_is_two_messages(made: House) -> None:
    await made.change(in_chinese("in chinese"))
    ids = await made.accept("one", groups=("release group", "in chinese"))
    assert len(await made.drain()) == 2
    assert await made.states(ids) == ["delivered", "delivered"]


# --- pace -----------------------------------------------------------------------------------------------------


def starts_in_windows(made: House) -> int:
    """The most starts of one lane in any window."""
    starts = sorted(call.started_at for call in made.calls)
    return max(sum(1 for other in starts if start <= other < start + timedelta(seconds=60.5)) for start in starts)


async def test_no_robot_gets_more_than_eighteen_calls_in_a_window_however_long_its_queue(made: House) -> None:
    for number in range(130):
        await made.accept(f"run-{number}")
        await made.drain(seconds=1)
    await made.drain(seconds=120)
    assert 17 <= starts_in_windows(made) <= 18


async def test_a_start_counts_before_its_call_so_that_a_crash_cannot_use_it_twice(tmp_path: Path) -> None:
    async with house(tmp_path) as first:
        await furnished(first)
        clock = first.clock
        for number in range(6):
            await first.accept(f"run-{number}")
            await first.claim()
            await first.lanes.release()
        assert len(first.calls) == 6
        assert await first.claim() == []
        clock.move(3.33)
        assert await first.claim() == []
        clock.move(0.01)
        assert len(await first.claim()) == 1


async def test_two_subscriptions_of_one_robot_share_its_pace(made: House) -> None:
    await made.change(in_chinese("in chinese"))
    for number in range(20):
        await made.accept(f"run-{number}", groups=("release group", "in chinese"))
    assert len(await made.drain()) <= 6


async def test_an_unpaced_robot_gets_one_message_for_each_event(tmp_path: Path) -> None:
    async with house(tmp_path, per_minute=0) as made:
        await furnished(made)
        await made.accept(*(f"run-{number}" for number in range(50)))
        assert [len(call.delivery_ids) for call in await made.drain()] == [1] * 50


async def test_a_throttled_robot_rests_then_resumes_with_an_empty_bucket(made: House) -> None:
    ids = await made.accept("one", "two", "three")
    await made.settle(await made.one(), THROTTLED)
    lane = await made.lane()
    assert (lane["state"], lane["cause"]) == ("paused", "45009")
    made.clock.move(64.9)
    assert await made.claim() == []
    made.clock.move(0.1)
    await made.settle(await made.one())
    await made.accept("four")
    assert await made.claim() == []
    made.clock.move(3.34)
    assert len(await made.claim()) == 1
    rows = await made.rows(ids)
    assert {row["failures"] for row in rows.values()} == {0}


async def test_a_failing_robot_rests_longer_each_time_and_opens_with_its_first_answer(made: House) -> None:
    [delivery] = await made.accept("one")
    for rest in (5, 10, 20, 40):
        batch = await made.one()
        await made.settle(batch, BUSY)
        made.clock.move(rest - 0.1)
        assert await made.claim() == []
        made.clock.move(0.1)
    await made.settle(await made.one())
    lane = await made.lane()
    assert (lane["state"], lane["failures"], lane["cause"]) == ("open", 0, None)
    assert (await made.rows([delivery]))[delivery]["failures"] == 4


async def test_a_delivery_that_fails_for_more_than_a_minute_steps_aside_once(made: House) -> None:
    old, young = await made.accept("old", "young")
    for _ in range(3):
        batch = await made.one()
        assert batch.delivery_ids == (old,)
        await made.settle(batch, BUSY)
        made.clock.move(45)
    batch = await made.one()
    assert batch.delivery_ids == (young,)
    rows = await made.rows([old])
    assert rows[old]["stepped_aside"]
    assert rows[old]["place"] > (await made.rows([young]))[young]["place"]


async def test_many_lanes_that_are_behind_are_looked_into_some_at_a_time(tmp_path: Path) -> None:
    """A long look costs some hundredths of a second, in which no hook is answered."""
    async with house(tmp_path) as made:
        behind = [f"behind {number}" for number in range(20)]
        await furnished(made, *behind, "beside")
        ids = await made.accept(*(f"run-{number}" for number in range(30)), groups=behind)
        [beside] = await made.accept("one", groups=["beside"])
        turns = [await made.lanes.claim(made.worker, 100)]
        due_at = turns[0].next_due_at
        assert due_at is not None
        assert due_at <= made.clock.now()
        while turns[-1].batches:
            turns.append(await made.lanes.claim(made.worker, 100))
        carried = [[len(one.delivery_ids) for one in turn.batches] for turn in turns]
        assert carried == [[*[30] * 8, 1], [30] * 8, [30] * 4, []]
        for turn in turns:
            for batch in turn.batches:
                await made.settle(batch)
        assert set(await made.states([*ids, beside])) == {"delivered"}
