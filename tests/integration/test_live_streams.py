"""What a page is told over its event stream, who may listen, and how it ends."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update

from api_house import KEY, SECRET, SYSTEM
from console_house import TAB, wish
from live_house import LiveHouse, live_house
from shipbell.domain.ids import Prefix, encode
from shipbell.domain.secret import Secret
from shipbell.ports.directory import DropMember, PutSource, SourceRecord
from shipbell.storage.tables.settings import sessions
from test_console_guard import POLICY

P = f"/projects/{KEY}"
NONE = encode(Prefix.DELIVERY, 0)
LIVE = f"{P}/deliveries/live"


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[LiveHouse]:
    async with live_house(tmp_path) as made:
        yield made


# A port that nothing listens on: what is sent there waits for another try.
NOBODY_THERE = "http://127.0.0.1:9/cgi-bin/webhook/send?key=aaaaaaaa-1111-4bc4-97a0-0ec2a1fa5aaa"


async def subscribed(live: LiveHouse, url: str) -> None:
    fields = [*wish(url=url, events=["pipeline.run.failed"]), ("action", "ok")]
    assert (await live.console["root"].post(TAB, fields)).status_code == 303


async def source_address(live: LiveHouse, key: str = KEY) -> str:
    whole = await live.console.house.parts.directory.whole(key)
    assert whole is not None
    return f"/projects/{KEY}/sources/{encode(Prefix.SOURCE, whole.sources[0].id)}/live"


async def test_the_number_of_newer_deliveries_is_told_and_no_row_is_sent(live: LiveHouse) -> None:
    house = live.console.house
    await subscribed(live, house.robots.url("a-robot-to-tell"))
    stream = await live.listen(f"{LIVE}?seen={NONE}", live.console["dave"])
    await stream.until('id="newer"')
    await house.emit("pipeline.run.failed", "first")
    text = await stream.until("1 newer delivery")
    assert 'event: newer\ndata: <span class="newer-some" id="newer" role="status" hx-swap-oob="true">' in text
    assert "build-and-release" not in text
    await house.emit("pipeline.run.failed", "second")
    await stream.until("2 newer deliveries")
    await stream.leave()


async def test_rows_that_waited_are_told_how_they_end(live: LiveHouse) -> None:
    house = live.console.house
    await house.robot("PUT", "/robots/a-busy-robot/faults", {"busy": 1})
    await subscribed(live, house.robots.url("a-busy-robot"))
    await house.emit("pipeline.run.failed", "first")
    [waiting] = await house.deliveries("retrying", 1)
    stream = await live.listen(f"{LIVE}?rows={waiting['id']}", live.console["dave"])
    text = await stream.until("Retrying")
    assert f'id="state-{waiting["id"]}" hx-swap-oob="true"' in text
    await house.robot("PUT", "/robots/a-busy-robot/faults", {})
    await house.robot("DELETE", "/robots/a-busy-robot")
    await stream.until("badge-dead")
    await stream.leave()


async def test_what_does_not_change_is_told_once(live: LiveHouse) -> None:
    stream = await live.listen(f"{LIVE}?seen={NONE}", live.console["dave"])
    text = await stream.until(": beat\n\n: beat")
    assert text.count("event: ") == 1
    await stream.leave()


async def test_a_source_tells_what_was_wrong_and_then_what_came(live: LiveHouse) -> None:
    house = live.console.house
    address = await source_address(live)
    stream = await live.listen(f"{address}?calls={encode(Prefix.CALL, 0)}", live.console["dave"])
    await stream.until("Waiting for the first event")
    refused = await house.http.post(f"/hooks/{KEY}/ci", json={}, headers={"Authorization": "Bearer wrong"})
    assert refused.status_code == 401
    text = await stream.until("was turned away")
    assert "Its secret is not the one of this source." in text
    await stream.until("1 newer call")
    await house.emit("pipeline.run.failed", "first")
    text = await stream.until("It works")
    assert SECRET not in text
    await stream.leave()


async def test_who_may_not_look_may_not_listen(live: LiveHouse) -> None:
    source = await source_address(live)
    for path in (LIVE, source):
        for who, status in ((None, 401), ("mallory", 404)):
            stream = await live.listen(path, live.console[who] if who else None)
            assert stream.status == status, (path, who)
            await stream.rest()
        for who in ("dave", "carol", "bob", "alice", "root"):
            stream = await live.listen(path, live.console[who])
            assert stream.status == 200, (path, who)
            await stream.leave()
    assert live.streams.count == 0


async def test_another_projects_source_and_rows_are_not_told(live: LiveHouse) -> None:
    house = live.console.house
    await house.project("orders", {})
    await house.parts.directory.change(
        [PutSource(project="orders", source=SourceRecord(name="ci", kind="generic", secret=Secret(SECRET)))], SYSTEM
    )
    theirs = await live.listen(await source_address(live, "orders"), live.console["dave"])
    assert theirs.status == 404
    await subscribed(live, NOBODY_THERE)
    await house.emit("pipeline.run.failed", "first")
    [mine] = await house.deliveries("retrying", 1)
    stream = await live.listen(f"/projects/orders/deliveries/live?seen={NONE}&rows={mine['id']}", live.console["root"])
    text = await stream.until(": beat")
    assert str(mine["id"]) not in text
    assert "newer deliver" not in text
    await stream.leave()


async def test_a_stream_is_not_kept_nor_held_back_on_its_way_and_has_the_policy_of_a_page(live: LiveHouse) -> None:
    stream = await live.listen(LIVE, live.console["dave"])
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.headers["cache-control"] == "no-store"
    assert stream.headers["x-accel-buffering"] == "no"
    assert stream.headers["content-security-policy"] == POLICY
    assert stream.headers["x-content-type-options"] == "nosniff"
    await stream.until("retry: ")
    await stream.leave()


@pytest.mark.parametrize(("method", "accept"), [("GET", "text/html"), ("GET", "*/*"), ("HEAD", "text/event-stream")])
async def test_its_address_opened_as_a_page_leads_to_the_page(live: LiveHouse, method: str, accept: str) -> None:
    stream = await live.listen(LIVE, live.console["dave"], method=method, accept=accept)
    assert (stream.status, stream.headers["location"]) == (303, f"{P}/deliveries")
    await stream.rest()


@pytest.mark.parametrize(
    "query", ["seen=x", "rows=,,x,%00", "seen=" + NONE + "&rows=" + ",".join([NONE] * 999), "q=%00"]
)
async def test_a_bent_address_is_answered_all_the_same(live: LiveHouse, query: str) -> None:
    stream = await live.listen(f"{LIVE}?{query}", live.console["dave"])
    await stream.until(": beat")
    assert stream.status == 200
    await stream.leave()


async def test_streams_are_bounded_for_all_and_for_each_and_give_their_place_back(tmp_path: Path) -> None:
    async with live_house(tmp_path, most=3, most_each=2) as live:
        viewer, developer = live.console["dave"], live.console["carol"]
        mine = [await live.listen(LIVE, viewer) for _ in range(2)]
        third = await live.listen(LIVE, viewer)
        assert (third.status, third.headers["retry-after"]) == (503, "30")
        other = await live.listen(LIVE, developer)
        assert other.status == 200
        assert (await live.listen(LIVE, live.console["root"])).status == 503
        await mine[0].leave()
        again = await live.listen(LIVE, viewer)
        assert again.status == 200
        for one in (mine[1], other, again):
            await one.leave()
        assert live.streams.count == 0


async def test_a_stream_ends_with_its_session(live: LiveHouse) -> None:
    viewer = live.console["dave"]
    stream = await live.listen(LIVE, viewer)
    await viewer.post("/sign-out")
    assert (await stream.rest()).endswith("event: end\ndata:\n\n")


async def test_a_stream_ends_with_its_readers_membership(live: LiveHouse) -> None:
    stream = await live.listen(LIVE, live.console["dave"])
    await live.console.house.parts.directory.change([DropMember(project=KEY, user="dave")], SYSTEM)
    assert (await stream.rest()).endswith("event: end\ndata:\n\n")


async def test_all_streams_end_at_once_when_the_server_stops_and_no_new_one_begins(live: LiveHouse) -> None:
    streams = [await live.listen(LIVE, live.console[who]) for who in ("dave", "carol", "root")]
    for one in streams:
        await one.until("retry: ")
    live.streams.close()
    texts = await asyncio.wait_for(asyncio.gather(*(one.rest() for one in streams)), 60)
    assert not any("event: end" in one for one in texts)
    assert live.streams.count == 0
    assert (await live.listen(LIVE, live.console["dave"])).status == 503


async def test_listening_does_not_count_as_using_the_session(live: LiveHouse) -> None:
    database = live.console.house.parts.opened.database

    def seen(connection: Connection) -> set[int]:
        return set(connection.execute(select(sessions.c.seen_at)).scalars())

    stream = await live.listen(LIVE, live.console["dave"])
    long_ago = min(await database.read(seen)) - 3_600_000
    await database.write(lambda connection: connection.execute(update(sessions).values(seen_at=long_ago)))
    await stream.until(": beat\n\n: beat")
    assert await database.read(seen) == {long_ago}
    await stream.leave()
