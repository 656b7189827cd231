"""What pages ask of a large past: right, over indexes, and in few steps."""

import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event

from crowd import SPAN, TYPES, fill
from hand_clock import AT, HandClock
from settings_store import ALICE, KEY_B, ROBOT, Store, new_key, process, project, source, subscription
from shipbell.ports.history import Find
from shipbell.ports.insight import Count, Span
from shipbell.storage.history.insight import SqlInsight
from shipbell.storage.upkeep.upkeep import SqlUpkeep

MANY = 100_000
# Of the database, which has half a million of them to walk through one index from end to end.
EVERY, FEW_STEPS = 100, 200_000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A hundred thousand deliveries of one day, five of them waiting."""
    with process(tmp_path_factory.mktemp("crowd"), new_key(), HandClock()) as made:
        yield made


@pytest.fixture
async def asked(store: Store) -> SqlInsight:
    if await store.directory.whole("payments") is None:
        await store.directory.change(
            [project(), source(), subscription(), subscription("nightly", url=ROBOT + KEY_B)], ALICE
        )
        store.database.write_here(lambda connection: fill(connection, many=MANY))
        upkeep = SqlUpkeep(
            store.database, HandClock(), offered=lambda _channel, _region: True, expiry=timedelta(hours=24)
        )
        while await upkeep.tally():
            pass
    return SqlInsight(store.database)


async def find(store: Store, **wanted: object) -> Find:
    whole = await store.whole()
    return Find(project_id=whole.project.id, **wanted)  # type: ignore[arg-type]


async def span(store: Store) -> Span:
    whole = await store.whole()
    return Span(
        project_id=whole.project.id, since=AT - SPAN, until=AT, slots=24, bad_types=frozenset({"pipeline.run.failed"})
    )


async def test_counts_are_exact_to_a_thousand(store: Store, asked: SqlInsight) -> None:
    counts = await asked.counts(await find(store))
    assert counts["all"] == Count(1_000, more=True)
    assert counts["delivered"] == Count(1_000, more=True)
    assert counts["dead"] == Count(200)
    assert counts["expired"] == Count(100)
    assert counts["waiting"].number + counts["retrying"].number == 5
    assert counts["cancelled"] == Count(0)


async def test_the_waiting_and_the_dead_are_found_however_old(store: Store, asked: SqlInsight) -> None:
    dead = await asked.deliveries(await find(store, state="dead", limit=200))
    assert len(dead.items) == 200
    assert dead.next is None
    assert {one.state for one in dead.items} == {"dead"}
    waiting = await asked.deliveries(await find(store, state="waiting"))
    assert [one.state for one in waiting.items] == ["waiting"] * len(waiting.items)
    assert waiting.next is None


async def test_pages_follow_each_other_without_a_gap(store: Store, asked: SqlInsight) -> None:
    seen: list[int] = []
    before = None
    for _ in range(4):
        page = await asked.deliveries(await find(store, limit=25, before=before))
        seen += [one.id for one in page.items]
        before = page.next
    assert len(set(seen)) == 100
    assert seen == sorted(seen, reverse=True)


async def test_a_look_that_ends_early_says_so_and_goes_on(store: Store, asked: SqlInsight) -> None:
    rare = await find(store, type="pipeline.run.ignored")
    page = await asked.deliveries(rare)
    assert page.items == ()
    assert page.looked_until is not None
    further = await asked.deliveries(await find(store, type="pipeline.run.ignored", before=page.next))
    assert further.looked_until is not None
    assert further.looked_until < page.looked_until


async def test_text_finds_by_its_beginning_however_old(store: Store, asked: SqlInsight) -> None:
    found = await asked.deliveries(await find(store, text="#1234"))
    assert {one.number for one in found.items} == {"1234", *(f"1234{digit}" for digit in range(10))}
    assert found.looked_until is None
    assert len((await asked.events(await find(store, text="77777"))).items) == 1
    assert (await asked.deliveries(await find(store, text="no-such"))).items == ()


async def test_a_link_or_a_number_leads_to_its_event(store: Store, asked: SqlInsight) -> None:
    mine = (await store.whole()).project.id
    [by_number] = await asked.follow(mine, "#99999")
    [by_link] = await asked.follow(mine, "https://ci.example.com/99999")
    assert by_number == by_link
    assert by_number.event.run.number == "99999"
    assert await asked.follow(mine, "  ") == ()


async def test_figures_add_up(store: Store, asked: SqlInsight) -> None:
    figures = await asked.figures(await span(store))
    assert sum(one.events for one in figures.slots) == MANY
    assert sum(one.ended_badly for one in figures.slots) == 300
    assert sum(one.waiting for one in figures.slots) == 5
    assert sum(one.delivered for one in figures.slots) == MANY - 305
    assert figures.dead == 200
    assert figures.p50 is not None
    assert figures.p99 is not None
    assert 0.4 <= figures.p50 <= figures.p99 < 0.46
    assert figures.sampled
    assert len(figures.busiest) == 5
    assert {one.subscription for one in figures.noise} == {"release group", "nightly"}


async def test_newer_ones_are_counted_after_a_cursor(store: Store, asked: SqlInsight) -> None:
    page = await asked.deliveries(await find(store, limit=10))
    assert await asked.newer(await find(store), page.items[3].id) == Count(3)


Question = Callable[[SqlInsight, Find, Span], Awaitable[object]]
QUESTIONS: dict[str, tuple[dict[str, object], Question]] = {
    "first page": ({}, lambda asked, find, _: asked.deliveries(find)),
    "dead": ({"state": "dead"}, lambda asked, find, _: asked.deliveries(find)),
    "dead of every page": ({}, lambda asked, find, _: asked.dead(find.project_id or 0)),
    "waiting": ({"state": "waiting"}, lambda asked, find, _: asked.deliveries(find)),
    "retrying": ({"state": "retrying"}, lambda asked, find, _: asked.deliveries(find)),
    "of a day": ({"since": AT - timedelta(days=1)}, lambda asked, find, _: asked.deliveries(find)),
    "of a type": ({"type": TYPES[1]}, lambda asked, find, _: asked.deliveries(find)),
    "of a rare type": ({"type": "pipeline.run.ignored"}, lambda asked, find, _: asked.deliveries(find)),
    "of a text": ({"text": "#4321"}, lambda asked, find, _: asked.deliveries(find)),
    "of a common text": ({"text": "pipeline"}, lambda asked, find, _: asked.deliveries(find)),
    "counts": ({}, lambda asked, find, _: asked.counts(find)),
    "counts of a type": ({"type": TYPES[1]}, lambda asked, find, _: asked.counts(find)),
    "events": ({}, lambda asked, find, _: asked.events(find)),
    "ignored events": ({}, lambda asked, find, _: asked.events(find, ignored=True)),
    "events of a rare type": ({"type": "pipeline.run.ignored"}, lambda asked, find, _: asked.events(find)),
    "figures": ({}, lambda asked, _, span: asked.figures(span)),
}


@dataclass(slots=True)
class Watched:
    """What the readers of a database did: their statements, with values in them, and the steps that these took."""

    said: list[str] = field(default_factory=list)
    steps: int = 0

    def note(self, connection: Connection, *_rest: object) -> None:
        """Watch the connection of a transaction that begins: some statements go straight to its driver."""
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.set_trace_callback(self.said.append)
        raw.set_progress_handler(self._count, EVERY)

    def _count(self) -> int:
        self.steps += EVERY
        return 0


def plans_of(store: Store, statements: Sequence[str]) -> list[str]:
    """The steps of the plans of some questions."""
    connection = sqlite3.connect(store.database.path)
    asked = [one for one in statements if one.lstrip().upper().startswith(("SELECT", "WITH"))]
    found = [row[3] for one in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {one}")]
    connection.close()
    return found


@pytest.mark.parametrize("name", QUESTIONS)
async def test_every_question_uses_indexes_and_takes_few_steps(name: str, store: Store, asked: SqlInsight) -> None:
    wanted, question = QUESTIONS[name]
    asked_find, asked_span = await find(store, **wanted), await span(store)
    watched = Watched()
    event.listen(store.database.reader, "begin", watched.note)
    try:
        await question(asked, asked_find, asked_span)
    finally:
        event.remove(store.database.reader, "begin", watched.note)
    plans = plans_of(store, watched.said)
    large = ("SCAN deliveries", "SCAN events", "SCAN attempts", "SCAN attempt_deliveries")
    assert plans
    assert [one for one in plans if one.startswith(large) and "lane" not in one] == []
    assert watched.steps < FEW_STEPS
