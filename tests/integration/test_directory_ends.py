"""What ends, ends whole: tests of unsaved forms too; what was stays readable, and no end reads all that ever was."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, func, insert, select

from crowd import fill
from lane_house import BAD, House, furnished, house, unsaved_test
from settings_store import offered, project, subscription
from shipbell.ports.directory import DropProject, DropSource, DropSubscription, Edit
from shipbell.ports.history import Find
from shipbell.storage.tables.flow import deliveries, door_calls
from shipbell.storage.upkeep.upkeep import SqlUpkeep

ELSEWHERE = "eu-west-101"
WITHDRAWN = ("cancelled", "channel-unavailable-in-region")
MANY = 5_000


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as one:
        await furnished(one)
        yield one


async def fates(made: House, *ids: int) -> list[tuple[str, str | None]]:
    rows = await made.rows(ids)
    return [(rows[one]["state"], rows[one]["cause"]) for one in ids]


async def test_the_end_of_a_project_cancels_its_unsaved_tests_and_no_others(made: House) -> None:
    await made.change(project("search"))
    [waiting] = await made.accept("one")
    mine, foreign = await unsaved_test(made), await unsaved_test(made, "search")
    await made.change(DropProject(key="payments"))
    assert await fates(made, waiting, mine) == [("cancelled", "project-deleted")] * 2
    assert await fates(made, foreign) == [("waiting", None)]


async def test_a_move_to_another_region_cancels_unsaved_tests_too(made: House) -> None:
    await made.change(project("search"))
    [waiting] = await made.accept("one")
    mine, foreign = await unsaved_test(made), await unsaved_test(made, "search")
    await made.change(project(region=ELSEWHERE))
    assert await fates(made, waiting, mine) == [WITHDRAWN] * 2
    assert await fates(made, foreign) == [("waiting", None)]


async def test_what_waits_is_cancelled_when_the_setting_withdraws_a_channel(made: House) -> None:
    [waiting] = await made.accept("one")
    mine = await unsaved_test(made)
    upkeep = SqlUpkeep(
        made.store.database, made.clock, offered=lambda _, region: region == ELSEWHERE, expiry=timedelta(hours=24)
    )
    await upkeep.expire()
    assert await fates(made, waiting, mine) == [WITHDRAWN] * 2
    assert (await made.store.subscribed()).enabled
    assert await made.claim() == []


async def test_where_a_channel_is_offered_what_waits_goes_on_waiting(made: House) -> None:
    await made.change(project("search", region=ELSEWHERE))
    [waiting] = await made.accept("one")
    mine, foreign = await unsaved_test(made), await unsaved_test(made, "search")
    await SqlUpkeep(made.store.database, made.clock, offered=offered, expiry=timedelta(hours=24)).expire()
    assert await fates(made, waiting, mine) == [("waiting", None)] * 2
    assert await fates(made, foreign) == [WITHDRAWN]


@pytest.mark.parametrize(
    "end",
    [
        DropSubscription(project="payments", name="release group"),
        DropSource(project="payments", name="ci"),
        DropProject(key="payments"),
    ],
)
async def test_what_was_stays_readable_after_the_end_of_what_it_came_from(made: House, end: Edit) -> None:
    [dead] = await made.accept("build")
    await made.settle(await made.one(), BAD)
    before = await made.history.delivery(dead)
    assert before is not None
    await made.change(end)
    after = await made.history.delivery(dead)
    assert after is not None
    assert after.attempts == before.attempts
    assert (after.delivery.state, after.delivery.cause) == ("dead", before.delivery.cause)
    assert after.event.event == before.event.event
    assert [one.id for one in (await made.history.deliveries(Find())).items] == [dead]
    assert [one.id for one in (await made.history.events(Find())).items] == [after.event.id]
    assert [one.id for one in await made.history.events_named(before.event.tool_id)] == [after.event.id]
    assert [one.delivery.id for one in await made.history.deliveries_of(after.event.id)] == [dead]


# --- at what cost ------------------------------------------------------------------------------------------------


@contextmanager
def plans_of(made: House) -> Iterator[list[str]]:
    """How the database means to carry out each statement that writes or looks for what to write."""
    plans: list[str] = []

    def explain(connection: Connection, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            raw = connection.connection.driver_connection
            assert raw is not None
            plans.extend(row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    event.listen(made.store.database.writer, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        event.remove(made.store.database.writer, "before_cursor_execute", explain)


def of_deliveries(plans: list[str]) -> list[str]:
    return [one for one in plans if "deliveries" in one and "attempt_deliveries" not in one]


def by_what_waits(plan: str) -> bool:
    """Whether the index that is used holds nothing but what waits."""
    return "deliveries_waiting" in plan or "deliveries_expiring" in plan


@pytest.mark.parametrize(
    "end",
    [
        subscription(enabled=False),
        DropSubscription(project="payments", name="release group"),
        DropProject(key="payments"),
        project(region=ELSEWHERE),
    ],
)
async def test_an_end_looks_at_what_waits_and_not_at_all_that_ever_was(made: House, end: Edit) -> None:
    made.store.database.write_here(lambda connection: fill(connection, many=MANY))
    with plans_of(made) as plans:
        await made.change(end)
    assert of_deliveries(plans)
    assert all(by_what_waits(one) for one in of_deliveries(plans)), plans
    assert {row["state"] for row in await made.store.rows(select(deliveries.c.state).distinct())} == {
        "cancelled", "delivered", "dead", "expired",
    }  # fmt: skip


async def test_withdrawing_looks_at_what_waits_and_at_nothing_while_all_is_offered(made: House) -> None:
    made.store.database.write_here(lambda connection: fill(connection, many=MANY))
    for is_offered, looked in ((True, 1), (False, 2)):
        upkeep = SqlUpkeep(
            made.store.database, made.clock, offered=lambda *_, answer=is_offered: answer, expiry=timedelta(hours=24)
        )
        with plans_of(made) as plans:
            await upkeep.expire()
        assert len(of_deliveries(plans)) == looked
        assert all(by_what_waits(one) for one in of_deliveries(plans)), plans


async def test_forgetting_finds_what_is_old_by_indexes(made: House) -> None:
    made.store.database.write_here(lambda connection: fill(connection, many=MANY))
    with plans_of(made) as plans:
        while await made.upkeep.forget(made.clock.now()):
            pass
    assert len(plans) > 20
    assert [one for one in plans if one.startswith("SCAN")] == []
    [left] = await made.store.rows(select(func.count().label("n")).select_from(deliveries))
    assert left["n"] == 5


async def test_a_delivery_that_was_replayed_keeps_its_attempts_while_it_waits(made: House) -> None:
    [dead, forgotten] = [(await made.accept(name))[0] for name in ("one", "two")]
    await made.settle(await made.one(), BAD)
    made.clock.move(60)
    await made.settle(await made.one(), BAD)
    made.clock.move(60)
    assert (await made.history.replay([dead])).replayed == 1
    while await made.upkeep.forget(made.clock.now()):
        pass
    whole = await made.history.delivery(dead)
    assert whole is not None
    assert [one.result for one in whole.attempts] == ["rejected"]
    assert await made.history.delivery(forgotten) is None
    assert len(await made.attempts()) == 1


async def test_calls_at_the_door_are_forgotten_with_the_rest(made: House) -> None:
    old = made.store.ids.next()
    made.clock.move(60)
    young = made.store.ids.next()

    def knock(connection: Connection) -> None:
        connection.execute(
            insert(door_calls),
            [
                {"id": one, "source_id": 1, "at": 0, "status": 401, "code": "bad-signature", "address": "203.0.113.9"}
                for one in (old, young)
            ],
        )

    await made.store.database.write(knock)
    while await made.upkeep.forget(made.clock.now()):
        pass
    assert [row["id"] for row in await made.store.rows(select(door_calls.c.id))] == [young]
