"""The hot path reads a picture: cheap while nothing changed, true at once here and within half a second elsewhere."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from hand_clock import AT, HandClock
from settings_store import ALICE, KEY_A, ROBOT, Store, new_key, opened_store, process, project, source, subscription
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import Content
from shipbell.ports.directory import DropSubscription, Edit, PutSource, SourceRecord


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened_store(tmp_path) as made:
        await made.directory.change([project(), source(), subscription()], ALICE)
        yield made


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    key, clock = new_key(), HandClock()
    with process(tmp_path, key, clock) as here, process(tmp_path, key, clock) as there:
        yield here, there


async def test_a_picture_shows_what_hooks_need(store: Store) -> None:
    wish = subscription(user_ids="a;;b;a;", content=Content({"check": ()}), events=("pipeline.run.failed",))
    await store.directory.change([wish], ALICE)
    known = (await store.directory.snapshot()).projects["payments"]
    assert (known.name, known.region, known.time_zone) == ("Payments", "ap-southeast-3", "Asia/Singapore")
    assert known.sources["ci"].secrets == (Secret("s3cret-of-ci"),)
    [one] = known.subscriptions
    assert one.user_ids == ("a", "b")
    assert one.events == frozenset({"pipeline.run.failed"})
    assert one.content == Content({"check": ()})
    assert one.lane_id == (await store.subscribed()).lane_id


async def test_a_change_made_here_is_in_the_next_picture(store: Store) -> None:
    before = await store.directory.snapshot()
    await store.directory.change([DropSubscription(project="payments", name="release group")], ALICE)
    after = await store.directory.snapshot()
    assert after.version > before.version
    assert after.projects["payments"].subscriptions == ()
    assert len(before.projects["payments"].subscriptions) == 1


async def test_while_nothing_changes_the_picture_stays_the_same(store: Store) -> None:
    before = await store.directory.snapshot()
    for _ in range(5):
        store.clock.move(3)
        assert await store.directory.snapshot() is before


async def test_no_edit_is_no_change(store: Store) -> None:
    before = await store.directory.snapshot()
    store.heard.clear()
    await store.directory.change([], ALICE)
    assert await store.directory.refresh() == before
    assert store.heard == []


async def test_whoever_listens_hears_of_a_change_once(store: Store) -> None:
    store.heard.clear()
    await store.directory.change([project("a"), project("b")], ALICE)
    assert store.heard == ["changed"]


async def test_a_change_of_another_process_is_seen_within_half_a_second(two: tuple[Store, Store]) -> None:
    here, there = two
    assert (await here.directory.snapshot()).projects == {}
    await there.directory.change([project()], ALICE)
    here.clock.move(0.5)
    assert list((await here.directory.snapshot()).projects) == ["payments"]


async def test_a_clock_that_goes_back_does_not_freeze_the_picture(two: tuple[Store, Store]) -> None:
    here, there = two
    await here.directory.snapshot()
    here.clock.move(-3_600)
    await there.directory.change([project()], ALICE)
    assert list((await here.directory.snapshot()).projects) == ["payments"]


async def test_refreshing_sees_another_process_at_once(two: tuple[Store, Store]) -> None:
    here, there = two
    await here.directory.snapshot()
    await there.directory.change([project()], ALICE)
    assert list((await here.directory.refresh()).projects) == ["payments"]


async def test_during_a_rotation_both_secrets_stand_in_the_picture_until_the_old_one_ends(store: Store) -> None:
    rotated = SourceRecord(
        name="ci",
        kind="generic",
        secret=Secret("new"),
        old_secret=Secret("s3cret-of-ci"),
        old_until=AT + timedelta(hours=24),
    )
    await store.directory.change([PutSource(project="payments", source=rotated)], ALICE)
    sender = (await store.directory.snapshot()).projects["payments"].sources["ci"]
    assert sender.secrets == (Secret("new"), Secret("s3cret-of-ci"))
    assert sender.old_until == AT + timedelta(hours=24)
    store.clock.move(24 * 3_600)
    ended = (await store.directory.refresh()).projects["payments"].sources["ci"]
    assert ended.secrets == (Secret("new"),)
    assert ended.old_until is None


async def test_two_hundred_projects_of_five_subscriptions_are_read_with_as_many_statements_as_one(
    store: Store,
) -> None:
    def counted(*_facts: object) -> None:
        statements.append(_facts)

    statements: list[object] = []
    event.listen(store.database.reader, "before_cursor_execute", counted)
    await store.directory.refresh()
    for_one = len(statements)
    edits: list[Edit] = []
    for number in range(200):
        key = f"p{number}"
        edits += [project(key), source(key=key, secret=f"secret-{number}")]
        edits += [subscription(f"group {one}", key=key, url=f"{ROBOT}{number}-{KEY_A}") for one in range(5)]
    await store.directory.change(edits, ALICE)
    statements.clear()
    picture = await store.directory.refresh()
    assert sum(len(one.subscriptions) for one in picture.projects.values()) == 1_001
    assert 0 < len(statements) <= for_one
