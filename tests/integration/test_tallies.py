"""Tallies: long charts say the same with them as without, and never more than is kept."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from crowd import SPAN, fill
from hand_clock import AT, HandClock
from settings_store import ALICE, Store, new_key, process, project, source, subscription
from shipbell.ports.insight import Figures, Span
from shipbell.storage.history.insight import SqlInsight
from shipbell.storage.tables.flow import counters, deliveries
from shipbell.storage.tables.tallies import tallies
from shipbell.storage.upkeep.tallies import Sums, Tallied, parts
from shipbell.storage.upkeep.upkeep import SqlUpkeep

MANY = 5_000
HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store(tmp_path: Path, clock: HandClock) -> Iterator[Store]:
    with process(tmp_path, new_key(), clock) as made:
        yield made


def upkeep_of(store: Store, clock: HandClock) -> SqlUpkeep:
    return SqlUpkeep(store.database, clock, offered=lambda _channel, _region: True, expiry=timedelta(hours=24))


async def filled(store: Store) -> None:
    await store.directory.change([project(), source(), subscription()], ALICE)
    store.database.write_here(lambda connection: fill(connection, many=MANY))


async def figures(store: Store, *, hours: int = 24, slots: int = 24) -> Figures:
    whole = await store.whole()
    # An hour that begins with a quarter, as those of the overview do.
    until = AT.replace(minute=0) + HOUR
    span = Span(project_id=whole.project.id, since=until - HOUR * hours, until=until, slots=slots)
    return await SqlInsight(store.database).figures(span)


async def tallied(upkeep: SqlUpkeep) -> int:
    rounds = 0
    while await upkeep.tally():
        rounds += 1
    return rounds


def counted(store: Store) -> int:
    statement = select(func.coalesce(func.sum(tallies.c.deliveries), 0))
    found: int = store.database.read_here(lambda one: one.execute(statement).scalar_one())
    return found


async def test_charts_say_the_same_before_and_after_the_count(store: Store, clock: HandClock) -> None:
    await filled(store)
    before = await figures(store)
    assert await tallied(upkeep_of(store, clock)) > 1
    assert counted(store) > MANY * 0.9
    assert await figures(store) == before
    assert sum(one.events for one in before.slots) > MANY * 0.9


async def test_charts_read_the_tallies(store: Store, clock: HandClock) -> None:
    await filled(store)
    await tallied(upkeep_of(store, clock))
    before = await figures(store)
    store.database.write_here(lambda one: one.execute(update(tallies).values(events=tallies.c.events + 1_000)))
    assert sum(one.events for one in (await figures(store)).slots) > sum(one.events for one in before.slots) + 1_000


@pytest.mark.parametrize("slots", [7, 24, 48, 200])
async def test_charts_say_the_same_while_the_count_goes_on(store: Store, clock: HandClock, slots: int) -> None:
    await filled(store)
    before, upkeep = await figures(store, slots=slots), upkeep_of(store, clock)
    assert sum(one.events for one in before.slots) > MANY * 0.9
    while await upkeep.tally():
        assert await figures(store, slots=slots) == before


async def test_of_a_slot_that_is_not_over_the_quarters_that_are_come_from_tallies(
    store: Store, clock: HandClock
) -> None:
    await filled(store)
    await tallied(upkeep_of(store, clock))
    before = (await figures(store, slots=1)).slots[0].events
    more = update(tallies).values(events=tallies.c.events + 1_000)
    many = store.database.write_here(lambda one: one.execute(more)).rowcount
    # Two quarters of the past lie before the span.
    assert (await figures(store, slots=1)).slots[0].events == before + 1_000 * (many - 2)


async def test_the_quarter_that_goes_on_is_counted_by_nobody(store: Store, clock: HandClock) -> None:
    await filled(store)
    await tallied(upkeep_of(store, clock))
    last = store.database.read_here(
        lambda one: one.execute(select(counters.c.value).where(counters.c.name == "tallied-until")).scalar_one()
    )
    clock.move(4 * 60)
    assert not await upkeep_of(store, clock).tally()
    clock.move(60 * 60)
    assert await upkeep_of(store, clock).tally()
    assert (
        store.database.read_here(
            lambda one: one.execute(select(counters.c.value).where(counters.c.name == "tallied-until")).scalar_one()
        )
        == last + 4
    )


async def test_what_retention_takes_away_is_in_no_chart(store: Store, clock: HandClock) -> None:
    await filled(store)
    upkeep = upkeep_of(store, clock)
    await tallied(upkeep)
    while await upkeep.forget(AT - SPAN / 2):
        pass
    kept = store.database.read_here(lambda one: one.execute(select(func.count()).select_from(deliveries)).scalar_one())
    shown = await figures(store)
    assert sum(one.delivered + one.waiting + one.ended_badly for one in shown.slots) == kept
    assert shown == await figures(store)


def test_sums_of_many_projects_are_written_in_small_parts_that_follow_each_other() -> None:
    rows = [{"project_id": one, "quarter": quarter} for quarter in (7, 5, 6, 9) for one in range(400)]
    written = list(parts(Sums(Tallied(3, 11), rows)))
    assert [one.span for one in written] == [Tallied(3, 9), Tallied(3, 11)]
    assert [{row["quarter"] for row in one.rows} for one in written] == [{5, 6, 7}, {9}]
    assert [len(one.rows) for one in written] == [1_200, 400]
    assert [one.span for one in parts(Sums(Tallied(3, 11), []))] == [Tallied(3, 11)]


async def test_a_month_is_counted_in_a_minute_of_the_tidy_loop(store: Store, clock: HandClock) -> None:
    await filled(store)
    # The loop counts five chunks every three seconds.
    assert await tallied(upkeep_of(store, clock)) <= 5 * 20


async def test_counting_twice_changes_nothing(store: Store, clock: HandClock) -> None:
    await filled(store)
    first, second = upkeep_of(store, clock), upkeep_of(store, clock)
    await tallied(first)
    before = counted(store)
    await tallied(second)
    assert counted(store) == before
