"""A lane alone: whatever is wrong with one robot, its address or its clock, the others go on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update

from lane_house import BAD, BUSY, GONE, LOST, OK, THROTTLED, House, furnished, house, names_of, unsaved_test, url_of
from settings_store import KEY_A, new_key, source, subscription
from shipbell.domain.results import Refused, Result
from shipbell.storage.tables.flow import lanes
from shipbell.storage.tables.settings import sources, subscriptions

TWO = ("release group", "second")
OTHER_PATH = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/upload_media?key={KEY_A}"
WRONG_PATH = Refused(code="http-404")


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as one:
        await furnished(one, *TWO)
        yield one


async def set_columns(made: House, name: str, **values: object) -> None:
    wanted = await made.store.subscribed(name)
    await made.store.database.write(
        lambda connection: connection.execute(update(lanes).where(lanes.c.id == wanted.lane_id).values(**values))
    )


# --- what cannot be handed out --------------------------------------------------------------------------------


async def test_a_robot_whose_channel_this_version_lacks_closes_and_the_others_are_called(made: House) -> None:
    await set_columns(made, "release group", channel="feishu")
    lost, sent = await made.accept("one", groups=TWO)
    assert [call.delivery_ids for call in await made.drain()] == [(sent,)]
    assert await made.states([lost, sent]) == ["dead", "delivered"]
    lane = await made.lane()
    assert (lane["state"], lane["cause"]) == ("closed", "channel-unknown")
    # What comes later is dead on arrival, with the same cause.
    [later] = await made.accept("two")
    assert (await made.rows([later]))[later]["cause"] == "channel-unknown"


async def test_a_robot_whose_url_no_key_opens_closes_and_the_others_are_called(made: House) -> None:
    token = Fernet(new_key().reveal()).encrypt(b"https://example.com/")
    await made.store.database.write(
        lambda connection: connection.execute(
            update(subscriptions).where(subscriptions.c.name == "release group").values(url=token)
        )
    )
    lost, sent = await made.accept("one", groups=TWO)
    assert [call.delivery_ids for call in await made.drain()] == [(sent,)]
    assert await made.states([lost, sent]) == ["dead", "delivered"]
    [row] = await made.store.rows(select(lanes).where(lanes.c.state == "closed"))
    assert row["cause"] == "url-unopened"


async def test_a_lane_in_the_air_whose_channel_is_gone_after_the_restart_stops_nobody(made: House) -> None:
    one, other = await made.accept("one", groups=TWO)
    await made.claim()
    await set_columns(made, "release group", channel="feishu")
    assert await made.lanes.release() == 2
    await made.drain()
    assert await made.states([one, other]) == ["dead", "delivered"]


# --- leases ---------------------------------------------------------------------------------------------------


async def test_only_the_leases_of_lanes_that_are_called_are_prolonged(made: House) -> None:
    await made.accept("one", groups=TWO)
    called, abandoned = await made.claim()
    made.clock.move(20)
    await made.lanes.renew(made.worker, {called.lane_id})
    made.clock.move(11)
    handed = await made.lanes.settle(made.worker, (), 10, calling={called.lane_id})
    assert [batch.lane_id for batch in handed.batches] == [abandoned.lane_id]
    await made.settle(called)
    assert [row["result"] for row in await made.attempts()] == ["delivered", "interrupted"]


async def test_a_call_that_was_not_made_is_handed_back_at_once_and_unmarked(made: House) -> None:
    [delivery] = await made.accept("one")
    batch = await made.one()
    handed = await made.lanes.settle(made.worker, (), 10, unmade=[batch])
    assert [again.delivery_ids for again in handed.batches] == [batch.delivery_ids]
    assert not (await made.rows([delivery]))[delivery]["maybe_delivered"]
    assert await made.attempts() == []
    # Handing the old one back once more ends nobody's lease.
    assert (await made.lanes.settle(made.worker, (), 10, unmade=[batch])).batches == ()
    await made.settle(handed.batches[0])
    assert await made.states([delivery]) == ["delivered"]


# --- each subscription's own way of writing the address -------------------------------------------------------


async def mallory(made: House) -> None:
    """Another subscription names the same robot at an address that does not answer."""
    await made.change(subscription("mallory", url=OTHER_PATH, events=("pipeline.run.failed",)))


async def test_each_subscription_is_called_at_the_address_that_it_wrote(made: House) -> None:
    await mallory(made)
    await made.accept("hers", groups=("mallory",))
    await made.accept("ours")
    calls = await made.drain(seconds=10)
    assert {names_of(call)[0]: call.url.reveal() for call in calls} == {"hers": OTHER_PATH, "ours": url_of(KEY_A)}


async def test_a_digest_holds_only_what_is_sent_to_the_same_address(made: House) -> None:
    await mallory(made)
    for number in range(10):
        await made.accept(f"hers-{number}", groups=("mallory",))
        await made.accept(f"ours-{number}")
    calls = await made.drain(seconds=60)
    assert max(len(call.delivery_ids) for call in calls) > 1
    for call in calls:
        assert call.handout is not None
        assert {one.url for one in call.handout.carried} == {call.url}


@pytest.mark.parametrize("result", [WRONG_PATH, GONE])
async def test_what_one_address_is_answered_closes_no_robot_for_another(made: House, result: Result) -> None:
    await mallory(made)
    [hers] = await made.accept("hers", groups=("mallory",))
    [ours] = await made.accept("ours")
    for batch in await made.drain_by(lambda call: result if call.url.reveal() == OTHER_PATH else OK):
        assert batch.handout is not None
    assert await made.states([hers, ours]) == ["dead", "delivered"]
    assert (await made.lane())["state"] == "open"


async def test_five_messages_rejected_at_one_address_stop_no_robot_for_another(made: House) -> None:
    await mallory(made)
    hers = [(await made.accept(f"hers-{number}", groups=("mallory",)))[0] for number in range(6)]
    [ours] = await made.accept("ours")
    await made.drain_by(lambda call: BAD if call.url.reveal() == OTHER_PATH else OK, seconds=120)
    assert await made.states([*hers, ours]) == ["dead"] * 6 + ["delivered"]
    assert (await made.lane())["state"] == "open"


async def test_where_all_write_one_address_a_robot_that_is_gone_closes(made: House) -> None:
    await made.change(subscription("colleague", url=f"{url_of(KEY_A)}&debug=1"))
    [delivery] = await made.accept("one")
    await made.settle(await made.one(), GONE)
    assert await made.states([delivery]) == ["dead"]
    assert (await made.lane())["state"] == "closed"


# --- tests ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", [BUSY, LOST, BAD, GONE, WRONG_PATH, THROTTLED])
async def test_a_test_is_one_call_whatever_comes_of_it(made: House, result: Result) -> None:
    test = await unsaved_test(made)
    await made.settle(await made.one(), result)
    row = (await made.rows([test]))[test]
    assert (row["state"], row["cause"]) == ("dead", result.code)
    assert await made.drain(seconds=120, step=5) == []
    [lane] = await made.store.rows(select(lanes).where(lanes.c.id == row["lane_id"]))
    assert lane["state"] == "open"


async def test_a_test_that_fails_holds_the_lane_for_five_seconds(made: House) -> None:
    await made.change(subscription("other", url=url_of("bbbbbbbb-2222-4bc4-97a0-0ec2a1fa5bbb")))
    await unsaved_test(made)
    await made.settle(await made.one(), BUSY)
    await made.accept("one", groups=("other",))
    assert await made.claim() == []
    made.clock.move(5)
    assert names_of(await made.one()) == ["one"]


async def test_a_test_that_a_crash_cut_off_is_not_sent_again(made: House) -> None:
    test = await unsaved_test(made)
    await made.claim()
    assert await made.lanes.release() == 1
    assert await made.drain(seconds=10) == []
    row = (await made.rows([test]))[test]
    assert (row["state"], row["cause"], bool(row["maybe_delivered"])) == ("dead", "interrupted", True)


# --- one failing message, one outage --------------------------------------------------------------------------


async def test_one_failing_message_holds_the_others_for_seconds_once_it_has_stepped_aside(made: House) -> None:
    await made.accept("cursed")
    waited: dict[str, float] = {}
    sent: dict[str, float] = {}
    began = made.clock.now()
    for step in range(600):
        if step % 50 == 10:
            await made.accept(f"fine-{step}")
            waited[f"fine-{step}"] = step
        for batch in await made.claim():
            cursed = "cursed" in names_of(batch)
            await made.settle(batch, BUSY if cursed else OK)
            if not cursed:
                sent |= dict.fromkeys(names_of(batch), (made.clock.now() - began).total_seconds())
        made.clock.move(1)
    late = {name: sent[name] - at for name, at in waited.items()}
    aside_at = 100
    assert max(seconds for name, seconds in late.items() if waited[name] > aside_at) <= 15, late


async def test_an_outage_costs_no_message(made: House) -> None:
    ids = await made.accept("thirteen", "fourteen")
    for _ in range(40):
        for batch in await made.claim():
            await made.settle(batch, LOST)
        made.clock.move(15)
    await made.drain(seconds=600, step=5)
    assert await made.states(ids) == ["delivered", "delivered"]


async def test_a_robot_that_is_down_is_not_called_more_often_the_more_waits(made: House) -> None:
    await made.accept(*(f"run-{number}" for number in range(12)))
    calls = 0
    for _ in range(720):
        for batch in await made.claim():
            calls += 1
            await made.settle(batch, BUSY)
        made.clock.move(5)
    # An hour: pauses of five minutes, and a second try soon after each message that steps aside.
    assert calls <= 45


async def test_a_source_whose_secret_no_key_opens_admits_nobody_and_stops_no_other(made: House) -> None:
    token = Fernet(new_key().reveal()).encrypt(b"lost")
    await made.change(source("other"))
    await made.store.database.write(
        lambda connection: connection.execute(
            update(sources).where(sources.c.name == "other").values(secret=token, old_secret=token)
        )
    )
    known = (await made.store.directory.refresh()).projects["payments"].sources
    assert (known["other"].secrets, len(known["ci"].secrets)) == ((), 1)
