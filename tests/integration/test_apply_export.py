"""An export is a file that apply takes: applied, it changes nothing, and it shows no secret unless it is asked to."""

from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apply_files import FULL, dumped, file_of, group, lines, payments
from settings_store import ALICE, KEY_A, KEY_B, ROBOT, Store, opened_store
from shipbell.domain.catalog import EVENT_TYPES, SERVICES
from shipbell.domain.errors import NotFound
from shipbell.domain.secret import Secret
from shipbell.domain.validation import Findings, name, user_name

SEARCH: dict[str, object] = {
    "key": "search",
    "name": "搜索",
    "region": "eu-west-101",
    "members": {"0123": "viewer", "yes": "developer"},
}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened_store(tmp_path / "data") as made:
        await made.apply(file_of(tmp_path, FULL), ALICE)
        await made.apply(dumped(tmp_path, SEARCH), ALICE)
        yield made


async def test_applying_an_export_changes_nothing_with_masks_or_secrets_pruned_or_not(
    store: Store, tmp_path: Path
) -> None:
    for with_secrets in (False, True):
        path = file_of(tmp_path, await store.export(with_secrets=with_secrets))
        assert await lines(store, path) == []
        assert await lines(store, path, prune=True) == []


async def test_an_export_shows_masks_and_no_secret(store: Store) -> None:
    text = await store.export()
    assert KEY_A not in text
    assert "s3cret-of-ci" not in text
    assert f"key=********{KEY_A[-4:]}" in text


async def test_an_export_with_secrets_sets_up_an_empty_store_the_same(store: Store, tmp_path: Path) -> None:
    path = file_of(tmp_path, await store.export(with_secrets=True))
    async with opened_store(tmp_path / "other") as other:
        await other.apply(path, ALICE)
        assert (await other.subscribed()).url == Secret(ROBOT + KEY_A)
        assert (await other.whole()).sources[0].secret == Secret("s3cret-of-ci")
        assert await other.export(with_secrets=True) == path.read_text("utf-8")


async def test_an_export_names_projects_and_what_is_in_them_in_a_stable_order(store: Store, tmp_path: Path) -> None:
    before = await store.export()
    more = payments(time_zone="Asia/Singapore", subscriptions=[group("a group", url=ROBOT + KEY_B)])
    await lines(store, dumped(tmp_path, more))
    content = yaml.safe_load(await store.export())
    assert [one["key"] for one in content["projects"]] == ["payments", "search"]
    assert [one["name"] for one in content["projects"][0]["subscriptions"]] == ["a group", "release group"]
    assert list(yaml.safe_load(before)["projects"][0]) == [
        "key", "name", "region", "time_zone", "members", "sources", "subscriptions",
    ]  # fmt: skip
    assert await store.export() == await store.export()


async def test_one_project_can_be_exported_and_only_one_that_is_there(store: Store) -> None:
    content = yaml.safe_load(await store.export("search"))
    assert [one["key"] for one in content["projects"]] == ["search"]
    with pytest.raises(NotFound, match="gone"):
        await store.export("gone")


async def test_chinese_stays_readable_and_words_like_yes_stay_names(store: Store) -> None:
    text = await store.export("search")
    assert "搜索" in text
    assert yaml.safe_load(text)["projects"][0]["members"] == {"0123": "viewer", "yes": "developer"}


def passes(rule: object, text: str) -> bool:
    found = Findings()
    checked = found.text({"name": text}, "name")
    return rule(found, checked) is not None and not found.problems  # type: ignore[operator]


names = st.text(min_size=1, max_size=100).filter(lambda text: passes(name, text))
users = st.text(min_size=1, max_size=20).filter(lambda text: passes(user_name, text))
contents: st.SearchStrategy[dict[str, list[str]]] = st.dictionaries(
    st.sampled_from(list(SERVICES)), st.just([]), max_size=3
)
groups = st.builds(
    group,
    names,
    events=st.lists(st.sampled_from(list(EVENT_TYPES)), min_size=1, max_size=5),
    url=st.sampled_from([ROBOT + KEY_A, ROBOT + KEY_B, "http://127.0.0.1:9100/send?key=team", "https://a.example/x"]),
    gate=st.sampled_from(["all", "passed", "failed"]),
    content=st.none() | contents,
    user_ids=st.text("aZ09;.-_@", max_size=30),
    locale=st.sampled_from(["en", "zh-CN"]),
    format=st.sampled_from(["markdown", "text"]),
    enabled=st.booleans(),
)
projects = st.builds(
    payments,
    name=names,
    members=st.dictionaries(users, st.sampled_from(["viewer", "developer"]), max_size=3),
    subscriptions=st.lists(groups, max_size=3, unique_by=lambda one: str(one["name"]).strip()),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(project=projects)
async def test_whatever_passes_the_rules_survives_export_and_apply(project: dict[str, object]) -> None:
    with TemporaryDirectory() as folder:
        here = Path(folder)
        async with opened_store(here / "data") as store:
            await lines(store, dumped(here, project))
            text = await store.export()
            assert await lines(store, file_of(here, text), prune=True) == []
            assert await store.export() == text
