"""A file never writes over somebody's change: a plan that was overtaken is made anew."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from apply_files import FULL, dumped, file_of, group, lines, payments
from settings_store import ALICE, KEY_B, ROBOT, Store, member, opened_store, project, source, subscription
from shipbell.domain.access import Role
from shipbell.domain.errors import ChannelUnavailable, Stale
from shipbell.domain.secret import Secret
from shipbell.ports.directory import (
    By,
    Directory,
    DropMember,
    DropProject,
    DropSource,
    DropSubscription,
    Edit,
    ProjectRecord,
    ProjectWhole,
    Snapshot,
)
from shipbell.usecases.apply import Apply

BOB = replace(ALICE, actor="bob")


@dataclass
class Overtaken:
    """A directory where somebody else is quicker, each time that a plan is about to be written."""

    inner: Directory
    first: Sequence[Edit]
    times: int = 1
    plans: list[Sequence[Edit]] = field(default_factory=list)

    async def change(self, edits: Sequence[Edit], by: By) -> None:
        self.plans.append(edits)
        if len(self.plans) <= self.times:
            await self.inner.change(self.first, BOB)
        await self.inner.change(edits, by)

    async def whole(self, key: str) -> ProjectWhole | None:
        return await self.inner.whole(key)

    async def projects(self) -> Sequence[ProjectRecord]:
        return await self.inner.projects()

    async def snapshot(self) -> Snapshot:
        return await self.inner.snapshot()

    async def refresh(self) -> Snapshot:
        return await self.inner.refresh()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened_store(tmp_path / "data") as made:
        yield made


def racing(store: Store, *first: Edit, times: int = 1) -> tuple[Apply, Overtaken]:
    slow = Overtaken(store.directory, first, times)
    return replace(store.apply, directory=slow), slow


async def test_every_edit_of_a_plan_says_what_it_was_made_upon(store: Store, tmp_path: Path) -> None:
    path = file_of(tmp_path, FULL)
    assert {edit.expected for edit in (await store.apply.plan(path)).edits} == {0}
    await lines(store, path)
    wished = payments(name="Other", members={"bob": "viewer"})
    plan = await store.apply.plan(dumped(tmp_path, wished), prune=True)
    assert len(plan.edits) == 7
    assert {edit.expected for edit in plan.edits} == {1}


async def test_a_change_made_between_plan_and_write_is_seen_and_told_before_it_is_changed(
    store: Store, tmp_path: Path
) -> None:
    await lines(store, dumped(tmp_path, payments(subscriptions=[group()])))
    apply, slow = racing(store, subscription(user_ids="li.si"))
    plan = await apply(dumped(tmp_path, payments(subscriptions=[group(gate="failed")])), ALICE)
    assert len(slow.plans) == 2
    [line] = plan.lines
    assert "user_ids 'li.si' → ''" in line
    assert "gate 'all' → 'failed'" in line
    assert (await store.subscribed()).user_ids == ""


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (member("bob", Role.DEVELOPER), "~ member payments/bob: developer → viewer"),
        (DropMember(project="payments", user="bob"), "+ member payments/bob: viewer"),
        (source(secret="another"), "~ source payments/ci: kind generic → codearts, secret changed"),
        (DropSource(project="payments", name="ci"), "+ source payments/ci (codearts)"),
        (DropSubscription(project="payments", name="release group"), "+ subscription payments/release group"),
        (DropProject(key="payments"), "+ project payments"),
        (project(region="eu-west-101"), "region 'eu-west-101' → 'ap-southeast-3'"),
    ],
)
async def test_whatever_was_changed_or_taken_away_meanwhile_is_planned_anew(
    store: Store, tmp_path: Path, first: Edit, said: str
) -> None:
    await store.directory.change([project(), member("bob", Role.PROJECT_MANAGER), source(), subscription()], ALICE)
    apply, slow = racing(store, first)
    path = dumped(
        tmp_path,
        payments(
            name="Other",
            members={"bob": "viewer"},
            sources=[{"name": "ci", "kind": "codearts", "secret": "s3cret-of-ci"}],
            subscriptions=[group(gate="failed")],
        ),
    )
    plan = await apply(path, ALICE)
    assert len(slow.plans) == 2
    assert any(said in line for line in plan.lines)
    assert await lines(store, path) == []


async def test_what_somebody_made_meanwhile_is_compared_and_not_made_twice(store: Store, tmp_path: Path) -> None:
    apply, slow = racing(store, project(), source(secret="first"), subscription(url=ROBOT + KEY_B))
    ci = {"name": "ci", "kind": "generic", "secret": "second"}
    path = dumped(tmp_path, payments(time_zone="Asia/Singapore", sources=[ci], subscriptions=[group()]))
    plan = await apply(path, ALICE)
    assert [line.partition(":")[0] for line in plan.lines] == [
        "~ source payments/ci", "~ subscription payments/release group",
    ]  # fmt: skip
    assert [len(one) for one in slow.plans] == [3, 2]


async def test_who_is_overtaken_again_and_again_is_told(store: Store, tmp_path: Path) -> None:
    await store.directory.change([project(), subscription()], ALICE)
    apply, slow = racing(store, subscription(user_ids="li.si"), times=99)
    with pytest.raises(Stale):
        await apply(dumped(tmp_path, payments(subscriptions=[group(gate="failed")])), ALICE)
    assert 3 <= len(slow.plans) <= 10
    assert (await store.subscribed()).user_ids == "li.si"


async def test_a_project_that_moved_away_meanwhile_refuses_what_the_new_region_does_not_offer(
    store: Store, tmp_path: Path
) -> None:
    await store.directory.change([project(region="eu-west-101"), subscription(enabled=False)], ALICE)
    apply, _ = racing(store, replace(subscription(user_ids="li.si"), expected=None))
    path = dumped(tmp_path, payments(region="eu-west-101", time_zone="Asia/Singapore", subscriptions=[group()]))
    with pytest.raises(ChannelUnavailable):
        await apply(path, ALICE)


async def test_the_overlap_of_a_rotation_made_meanwhile_is_kept(store: Store, tmp_path: Path) -> None:
    await store.directory.change([project(), source()], ALICE)
    whole = await store.whole()
    rotated = replace(
        source(), source=replace(whole.sources[0], secret=Secret("new"), old_secret=Secret("s3cret-of-ci"))
    )
    apply, _ = racing(store, rotated)
    await apply(dumped(tmp_path, payments(sources=[{"name": "ci", "kind": "codearts"}])), ALICE)
    [kept] = (await store.whole()).sources
    assert (kept.kind, kept.secret, kept.old_secret) == ("codearts", Secret("new"), Secret("s3cret-of-ci"))
