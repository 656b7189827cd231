"""Sessions promise: who knows the password comes in, nobody else does, and nobody shuts the door on others."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from door_house import BY, HERE, START, THERE, Door, door_of
from shipbell.domain.errors import NotFound, TooOften, Unauthenticated
from shipbell.storage.tables.settings import sessions
from shipbell.usecases.accounts import hash_of
from shipbell.usecases.throttle import Throttle


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with door_of(tmp_path) as made:
        yield made


async def test_the_right_password_opens_a_session_that_its_cookie_finds(door: Door) -> None:
    cookie = await door.enter("alice", "alice's password")
    found = await door.sessions.owner(hash_of(cookie))
    assert found is not None
    user, session = found
    assert (user.name, session.address, session.agent) == ("alice", HERE, "test")
    assert len(session.csrf) >= 32


async def test_two_sign_ins_share_neither_cookie_nor_form_token(door: Door) -> None:
    first = await door.sign_in("alice", "alice's password", address=HERE, agent="")
    second = await door.sign_in("alice", "alice's password", address=HERE, agent="")
    assert first[0] != second[0]
    assert first[1].csrf != second[1].csrf


async def test_the_database_keeps_no_cookie(door: Door) -> None:
    cookie = await door.enter("alice", "alice's password")
    rows = await door.accounts._database.read(lambda connection: connection.execute(select(sessions)).all())
    assert cookie not in repr(rows)


async def test_a_wrong_name_costs_as_much_work_and_says_the_same_as_a_wrong_password(door: Door) -> None:
    with pytest.raises(Unauthenticated) as wrong_password:
        await door.enter("alice", "guess")
    with pytest.raises(Unauthenticated) as wrong_name:
        await door.enter("nobody", "guess")
    assert wrong_password.value.sentence == wrong_name.value.sentence
    assert door.checked == ["hash of alice's password", "decoy"]


async def test_a_session_that_is_not_used_ends_after_twelve_hours(door: Door) -> None:
    cookie = await door.enter("alice", "alice's password")
    door.clock.move(hours=11)
    assert await door.is_open(cookie)
    door.clock.move(hours=12)
    assert await door.is_open(cookie)
    door.clock.move(hours=12, seconds=1)
    assert not await door.is_open(cookie)
    assert await door.sessions.of_user("alice") == []


async def test_a_session_that_is_always_used_ends_after_seven_days(door: Door) -> None:
    cookie = await door.enter("alice", "alice's password")
    for _ in range(16):
        door.clock.move(hours=10)
        assert await door.is_open(cookie)
    door.clock.move(hours=8)
    assert not await door.is_open(cookie)


async def test_signing_out_ends_that_session_alone(door: Door) -> None:
    cookie, session = await door.sign_in("alice", "alice's password", address=HERE, agent="")
    other = await door.enter("alice", "alice's password")
    await door.sign_in.sign_out(session, address=HERE)
    assert not await door.is_open(cookie)
    assert await door.is_open(other)


async def test_one_sees_and_ends_ones_own_sessions_and_no_others(door: Door) -> None:
    cookie, session = await door.sign_in("alice", "alice's password", address=HERE, agent="")
    await door.enter("bob", "bob's password")
    assert [one.id for one in await door.sessions.of_user("alice")] == [session.id]
    with pytest.raises(NotFound):
        await door.sessions.end(session.id, BY, user="bob")
    await door.sessions.end(session.id, BY, user="alice")
    assert not await door.is_open(cookie)


async def test_a_new_password_and_the_end_of_the_account_end_its_sessions(door: Door) -> None:
    first = await door.enter("alice", "alice's password")
    await door.accounts.change("alice", BY, password_hash="hash of another")
    assert not await door.is_open(first)
    second = await door.enter("alice", "another")
    await door.accounts.remove_user("alice", BY)
    assert not await door.is_open(second)


async def test_sign_in_failure_and_sign_out_are_written_down_but_not_what_was_typed(door: Door) -> None:
    with pytest.raises(Unauthenticated):
        await door.enter("my-password-in-the-wrong-field", "x")
    with pytest.raises(Unauthenticated):
        await door.enter("alice", "x")
    _, session = await door.sign_in("alice", "alice's password", address=HERE, agent="")
    await door.sign_in.sign_out(session, address=HERE)
    told = [one for one in await door.audited() if one[0].startswith("session.")]
    assert told == [
        ("session.started", "alice", "alice"),
        ("session.ended", "alice", "alice"),
    ]
    assert await door.turned_back() == [("alice", HERE, 1), ("(unknown)", HERE, 1)]


async def test_many_wrong_guesses_pause_that_account_and_no_other(door: Door) -> None:
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            await door.enter("alice", "guess")
    checked = len(door.checked)
    for _ in range(500):
        with pytest.raises(TooOften) as refusal:
            await door.enter("alice", "alice's password")
        assert 1 <= refusal.value.retry_after <= 10
    assert len(door.checked) == checked
    assert await door.enter("bob", "bob's password")


async def test_the_right_password_works_after_the_pause(door: Door) -> None:
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            await door.enter("alice", "guess")
    with pytest.raises(TooOften) as refusal:
        await door.enter("alice", "alice's password")
    door.clock.move(seconds=refusal.value.retry_after)
    assert await door.enter("alice", "alice's password")


async def test_guesses_that_come_at_once_are_counted_before_they_are_checked(door: Door) -> None:
    endings = await asyncio.gather(*(door.enter("alice", "guess") for _ in range(50)), return_exceptions=True)
    assert sum(isinstance(one, Unauthenticated) for one in endings) == 5
    assert sum(isinstance(one, TooOften) for one in endings) == 45


async def test_an_address_that_tries_many_accounts_is_paused_and_another_address_is_not(door: Door) -> None:
    for number in range(60):
        with pytest.raises(Unauthenticated):
            await door.enter(f"nobody-{number}", "guess")
    with pytest.raises(TooOften):
        await door.enter("alice", "alice's password")
    assert await door.enter("alice", "alice's password", THERE)
    door.clock.move(seconds=2)
    assert await door.enter("alice", "alice's password")


async def test_who_signs_in_rightly_is_never_paused(door: Door) -> None:
    for _ in range(100):
        await door.enter("alice", "alice's password")


def test_the_throttle_remembers_a_bounded_number_of_names() -> None:
    throttle = Throttle(tries=2, every=timedelta(seconds=10), names=100)
    for number in range(1_000):
        throttle.take(str(number), START)
    assert len(throttle._buckets) == 100
    throttle.take("999", START)
    with pytest.raises(TooOften):
        throttle.take("999", START)
