"""Closed robots: what waits and what comes is kept as dead; reopening or a new URL, then replay, sends it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lane_house import BUSY, GONE, THROTTLED, House, furnished, house, names_of, url_of
from settings_store import KEY_B, subscription
from shipbell.domain.results import Refused
from shipbell.ports.directory import DropSubscription

BOTH = ("pipeline.run.failed", "pipeline.run.completed")


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as one:
        await furnished(one)
        yield one


@pytest.mark.parametrize("result", [GONE, Refused(code="http-404")])
async def test_a_robot_that_is_gone_closes_its_lane_and_buries_what_waits(made: House, result: Refused) -> None:
    ids = await made.accept("one", "two", "three")
    await made.settle(await made.one(), result)
    lane = await made.lane()
    assert (lane["state"], lane["cause"], lane["due_at"], lane["owner"]) == ("closed", result.code, None, None)
    assert await made.states(ids) == ["dead"] * 3
    assert {row["cause"] for row in (await made.rows(ids)).values()} == {result.code}


async def test_what_comes_for_a_closed_robot_is_dead_on_arrival_with_its_cause(made: House) -> None:
    await made.accept("one")
    await made.settle(await made.one(), GONE)
    [late] = await made.accept("late")
    row = (await made.rows([late]))[late]
    assert (row["state"], row["cause"]) == ("dead", "93000")
    assert row["settled_at"] is not None
    assert await made.claim() == []


async def test_a_closed_robot_leaves_others_alone(made: House) -> None:
    await furnished(made, "release group", "second")
    first, second = await made.accept("one", groups=("release group", "second"))
    closed, other = await made.claim()
    if closed.delivery_ids != (first,):
        closed, other = other, closed
    await made.settle(closed, GONE)
    await made.settle(other)
    assert await made.states([first, second]) == ["dead", "delivered"]
    await made.accept("two", groups=("second",))
    assert len(await made.drain()) == 1


async def test_reopening_alone_sends_nothing_and_replay_sends_the_dead_in_their_order(made: House) -> None:
    ids = await made.accept("one", "two", "three")
    await made.settle(await made.one(), GONE)
    assert await made.history.reopen((await made.lane())["id"])
    assert await made.claim() == []
    replayed = await made.history.replay(ids)
    assert (replayed.replayed, replayed.refused) == (3, {})
    assert [name for call in await made.drain() for name in names_of(call)] == ["one", "two", "three"]
    assert await made.states(ids) == ["delivered"] * 3


async def test_replay_to_a_closed_robot_is_refused_in_words(made: House) -> None:
    [delivery] = await made.accept("one")
    await made.settle(await made.one(), GONE)
    replayed = await made.history.replay([delivery])
    assert (replayed.replayed, replayed.refused) == (0, {delivery: "robot-closed"})


async def test_a_new_url_then_replay_sends_the_dead_to_the_new_robot(made: House) -> None:
    ids = await made.accept("one", "two")
    await made.settle(await made.one(), GONE)
    await made.change(subscription(url=url_of(KEY_B), events=BOTH))
    await made.history.replay(ids)
    calls = await made.drain()
    assert {call.url.reveal() for call in calls} == {url_of(KEY_B)}
    assert await made.states(ids) == ["delivered"] * 2


async def test_what_waits_moves_with_a_new_url_and_goes_to_the_new_robot(made: House) -> None:
    ids = await made.accept("one", "two")
    await made.settle(await made.one(), BUSY)
    await made.change(subscription(url=url_of(KEY_B), events=BOTH))
    calls = await made.drain()
    assert [name for call in calls for name in names_of(call)] == ["one", "two"]
    assert {call.url.reveal() for call in calls} == {url_of(KEY_B)}
    assert await made.states(ids) == ["delivered"] * 2


async def test_a_call_in_the_air_to_the_old_robot_settles_there_and_is_not_sent_again(made: House) -> None:
    ids = await made.accept("one", "two")
    flying = await made.one()
    await made.change(subscription(url=url_of(KEY_B), events=BOTH))
    moved = await made.one()
    assert (moved.url.reveal(), moved.delivery_ids) == (url_of(KEY_B), (ids[1],))
    await made.settle(flying)
    await made.settle(moved)
    assert await made.drain() == []
    assert await made.states(ids) == ["delivered"] * 2


@pytest.mark.parametrize("cut_off", [False, True])
async def test_a_call_in_the_air_that_fails_on_the_old_robot_follows_to_the_new_one(
    made: House,
    cut_off: bool,  # noqa: FBT001 - a column of the table
) -> None:
    [one] = await made.accept("one")
    flying = await made.one()
    await made.change(subscription(url=url_of(KEY_B), events=BOTH))
    if cut_off:
        await made.lanes.release()
    else:
        await made.settle(flying, BUSY)
    calls = await made.drain(seconds=10)
    assert [call.url.reveal() for call in calls] == [url_of(KEY_B)]
    assert await made.states([one]) == ["delivered"]


async def test_switching_off_while_a_call_is_in_the_air_cancels_the_rest_and_shows_what_was_shown(made: House) -> None:
    shown, cancelled = await made.accept("one", "two")
    flying = await made.one()
    await made.change(subscription(events=BOTH, enabled=False))
    await made.settle(flying)
    assert await made.states([shown, cancelled]) == ["delivered", "cancelled"]
    assert await made.claim() == []


@pytest.mark.parametrize("result", [BUSY, GONE, THROTTLED])
async def test_a_cancelled_delivery_whose_call_fails_stays_cancelled(made: House, result: Refused) -> None:
    [delivery] = await made.accept("one")
    flying = await made.one()
    await made.change(DropSubscription(project="payments", name="release group"))
    await made.settle(flying, result)
    made.clock.move(400)
    assert await made.claim() == []
    row = (await made.rows([delivery]))[delivery]
    assert (row["state"], row["cause"]) == ("cancelled", "subscription-deleted")


async def test_a_robot_in_use_by_another_project_keeps_its_pause(made: House) -> None:
    await made.change(subscription("other", url=url_of(KEY_B), events=BOTH))
    await made.accept("one", groups=("other",))
    await made.settle(await made.one(), THROTTLED)
    await made.accept("two")
    waiting = await made.accept("three", groups=("other",))
    await made.drain()
    await made.change(subscription(url=url_of(KEY_B), events=BOTH))
    assert await made.claim() == []
    made.clock.move(65)
    assert len(await made.drain(seconds=10)) >= 1
    assert await made.states(waiting) == ["delivered"]
