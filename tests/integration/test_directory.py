"""Settings change by named edits: all of them or none, never over somebody's head, and robots are known again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from hand_clock import AT, HandClock
from settings_store import (
    ALICE,
    KEY_A,
    KEY_B,
    ROBOT,
    Store,
    member,
    new_key,
    opened_store,
    process,
    project,
    source,
    subscription,
)
from shipbell.domain.access import Role
from shipbell.domain.errors import NameTaken, NotFound, Stale
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import Content
from shipbell.ports.directory import (
    DropMember,
    DropProject,
    DropSource,
    DropSubscription,
    Edit,
    PutSource,
    PutSubscription,
)
from shipbell.storage.tables.flow import lanes
from shipbell.storage.tables.settings import members, sources, subscriptions


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened_store(tmp_path) as made:
        await made.directory.change([project(), source(), subscription()], ALICE)
        yield made


async def test_what_was_put_reads_back_with_who_and_when(store: Store) -> None:
    chosen = Content({"pipeline": ("pipeline_name", "trigger"), "check": ()})
    edits: list[Edit] = [
        member("bob", Role.PROJECT_MANAGER),
        subscription("check group", url=ROBOT + KEY_B, content=chosen, user_ids="a;;b", enabled=False),
    ]
    await store.directory.change(edits, ALICE)
    whole = await store.whole()
    assert (whole.project.name, whole.project.region) == ("Payments", "ap-southeast-3")
    assert [(one.user, one.role) for one in whole.members] == [("bob", Role.PROJECT_MANAGER)]
    assert [(one.name, one.kind, one.secret) for one in whole.sources] == [("ci", "generic", Secret("s3cret-of-ci"))]
    put, kept = edits[1], await store.subscribed("check group")
    assert isinstance(put, PutSubscription)
    assert replace(kept, id=0, lane_id=0, stamp=None) == put.subscription
    assert kept.stamp is not None
    assert (kept.stamp.created_at, kept.stamp.updated_by, kept.stamp.revision) == (AT, "alice", 1)


async def test_a_change_moves_the_revision_and_keeps_the_making(store: Store) -> None:
    before = await store.subscribed()
    store.clock.move(60)
    await store.directory.change([subscription(user_ids="zhang.san")], replace(ALICE, actor="bob"))
    after = await store.subscribed()
    assert before.stamp is not None
    assert after.stamp is not None
    assert after.id == before.id
    assert (after.stamp.revision, after.stamp.updated_by) == (before.stamp.revision + 1, "bob")
    assert after.stamp.created_at == AT < after.stamp.updated_at


async def test_of_two_writers_who_saw_the_same_one_is_told_to_look_again(store: Store) -> None:
    first = store.directory.change([subscription(user_ids="first", expected=1)], ALICE)
    second = store.directory.change([subscription(user_ids="second", expected=1)], ALICE)
    endings = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(one) for one in endings if one is not None] == [Stale]
    assert (await store.subscribed()).user_ids == ("first" if endings[0] is None else "second")


@pytest.mark.parametrize(
    "edit",
    [
        project(expected=7),
        DropProject(key="payments", expected=7),
        member("bob", expected=1),
        replace(source(), expected=7),
        DropSource(project="payments", name="ci", expected=7),
        subscription(expected=7),
        subscription("new one", expected=1),
        subscription(expected=0),
        DropSubscription(project="payments", name="release group", expected=7),
    ],
)
async def test_a_revision_that_is_not_the_one_seen_changes_nothing(store: Store, edit: Edit) -> None:
    before = await store.whole()
    with pytest.raises(Stale):
        await store.directory.change([edit], ALICE)
    assert await store.whole() == before


async def test_one_refused_edit_takes_back_those_before_it(store: Store) -> None:
    before = await store.whole()
    store.heard.clear()
    with pytest.raises(NotFound):
        await store.directory.change([member("bob"), DropSource(project="payments", name="gone")], ALICE)
    assert await store.whole() == before
    assert store.heard == []


@pytest.mark.parametrize(
    "edit",
    [
        DropProject(key="gone"),
        member("bob", key="gone"),
        source(key="gone"),
        subscription(key="gone"),
        DropMember(project="payments", user="gone"),
        DropSource(project="payments", name="gone"),
        DropSubscription(project="payments", name="gone"),
        subscription(id=4711),
    ],
)
async def test_what_is_not_there_cannot_be_changed(store: Store, edit: Edit) -> None:
    with pytest.raises(NotFound):
        await store.directory.change([edit], ALICE)


async def test_names_are_taken_once_in_a_project_and_free_in_another(store: Store) -> None:
    await store.directory.change([subscription("other"), source("other")], ALICE)
    whole = await store.whole()
    renamed = replace(whole.subscriptions[0], name="release group")
    with pytest.raises(NameTaken):
        await store.directory.change([PutSubscription(project="payments", subscription=renamed)], ALICE)
    taken = replace(whole.sources[1], name="ci")
    with pytest.raises(NameTaken):
        await store.directory.change([PutSource(project="payments", source=taken)], ALICE)
    await store.directory.change([project("search"), subscription(key="search"), source(key="search")], ALICE)
    assert [one.name for one in (await store.whole("search")).subscriptions] == ["release group"]


async def test_a_subscription_and_a_source_can_be_renamed_by_their_id(store: Store) -> None:
    whole = await store.whole()
    [one], [sender] = whole.subscriptions, whole.sources
    edits: list[Edit] = [
        PutSubscription(project="payments", subscription=replace(one, name="renamed")),
        PutSource(project="payments", source=replace(sender, name="renamed")),
    ]
    await store.directory.change(edits, ALICE)
    after = await store.whole()
    assert [(two.id, two.name) for two in after.subscriptions] == [(one.id, "renamed")]
    assert [(two.id, two.name) for two in after.sources] == [(sender.id, "renamed")]


async def test_a_subscription_of_another_project_cannot_be_reached_by_its_id(store: Store) -> None:
    await store.directory.change([project("search")], ALICE)
    foreign = await store.subscribed()
    with pytest.raises(NotFound):
        await store.directory.change([PutSubscription(project="search", subscription=foreign)], ALICE)


async def test_a_project_goes_with_all_that_belongs_to_it(store: Store) -> None:
    await store.directory.change([member("bob"), project("search"), subscription(key="search")], ALICE)
    await store.directory.change([DropProject(key="payments")], ALICE)
    assert await store.directory.whole("payments") is None
    assert await store.rows(select(members)) == []
    assert await store.rows(select(sources)) == []
    assert len(await store.rows(select(subscriptions))) == 1
    assert [one.key for one in await store.directory.projects()] == ["search"]


# --- robots ------------------------------------------------------------------------------------------------------


async def test_subscriptions_of_one_robot_share_its_lane_however_the_url_is_written(store: Store) -> None:
    spelled = f"https://QYAPI.weixin.qq.com:443/cgi-bin/webhook/send?debug=1&key={KEY_A}"
    await store.directory.change([subscription("other", url=spelled)], ALICE)
    [one, other] = (await store.whole()).subscriptions
    assert one.lane_id == other.lane_id
    assert len(await store.rows(select(lanes.c.id))) == 1


async def test_another_way_of_writing_a_url_changes_no_robot(store: Store) -> None:
    [before] = await store.rows(select(lanes))
    spelled = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?debug=1&key={KEY_A}"
    await store.directory.change([subscription("other", url=spelled)], ALICE)
    [after] = await store.rows(select(lanes))
    assert dict(after) == dict(before)


async def test_another_key_is_another_robot(store: Store) -> None:
    await store.directory.change([subscription("other", url=ROBOT + KEY_B)], ALICE)
    assert len({one.lane_id for one in (await store.whole()).subscriptions}) == 2


def test_no_secret_lies_readable_in_the_files_of_the_database(tmp_path: Path) -> None:
    with process(tmp_path, new_key(), HandClock()) as store:
        asyncio.run(store.directory.change([project(), source(), subscription()], ALICE))
        files = [one.read_bytes() for one in tmp_path.iterdir()]
    files += [one.read_bytes() for one in tmp_path.iterdir()]
    assert any(b"release group" in one for one in files)
    for secret in (KEY_A, "s3cret-of-ci"):
        assert not any(secret.encode() in one for one in files)
