"""Replays of many: bounded in memory and time, past what cannot go, and each refusal in words of both languages."""

import time
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, update

from crowd import fill
from lane_house import GONE, House, furnished, house
from settings_store import ALICE, KEY_B, ROBOT, subscription
from shipbell.domain.errors import NotReplayable
from shipbell.domain.explanations import explain
from shipbell.domain.subscriptions import Locale
from shipbell.ports.history import Find
from shipbell.storage.tables.flow import deliveries
from shipbell.usecases.replay import MOST, MOST_TOLD, Replay

MANY = 25_000


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as one:
        await furnished(one)
        yield one


async def dead_letters(made: House, *, refused: int, many: int) -> Find:
    """Many dead letters, the oldest of which belong to a subscription that is switched off."""
    off = await made.store.subscribed("off")
    on = await made.store.subscribed("release group")
    whole = await made.store.whole()

    def work(connection: Connection) -> None:
        fill(connection, many=many)
        connection.execute(update(deliveries).values(state="dead", cause="93000", subscription_id=on.id))
        old = deliveries.c.place <= refused
        connection.execute(update(deliveries).where(old).values(subscription_id=off.id))

    made.store.database.write_here(work)
    return Find(project_id=whole.project.id, state="dead")


async def test_a_delivery_of_a_closed_robot_is_not_replayed_until_it_is_open_again(made: House) -> None:
    [dead] = await made.accept("one")
    await made.settle(await made.one(), GONE)
    whole = await made.store.whole()
    done = await made.history.replay([dead], project_id=whole.project.id, by=ALICE)
    assert (done.replayed, done.refused) == (0, {dead: "robot-closed"})
    with pytest.raises(NotReplayable, match=r"The robot is closed\. Reopen it or paste a new URL"):
        await Replay(history=made.history).one(whole.project.id, dead, ALICE)
    assert await made.states([dead]) == ["dead"]
    assert await made.history.reopen((await made.lane())["id"])
    assert (await made.history.replay([dead])).replayed == 1


async def test_a_new_url_lets_what_died_on_the_closed_robot_go_to_the_new_one(made: House) -> None:
    [dead] = await made.accept("one")
    await made.settle(await made.one(), GONE)
    await made.change(subscription(url=ROBOT + KEY_B))
    assert (await made.history.replay([dead])).replayed == 1
    row = (await made.rows([dead]))[dead]
    assert row["lane_id"] == (await made.store.subscribed()).lane_id
    await made.drain()
    assert await made.states([dead]) == ["delivered"]


@pytest.mark.parametrize(
    ("code", "english", "chinese"),
    [
        ("robot-closed", "Reopen it or paste a new URL", "机器人已关闭"),
        ("subscription-disabled", "Switch it on, then replay", "请先启用订阅"),
        ("subscription-deleted", "deleted", "订阅已删除"),
        ("still-waiting", "It waits already", "仍在等待中"),
        ("test-message", "Make a new test", "测试消息不能重新投递"),
        ("not-found", "Check the id", "没有这条投递"),
    ],
)
def test_each_refusal_has_a_cause_and_a_cure_in_both_languages(code: str, english: str, chinese: str) -> None:
    for locale, words in ((Locale.EN, english), (Locale.ZH_CN, chinese)):
        told = explain(code, locale)
        assert words in f"{told.cause} {told.cure}"
        assert code not in told.cause


@pytest.mark.timeout(120)
async def test_very_many_are_replayed_in_calls_that_are_short_and_small(made: House) -> None:
    await made.change(subscription("off", enabled=False))
    find = await dead_letters(made, refused=0, many=MANY)
    held: list[float] = []
    began: list[float] = []
    writer = made.store.database.writer
    event.listen(writer, "begin", lambda _: began.append(time.process_time()))
    event.listen(writer, "commit", lambda _: held.append(time.process_time() - began[-1]))
    replayed, calls, took = 0, 0, []
    tracemalloc.start()
    while True:
        start = time.process_time()
        done = await Replay(history=made.history).many(find, ALICE)
        took.append(time.process_time() - start)
        replayed, calls = replayed + done.replayed, calls + 1
        assert done.replayed <= MOST
        if not done.more:
            break
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (replayed, calls) == (MANY, 3)
    assert peak < 8 * 2**20
    # Of the processor; the writer is never held for longer than a blink, so events are accepted meanwhile.
    assert max(held) < 1
    assert max(took) < 15, took


async def test_what_cannot_go_does_not_stand_in_the_way_of_the_rest(made: House) -> None:
    await made.change(subscription("off", enabled=False))
    find = await dead_letters(made, refused=11_000, many=12_000)
    done = await Replay(history=made.history).many(find, ALICE)
    assert (done.replayed, done.more) == (1_000, False)
    assert len(done.refused) == MOST_TOLD
    assert set(done.refused.values()) == {"subscription-disabled"}
    again = await Replay(history=made.history).many(find, ALICE)
    assert (again.replayed, again.more) == (0, False)
