"""Replay: the same delivery goes to the tail of its lane, its attempts kept."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from lane_house import BAD, House, furnished, house, names_of
from settings_store import subscription
from shipbell.ports.directory import DropSubscription
from shipbell.ports.history import Find
from shipbell.storage.tables.flow import deliveries

BOTH = ("pipeline.run.failed", "pipeline.run.completed")


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as one:
        await furnished(one)
        yield one


async def test_a_replayed_delivery_goes_behind_what_waits_already(made: House) -> None:
    [dead] = await made.accept("dead")
    await made.settle(await made.one(), BAD)
    await made.accept("one", "two")
    assert (await made.history.replay([dead])).replayed == 1
    assert [name for call in await made.drain() for name in names_of(call)] == ["one", "two", "dead"]


async def test_a_replay_keeps_every_attempt_and_starts_its_counts_again(made: House) -> None:
    [dead] = await made.accept("dead")
    await made.settle(await made.one(), BAD)
    await made.history.replay([dead])
    row = (await made.rows([dead]))[dead]
    assert (row["state"], row["cause"], row["settled_at"]) == ("waiting", None, None)
    assert (row["failures"], row["uncertain"], bool(row["alone"])) == (0, 0, False)
    await made.drain()
    whole = await made.history.delivery(dead)
    assert whole is not None
    assert [one.result for one in whole.attempts] == ["rejected", "delivered"]
    assert whole.delivery.state == "delivered"


async def test_what_was_acknowledged_needs_care_again_once_it_is_replayed(made: House) -> None:
    [delivery] = await made.accept("one")
    await made.settle(await made.one(), BAD)
    await made.store.database.write(lambda connection: connection.execute(update(deliveries).values(acknowledged_at=1)))
    await made.history.replay([delivery])
    assert (await made.rows([delivery]))[delivery]["acknowledged_at"] is None


async def test_whatever_does_not_wait_can_be_replayed(made: House) -> None:
    ids = await made.accept("shown", "dead", "cancelled")
    await made.settle(await made.one())
    made.clock.move(30)
    batch = await made.one()
    await made.settle(batch, BAD)
    await made.change(subscription(events=BOTH, enabled=False))
    await made.change(subscription(events=BOTH))
    assert await made.states(ids) == ["delivered", "dead", "cancelled"]
    assert (await made.history.replay(ids)).replayed == 3
    await made.drain(seconds=30)
    assert await made.states(ids) == ["delivered"] * 3


async def test_what_cannot_be_replayed_is_told_one_by_one_and_the_rest_goes(made: House) -> None:
    await made.change(subscription("other", url="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=other-robot"))
    [gone] = await made.accept("gone", groups=("other",))
    [shown] = await made.accept("shown")
    await made.drain()
    await made.change(DropSubscription(project="payments", name="other"))
    [waiting] = await made.accept("waiting")
    done = await made.history.replay([gone, shown, waiting, 12345])
    assert done.replayed == 1
    assert done.refused == {gone: "subscription-deleted", waiting: "still-waiting", 12345: "not-found"}


async def test_a_disabled_subscription_takes_no_replay(made: House) -> None:
    [shown] = await made.accept("shown")
    await made.drain()
    await made.change(subscription(events=BOTH, enabled=False))
    assert (await made.history.replay([shown])).refused == {shown: "subscription-disabled"}


async def test_a_replay_inside_a_project_moves_only_its_own(made: House) -> None:
    [shown] = await made.accept("shown")
    await made.drain()
    done = await made.history.replay([shown], project_id=1)
    assert (done.replayed, done.refused) == (0, {shown: "not-found"})


async def test_naming_a_delivery_twice_replays_it_once(made: House) -> None:
    [shown] = await made.accept("shown")
    await made.drain()
    assert (await made.history.replay([shown, shown])).replayed == 1
    assert len(await made.drain()) == 1


async def test_a_thousand_are_replayed_at_once_and_all_are_shown(made: House) -> None:
    ids = await made.accept(*(f"run-{number}" for number in range(1_100)))
    await made.drain(seconds=200, step=5)
    assert (await made.history.replay(ids)).replayed == 1_100
    await made.drain(seconds=200, step=5)
    page = await made.history.deliveries(Find(state="delivered", limit=200))
    assert len(page.items) == 200
    assert set(await made.states(ids)) == {"delivered"}
