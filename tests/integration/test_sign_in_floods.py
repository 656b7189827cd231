"""A flood of sign-ins fills nothing, makes nobody wait without end, and locks no known browser out."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import func, select

from door_house import HERE, START, Door, door_of
from shipbell.domain.errors import TooOften, Unauthenticated
from shipbell.storage.audit.refused_sign_ins import SqlRefusedSignIns
from shipbell.storage.database.ids import TimeOrderedIds
from shipbell.storage.tables.settings import refused_sign_ins
from shipbell.storage.upkeep.upkeep import SqlUpkeep
from shipbell.usecases.known_browsers import LASTS_KNOWN
from shipbell.usecases.throttle import NetworkThrottle, networks

ALICES = "alice's password"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with door_of(tmp_path) as made:
        yield made


async def rows(door: Door) -> int:
    counted = select(func.count()).select_from(refused_sign_ins)
    return await door.accounts._database.read(lambda connection: connection.execute(counted).scalar_one())


@pytest.mark.parametrize(
    ("address", "near", "wide"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:aaaa::7", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("::1", "::/64", "::/48"),
        ("unknown", "unknown", "unknown"),
    ],
)
def test_an_address_counts_as_its_network(address: str, near: str, wide: str) -> None:
    assert networks(address) == (near, wide)


async def test_neighbours_of_one_ipv6_network_are_paused_as_one_and_others_are_not(door: Door) -> None:
    for number in range(60):
        with pytest.raises(Unauthenticated):
            await door.enter(f"nobody-{number}", "guess", f"2001:db8:0:1::{number:x}")
    checked = len(door.checked)
    with pytest.raises(TooOften):
        await door.enter("alice", ALICES, "2001:db8:0:1:ffff::1")
    assert len(door.checked) == checked
    assert await door.enter("alice", ALICES, "2001:db8:0:2::1")


def test_a_crowd_of_networks_is_paused_as_the_one_around_them() -> None:
    throttle = NetworkThrottle()
    for number in range(600):
        throttle.of(f"2001:db8:0:{number:x}::1").take(START)
    for _ in range(100):
        with pytest.raises(TooOften):
            throttle.of("2001:db8:0:ffff::1").take(START)
    throttle.of("2001:db8:1::1").take(START)
    later = START + timedelta(milliseconds=200)
    throttle.of("2001:db8:0:ffff::1").take(later)


# --- what is written of them -----------------------------------------------------------------------------------------


async def test_failed_sign_ins_leave_the_audit_log_alone_and_are_counted_by_name_network_and_minute(door: Door) -> None:
    before = await door.audited()
    for _ in range(3):
        for number in range(5):
            with pytest.raises(Unauthenticated):
                await door.enter("alice", "guess", f"2001:db8::{number:x}")
        with pytest.raises(Unauthenticated):
            await door.enter("my-password-in-the-wrong-field", "x")
        door.clock.move(minutes=1)
    assert await door.audited() == before
    assert await door.turned_back() == [("(unknown)", HERE, 1), ("alice", "2001:db8::/64", 5)] * 3


async def test_failed_sign_ins_are_written_once_a_second_and_not_once_a_try(door: Door) -> None:
    for number in range(50):
        await door.refused.note("alice", f"192.0.2.{number}")
    assert await rows(door) == 1
    door.clock.move(seconds=1)
    await door.refused.note("alice", "192.0.2.50")
    assert await rows(door) == 51


async def test_failed_sign_ins_fill_no_table_and_the_oldest_go_first(door: Door) -> None:
    refused = SqlRefusedSignIns(door.accounts._database, door.clock, TimeOrderedIds(door.clock), kept=100)
    for block in range(4):
        for number in range(40):
            await refused.note("alice", f"192.0.{block}.{number}")
        door.clock.move(seconds=2)
    newest = await refused.page(before=None, limit=200)
    assert [one.network for one in newest.items] == [
        f"192.0.{block}.{number}" for block in (3, 2, 1) for number in reversed(range(40))
    ][:100]
    assert await rows(door) == 100


async def test_names_and_networks_without_end_take_no_memory_without_end(door: Door) -> None:
    for number in range(3_000):
        await door.refused.note("alice", f"10.0.{number // 256}.{number % 256}")
    assert len(door.refused._waiting) == 1_000
    with pytest.raises(Unauthenticated):
        await door.enter("x" * 100_000, "guess")
    assert max(len(name) for name in door.sign_in.per_account._buckets) < 200


async def test_failed_sign_ins_go_when_their_time_is_over(door: Door) -> None:
    await door.refused.note("alice", HERE)
    door.clock.move(days=31)
    await door.refused.note("alice", "192.0.2.9")
    day = timedelta(days=1)
    upkeep = SqlUpkeep(door.accounts._database, door.clock, offered=lambda _channel, _region: True, expiry=day)
    while await upkeep.forget(door.clock.now() - timedelta(days=30)):
        pass
    assert await door.turned_back() == [("alice", "192.0.2.9", 1)]


# --- browsers that signed in before ----------------------------------------------------------------------------------


async def guessed(door: Door, times: int = 6, **more: str) -> None:
    for _ in range(times):
        with pytest.raises((Unauthenticated, TooOften)):
            await door.enter("alice", "guess", **more)


async def test_no_stranger_locks_out_a_browser_that_signed_in_before(door: Door) -> None:
    mark = door.sign_in.browsers.mark("alice")
    await guessed(door)
    with pytest.raises(TooOften):
        await door.enter("alice", ALICES)
    assert await door.enter("alice", ALICES, browser=mark)


async def test_a_known_browser_has_few_tries_of_its_own(door: Door) -> None:
    mark = door.sign_in.browsers.mark("alice")
    await guessed(door, browser=mark)
    checked = len(door.checked)
    with pytest.raises(TooOften):
        await door.enter("alice", ALICES, browser=mark)
    assert len(door.checked) == checked
    assert await door.enter("alice", ALICES)


async def test_a_mark_helps_only_whom_the_browser_signed_in_and_not_for_ever(door: Door) -> None:
    alices, bobs = door.sign_in.browsers.mark("alice"), door.sign_in.browsers.mark("bob")
    assert "alice" not in alices
    await guessed(door)
    for mark in (bobs, "forged", "é", f"{alices[:40]}{'B' if alices[40] == 'A' else 'A'}{alices[41:]}", "x" * 100_000):
        with pytest.raises(TooOften):
            await door.enter("alice", ALICES, browser=mark)
    door.clock.move(days=LASTS_KNOWN.days + 1)
    await guessed(door)
    with pytest.raises(TooOften):
        await door.enter("alice", ALICES, browser=alices)


# --- many at once ----------------------------------------------------------------------------------------------------


async def test_a_flood_is_told_to_come_back_at_once_and_never_are_more_than_two_checked(door: Door) -> None:
    free, began, lock = threading.Event(), threading.Semaphore(0), threading.Lock()
    working = most = 0

    def verified(known: str, password: str) -> bool:
        nonlocal working, most
        with lock:
            working += 1
            most = max(most, working)
        began.release()
        free.wait(30)
        with lock:
            working -= 1
        return known == f"hash of {password}"

    door.sign_in = replace(door.sign_in, verified=verified)
    tries = [asyncio.create_task(door.enter(f"nobody-{number}", "x", f"10.0.{number}.1")) for number in range(200)]
    try:
        for ending in islice(asyncio.as_completed(tries, timeout=20), 200 - 16):
            with pytest.raises(TooOften):
                await ending
        assert [await asyncio.to_thread(began.acquire, timeout=30) for _ in range(2)] == [True, True]
        known = asyncio.create_task(door.enter("alice", ALICES, browser=door.sign_in.browsers.mark("alice")))
    finally:
        free.set()
    assert await known
    endings = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, Unauthenticated) for one in endings) == 16
    assert most == 2


async def test_a_try_that_found_no_place_counts_as_none(door: Door) -> None:
    free = threading.Event()
    door.sign_in = replace(door.sign_in, verified=lambda *_: free.wait(30) and False)
    crowd = [asyncio.create_task(door.enter(f"nobody-{number}", "x", f"10.0.{number}.1")) for number in range(16)]
    try:
        await asyncio.sleep(0)
        for _ in range(20):
            with pytest.raises(TooOften, match="at once"):
                await door.enter("alice", "guess")
    finally:
        free.set()
    await asyncio.gather(*crowd, return_exceptions=True)
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            await door.enter("alice", "guess")
