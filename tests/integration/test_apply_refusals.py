"""A file that breaks a rule changes nothing, and every broken rule is told at once with the key at fault."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from apply_files import FULL, dumped, file_of, group, lines, payments, problems
from settings_store import ALICE, KEY_A, KEY_B, ROBOT, Store, opened_store
from shipbell.domain.errors import ChannelUnavailable, InvalidFile, InvalidValue

ELSEWHERE = "eu-west-101"
CI = {"name": "ci", "kind": "generic", "secret": "s3cret-of-ci"}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened_store(tmp_path / "data") as made:
        yield made


async def test_every_broken_rule_is_told_at_once_with_its_key(store: Store, tmp_path: Path) -> None:
    path = dumped(
        tmp_path,
        {"key": "Pay ments", "name": "x" * 101, "region": "EU", "time_zone": "Mars/Base", "owner": "me"},
        payments(
            sources=[{"name": "CI", "kind": "svn"}],
            subscriptions=[
                group(),
                group("two", url="ftp://x", events=[], user_ids="a,b", gate="green", locale="de", format="html"),
                group("three", enabled="yes", content={"pipeline": ["colour"], "coffee": []}, urls="x"),
            ],
        ),
    )
    told = {one.field: one.code for one in await problems(store, path)}
    assert told == {
        "projects[0].key": "key-characters",
        "projects[0].name": "name-length",
        "projects[0].region": "region-characters",
        "projects[0].time_zone": "unknown-time-zone",
        "projects[0].owner": "unknown-key",
        "projects[1].sources[0].name": "name-characters",
        "projects[1].sources[0].kind": "unknown-kind",
        "projects[1].sources[0].secret": "required",
        "projects[1].subscriptions[1].url": "url-scheme",
        "projects[1].subscriptions[1].events": "events-required",
        "projects[1].subscriptions[1].user_ids": "user-ids-character",
        "projects[1].subscriptions[1].gate": "unknown-gate",
        "projects[1].subscriptions[1].locale": "unknown-locale",
        "projects[1].subscriptions[1].format": "unknown-format",
        "projects[1].subscriptions[2].enabled": "not-a-boolean",
        "projects[1].subscriptions[2].content.pipeline": "unknown-field",
        "projects[1].subscriptions[2].content.coffee": "unknown-service",
        "projects[1].subscriptions[2].urls": "unknown-key",
    }


async def test_a_role_that_does_not_exist_is_told_at_its_member(store: Store, tmp_path: Path) -> None:
    [problem] = await problems(store, dumped(tmp_path, payments(members={"alice": "viewer", "bob": "owner"})))
    assert problem.field == "projects[0].members.bob"
    assert "project_manager" in problem.message


async def test_one_broken_rule_keeps_the_whole_file_out(store: Store, tmp_path: Path) -> None:
    path = dumped(tmp_path, payments(), {"key": "search", "name": "Search", "members": {"bob": "owner"}})
    with pytest.raises(InvalidValue):
        await store.apply(path, ALICE)
    assert await store.directory.projects() == []


@pytest.mark.parametrize(
    ("text", "field", "code"),
    [
        ("projects: payments", "projects", "not-a-list"),
        ("projects: [payments]", "projects[0]", "not-an-object"),
        ("project: []", "project", "unknown-key"),
        ("projects: [{name: x}]", "projects[0].key", "required"),
        ("projects: [{key: 7, name: x}]", "projects[0].key", "not-text"),
        ("defaults: [en]", "defaults", "not-an-object"),
        ("defaults: {language: en}", "defaults.language", "unknown-key"),
        ("projects: [{key: a, name: A, members: [bob]}]", "projects[0].members", "not-an-object"),
        ("projects: [{key: a, name: A, sources: {ci: generic}}]", "projects[0].sources", "not-a-list"),
        ("projects: [{key: a, name: A, sources: [ci]}]", "projects[0].sources[0]", "not-an-object"),
        ("projects: [{key: a, name: A, subscriptions: x}]", "projects[0].subscriptions", "not-a-list"),
        ("projects: [{key: a, name: A, subscriptions: [x]}]", "projects[0].subscriptions[0]", "not-an-object"),
    ],
)
async def test_a_wrong_shape_is_told_where_it_stands(
    store: Store, tmp_path: Path, text: str, field: str, code: str
) -> None:
    assert [(one.field, one.code) for one in await problems(store, file_of(tmp_path, text))] == [(field, code)]


async def test_in_a_folder_the_file_at_fault_is_named_with_the_key(store: Store, tmp_path: Path) -> None:
    dumped(tmp_path, payments())
    file_of(tmp_path, "projects: [{key: search, name: Search, region: EU}]", "more.yaml")
    [problem] = await problems(store, tmp_path)
    assert problem.field == "more.yaml: projects[0].region"


async def test_a_project_stands_in_one_place(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="payments stands twice"):
        await store.apply.plan(dumped(tmp_path, payments(), payments()))
    dumped(tmp_path, payments())
    file_of(tmp_path, "projects: [{key: payments, name: Again}]", "more.yaml")
    with pytest.raises(InvalidFile) as told:
        await store.apply.plan(tmp_path)
    assert "more.yaml" in told.value.sentence
    assert "settings.yaml" in told.value.sentence


async def test_a_name_stands_once_in_its_project(store: Store, tmp_path: Path) -> None:
    path = dumped(
        tmp_path, payments(sources=[CI, CI], subscriptions=[group(), group(" release group ", gate="failed")])
    )
    assert [(one.field, one.code) for one in await problems(store, path)] == [
        ("projects[0].sources[1].name", "name-taken"),
        ("projects[0].subscriptions[1].name", "name-taken"),
    ]


@pytest.mark.parametrize("before", ["projects: []", FULL])
async def test_a_mask_for_something_new_is_an_error(store: Store, tmp_path: Path, before: str) -> None:
    await lines(store, file_of(tmp_path, before))
    masked = group("new", url="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=********5aaa")
    path = dumped(tmp_path, payments(sources=[{**CI, "name": "new", "secret": "********"}], subscriptions=[masked]))
    assert [(one.field, one.code) for one in await problems(store, path)] == [
        ("projects[0].sources[0].secret", "mask-for-new"),
        ("projects[0].subscriptions[0].url", "mask-for-new"),
    ]


async def test_the_mask_of_another_robot_is_no_mask_of_this_one(store: Store, tmp_path: Path) -> None:
    await lines(store, file_of(tmp_path, FULL))
    foreign = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=********9zzz"
    [problem] = await problems(store, dumped(tmp_path, payments(subscriptions=[group(url=foreign)])))
    assert problem.code == "mask-for-new"


async def test_no_error_tells_a_secret(store: Store, tmp_path: Path) -> None:
    long = ROBOT + KEY_A + "k" * 256
    path = dumped(
        tmp_path,
        payments(sources=[{**CI, "kind": "svn", "secret": "s" * 600}], subscriptions=[group(url=long, events=[])]),
    )
    with pytest.raises(InvalidValue) as told:
        await store.apply.plan(path)
    assert KEY_A not in told.value.sentence
    assert "sss" not in told.value.sentence


# --- regions -----------------------------------------------------------------------------------------------------


async def refused_elsewhere(store: Store, path: Path) -> str:
    with pytest.raises(ChannelUnavailable) as told:
        await store.apply.plan(path)
    return told.value.sentence


async def moved(store: Store, tmp_path: Path, *, enabled: bool = True) -> None:
    """A project with one subscription that is in a region without WeCom by now."""
    await lines(store, dumped(tmp_path, payments(subscriptions=[group(enabled=enabled)])))
    await lines(store, dumped(tmp_path, payments(region=ELSEWHERE)))


async def test_a_channel_is_not_made_in_a_region_that_does_not_offer_it(store: Store, tmp_path: Path) -> None:
    path = dumped(tmp_path, payments(region=ELSEWHERE, subscriptions=[group(), group("two", url=ROBOT + KEY_B)]))
    told = await refused_elsewhere(store, path)
    assert "projects[0].subscriptions[0].channel" in told
    assert ELSEWHERE in told
    assert await store.directory.projects() == []


async def test_what_is_there_passes_unchanged_when_its_project_moves_away(store: Store, tmp_path: Path) -> None:
    await lines(store, dumped(tmp_path, payments(subscriptions=[group()])))
    path = dumped(tmp_path, payments(region=ELSEWHERE, subscriptions=[group()]))
    assert await lines(store, path) == [f"~ project payments: region 'ap-southeast-3' → '{ELSEWHERE}'"]
    assert await lines(store, path) == []
    assert (await store.subscribed()).enabled


@pytest.mark.parametrize("change", [{"user_ids": "a"}, {"gate": "failed"}, {"url": ROBOT + KEY_B}])
async def test_changing_one_is_refused_elsewhere(store: Store, tmp_path: Path, change: dict[str, str]) -> None:
    await moved(store, tmp_path)
    await refused_elsewhere(store, dumped(tmp_path, payments(region=ELSEWHERE, subscriptions=[group(**change)])))


async def test_enabling_one_is_refused_elsewhere(store: Store, tmp_path: Path) -> None:
    await moved(store, tmp_path, enabled=False)
    await refused_elsewhere(store, dumped(tmp_path, payments(region=ELSEWHERE, subscriptions=[group()])))


async def test_disabling_and_deleting_always_work(store: Store, tmp_path: Path) -> None:
    await moved(store, tmp_path)
    off = dumped(tmp_path, payments(region=ELSEWHERE, subscriptions=[group(enabled=False)]))
    assert await lines(store, off) == ["~ subscription payments/release group: enabled true → false"]
    gone = dumped(tmp_path, payments(region=ELSEWHERE))
    assert await lines(store, gone, prune=True) == ["- subscription payments/release group"]


async def test_coming_home_and_changing_in_one_file_works(store: Store, tmp_path: Path) -> None:
    await moved(store, tmp_path)
    path = dumped(tmp_path, payments(subscriptions=[group(user_ids="a")]))
    assert len(await lines(store, path)) == 2
