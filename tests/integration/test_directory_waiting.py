"""What waits follows its subscription: to its new robot, or out of the way with the cause told."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, RowMapping, select, update

from hand_clock import AT
from settings_store import ALICE, KEY_A, KEY_B, ROBOT, Store, opened_store, project, source, subscription
from shipbell.domain.events import Event, Subject
from shipbell.ports.directory import DropProject, DropSubscription, Edit
from shipbell.ports.intake import Accepted, NewDelivery, Received
from shipbell.storage.database.codec import to_ms
from shipbell.storage.queue.insert_events import Submission, keep
from shipbell.storage.queue.lane_rows import Flight
from shipbell.storage.tables.flow import deliveries, lanes

ROBOT_A, ROBOT_B = ROBOT + KEY_A, ROBOT + KEY_B


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened_store(tmp_path) as made:
        await made.directory.change([project(), source(), subscription(), subscription("other")], ALICE)
        yield made


async def accept(store: Store, name: str, count: int = 2) -> list[int]:
    """Let some events wait for a subscription; the ids of their deliveries, in order."""
    picture = await store.directory.refresh()
    known = picture.projects["payments"]
    [wanted] = [one for one in known.subscriptions if one.name == name]
    received = []
    for _ in range(count):
        delivery = NewDelivery(id=store.ids.next(), subscription_id=wanted.id, lane_id=wanted.lane_id)
        number = store.ids.next()
        event = Event(id=str(number), type="pipeline.run.failed", time=AT, subject=Subject(name="build"))
        received.append(
            Received(
                id=number,
                project_id=known.id,
                source_id=known.sources["ci"].id,
                event=event,
                received_at=store.clock.now(),
                deliveries=(delivery,),
            )
        )
    submission = Submission(tuple(received), picture.version)
    [ending] = await store.database.write(lambda connection: keep(connection, [submission], timedelta(hours=24)))
    assert isinstance(ending, Accepted)
    return [delivery.id for one in received for delivery in one.deliveries]


async def fates(store: Store, ids: list[int]) -> list[tuple[str, str | None]]:
    rows = await deliveries_of(store, ids)
    return [(row["state"], row["cause"]) for row in rows]


async def deliveries_of(store: Store, ids: list[int]) -> list[RowMapping]:
    return list(await store.rows(select(deliveries).where(deliveries.c.id.in_(ids)).order_by(deliveries.c.place)))


async def lane(store: Store, lane_id: int) -> RowMapping:
    [row] = await store.rows(select(lanes).where(lanes.c.id == lane_id))
    return row


async def change_lane(store: Store, lane_id: int, **values: object) -> None:
    def work(connection: Connection) -> None:
        connection.execute(update(lanes).where(lanes.c.id == lane_id).values(**values))

    await store.database.write(work)


@pytest.mark.parametrize(
    ("edit", "cause"),
    [
        (subscription(enabled=False), "subscription-disabled"),
        (DropSubscription(project="payments", name="release group"), "subscription-deleted"),
        (subscription(enabled=False, url=ROBOT_B), "subscription-disabled"),
    ],
)
async def test_switching_off_or_deleting_cancels_what_waits_for_that_subscription_alone(
    store: Store, edit: Edit, cause: str
) -> None:
    mine, others = await accept(store, "release group"), await accept(store, "other")
    store.clock.move(10)
    await store.directory.change([edit], ALICE)
    assert await fates(store, mine) == [("cancelled", cause)] * 2
    assert await fates(store, others) == [("waiting", None)] * 2
    assert {row["settled_at"] for row in await deliveries_of(store, mine)} == {to_ms(store.clock.now())}


async def test_the_end_of_a_project_cancels_all_that_waits_in_it(store: Store) -> None:
    waiting = await accept(store, "release group") + await accept(store, "other")
    await store.directory.change([DropProject(key="payments")], ALICE)
    assert await fates(store, waiting) == [("cancelled", "project-deleted")] * 4


async def test_leaving_the_regions_of_a_channel_cancels_what_waits_with_that_cause(store: Store) -> None:
    waiting = await accept(store, "release group")
    await store.directory.change([project(region="eu-west-101")], ALICE)
    assert await fates(store, waiting) == [("cancelled", "channel-unavailable-in-region")] * 2
    assert [one.enabled for one in (await store.whole()).subscriptions] == [True, True]


async def test_a_change_that_names_the_same_robot_leaves_what_waits_alone(store: Store) -> None:
    waiting = await accept(store, "release group")
    before = await deliveries_of(store, waiting)
    await store.directory.change([subscription(user_ids="zhang.san", events=("build.task.failed",))], ALICE)
    assert await deliveries_of(store, waiting) == before


async def test_a_new_url_takes_what_waits_to_its_robot_and_keeps_its_place(store: Store) -> None:
    mine, others = await accept(store, "release group"), await accept(store, "other")
    before = await deliveries_of(store, mine)
    await store.directory.change([subscription(url=ROBOT_B)], ALICE)
    new_lane = (await store.subscribed()).lane_id
    after = await deliveries_of(store, mine)
    assert [row["lane_id"] for row in after] == [new_lane] * 2
    assert [row["place"] for row in after] == [row["place"] for row in before]
    assert [row["state"] for row in after] == ["waiting"] * 2
    assert {row["lane_id"] for row in await deliveries_of(store, others)} == {(await store.subscribed("other")).lane_id}


async def test_the_new_robot_is_woken_for_what_moved_to_it(store: Store) -> None:
    await accept(store, "release group")
    await store.directory.change([subscription("third", url=ROBOT_B)], ALICE)
    target = (await store.subscribed("third")).lane_id
    assert (await lane(store, target))["due_at"] is None
    await store.directory.change([subscription(url=ROBOT_B)], ALICE)
    assert (await lane(store, target))["due_at"] is not None


async def test_what_is_in_the_air_stays_with_the_robot_that_is_called(store: Store) -> None:
    flying, waits = await accept(store, "release group")
    old_lane = (await store.subscribed()).lane_id
    flight = Flight(attempt_id=1, started_at=to_ms(AT), delivery_ids=(flying,))
    await change_lane(store, old_lane, flight=msgspec.json.encode(flight).decode())
    await store.directory.change([subscription(url=ROBOT_B)], ALICE)
    new_lane = (await store.subscribed()).lane_id
    rows = {row["id"]: row["lane_id"] for row in await deliveries_of(store, [flying, waits])}
    assert rows == {flying: old_lane, waits: new_lane}


async def test_what_moves_to_a_closed_robot_is_a_dead_letter_with_the_robots_cause(store: Store) -> None:
    await store.directory.change([subscription("third", url=ROBOT_B)], ALICE)
    target = (await store.subscribed("third")).lane_id
    await change_lane(store, target, state="closed", cause="93000")
    waiting = await accept(store, "release group")
    await store.directory.change([subscription(url=ROBOT_B)], ALICE)
    assert await fates(store, waiting) == [("dead", "93000")] * 2
    assert (await lane(store, target))["due_at"] is None


async def test_what_has_ended_is_not_touched_again(store: Store) -> None:
    ended = await accept(store, "release group")

    def deliver(connection: Connection) -> None:
        connection.execute(update(deliveries).where(deliveries.c.id.in_(ended)).values(state="delivered"))

    await store.database.write(deliver)
    before = await deliveries_of(store, ended)
    edits: list[Edit] = [
        subscription(url=ROBOT_B),
        subscription(url=ROBOT_B, enabled=False),
        DropSubscription(project="payments", name="release group"),
        DropProject(key="payments"),
    ]
    for edit in edits:
        await store.directory.change([edit], ALICE)
    assert await deliveries_of(store, ended) == before


async def test_switching_on_again_brings_nothing_back(store: Store) -> None:
    waiting = await accept(store, "release group")
    await store.directory.change([subscription(enabled=False)], ALICE)
    await store.directory.change([subscription(enabled=True)], ALICE)
    assert await fates(store, waiting) == [("cancelled", "subscription-disabled")] * 2
