"""Applying a file makes the settings what it says, once; what it does not name is left alone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from apply_files import FULL, dumped, file_of, group, lines, payments
from settings_store import KEY_A, KEY_B, ROBOT, Store, opened_store
from shipbell.domain.access import Role
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import Content, Format, GateFilter, Locale
from shipbell.storage.tables.settings import audit

CI = {"name": "ci", "kind": "generic", "secret": "s3cret-of-ci"}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened_store(tmp_path / "data") as made:
        yield made


async def test_the_file_of_the_contract_is_taken_to_the_letter(store: Store, tmp_path: Path) -> None:
    said = await lines(store, file_of(tmp_path, FULL))
    assert said == [
        "+ project payments",
        "+ member payments/alice: project_administrator",
        "+ member payments/bob: project_manager",
        "+ member payments/carol: developer",
        "+ member payments/dave: viewer",
        "+ source payments/ci (generic)",
        "+ subscription payments/release group",
    ]
    whole = await store.whole()
    assert (whole.project.region, whole.project.time_zone) == ("ap-southeast-3", "Asia/Singapore")
    assert {one.user: one.role for one in whole.members}["bob"] is Role.PROJECT_MANAGER
    assert whole.sources[0].secret == Secret("s3cret-of-ci")
    one = await store.subscribed()
    assert one.url == Secret(ROBOT + KEY_A)
    assert set(one.events) == {"pipeline.run.failed", "check.task.completed"}
    assert (one.gate, one.locale, one.format, one.enabled) == (GateFilter.FAILED, Locale.ZH_CN, Format.TEXT, True)
    assert one.content == Content({"pipeline": ("pipeline_name", "executed_by", "trigger", "running_status")})
    assert one.user_ids == "zhang.san;li.si"


async def test_what_is_left_out_takes_its_default(store: Store, tmp_path: Path) -> None:
    await lines(store, dumped(tmp_path, payments(subscriptions=[group()])))
    whole = await store.whole()
    assert (whole.project.region, whole.project.time_zone) == ("ap-southeast-3", "UTC")
    assert (whole.members, whole.sources) == ((), ())
    one = await store.subscribed()
    assert (one.gate, one.locale, one.format, one.enabled) == (GateFilter.ALL, Locale.EN, Format.MARKDOWN, True)
    assert (one.content, one.user_ids) == (Content({}), "")


async def test_inside_what_is_named_a_key_left_out_goes_back_to_its_default(store: Store, tmp_path: Path) -> None:
    await lines(store, file_of(tmp_path, FULL))
    said = await lines(store, dumped(tmp_path, payments(subscriptions=[group()])))
    assert said[0] == "~ project payments: time_zone 'Asia/Singapore' → 'UTC'"
    assert said[1].startswith("~ subscription payments/release group: ")
    one = await store.subscribed()
    assert (one.gate, one.locale, one.format) == (GateFilter.ALL, Locale.EN, Format.MARKDOWN)
    assert (one.content, one.user_ids) == (Content({}), "")


async def test_applying_a_file_twice_changes_nothing(store: Store, tmp_path: Path) -> None:
    path = file_of(tmp_path, FULL)
    await lines(store, path)
    before, version = await store.whole(), (await store.directory.refresh()).version
    [kept] = await store.rows(select(func.count().label("entries")).select_from(audit))
    assert await lines(store, path) == []
    assert await store.whole() == before
    assert (await store.directory.refresh()).version == version
    assert await store.rows(select(func.count().label("entries")).select_from(audit)) == [kept]


async def test_the_order_in_which_a_file_names_events_and_fields_is_no_change(store: Store, tmp_path: Path) -> None:
    await lines(store, file_of(tmp_path, FULL))
    turned = FULL.replace("[pipeline.run.failed, check.task.completed]", "[check.task.completed, pipeline.run.failed]")
    turned = turned.replace("[pipeline_name, executed_by,", "[executed_by, pipeline_name,")
    assert turned != FULL
    assert await lines(store, file_of(tmp_path, turned)) == []


async def test_planning_says_what_would_change_and_changes_nothing(store: Store, tmp_path: Path) -> None:
    plan = await store.apply.plan(file_of(tmp_path, FULL))
    assert len(plan.lines) == len(plan.edits) == 7
    assert await store.directory.projects() == []
    assert store.heard == []


async def test_a_change_is_told_with_before_and_after_and_secrets_stay_hidden(store: Store, tmp_path: Path) -> None:
    await lines(store, file_of(tmp_path, FULL))
    text = FULL.replace('"zhang.san;li.si"', '"zhang.san"').replace(KEY_A, KEY_B).replace("s3cret-of-ci", "another")
    said = await lines(store, file_of(tmp_path, text.replace("bob: project_manager", "bob: viewer")))
    assert said[0] == "~ member payments/bob: project_manager → viewer"
    assert said[1] == "~ source payments/ci: secret changed"
    assert "user_ids 'zhang.san;li.si' → 'zhang.san'" in said[2]
    assert "url https://" in said[2]
    assert not any(secret in "".join(said) for secret in (KEY_A, KEY_B, "another", "s3cret"))


async def test_what_a_file_does_not_name_is_left_alone(store: Store, tmp_path: Path) -> None:
    await lines(store, file_of(tmp_path, FULL))
    await lines(store, dumped(tmp_path, {"key": "search", "name": "Search"}))
    before = await store.whole()
    kept = payments(time_zone="Asia/Singapore", subscriptions=[group("second", url=ROBOT + KEY_B)])
    assert await lines(store, dumped(tmp_path, kept)) == ["+ subscription payments/second"]
    after = await store.whole()
    assert (after.members, after.sources) == (before.members, before.sources)
    assert before.subscriptions[0] in after.subscriptions


async def test_prune_takes_away_what_a_named_project_does_not_mention_and_only_there(
    store: Store, tmp_path: Path
) -> None:
    await lines(store, file_of(tmp_path, FULL))
    assert await lines(store, file_of(tmp_path, FULL), prune=True) == []
    await lines(store, dumped(tmp_path, {"key": "search", "name": "Search", "sources": [CI]}))
    kept = payments(time_zone="Asia/Singapore", members={"alice": "project_administrator"})
    said = await lines(store, dumped(tmp_path, kept), prune=True)
    assert said == [
        "- member payments/bob",
        "- member payments/carol",
        "- member payments/dave",
        "- source payments/ci",
        "- subscription payments/release group",
    ]
    assert [one.key for one in await store.directory.projects()] == ["payments", "search"]
    assert [one.name for one in (await store.whole("search")).sources] == ["ci"]
    assert await lines(store, dumped(tmp_path, kept), prune=True) == []


async def test_defaults_reach_the_subscriptions_of_their_own_file_and_yield_to_them(
    store: Store, tmp_path: Path
) -> None:
    wished = payments(subscriptions=[group("one"), group("two", locale="en", user_ids="li.si")])
    dumped(tmp_path, wished, defaults={"locale": "zh-CN", "user_ids": "zhang.san"})
    file_of(tmp_path, f"projects: [{{key: search, name: Search, subscriptions: [{group()!r}]}}]", "zz.yaml")
    await lines(store, tmp_path)
    one, two = (await store.whole()).subscriptions
    assert (one.locale, one.user_ids) == (Locale.ZH_CN, "zhang.san")
    assert (two.locale, two.user_ids) == (Locale.EN, "li.si")
    [other] = (await store.whole("search")).subscriptions
    assert (other.locale, other.user_ids) == (Locale.EN, "")


async def test_a_known_source_keeps_its_secret_when_it_is_left_out_or_masked(store: Store, tmp_path: Path) -> None:
    await lines(store, file_of(tmp_path, FULL))
    for secret in ("", ", secret: '********'"):
        text = FULL.replace(", secret: s3cret-of-ci", secret)
        assert await lines(store, file_of(tmp_path, text)) == []
    assert (await store.whole()).sources[0].secret == Secret("s3cret-of-ci")


async def test_a_mask_keeps_the_url_of_a_known_subscription_while_the_rest_changes(
    store: Store, tmp_path: Path
) -> None:
    await lines(store, file_of(tmp_path, FULL))
    mask = (await store.subscribed()).url_mask
    text = FULL.replace(ROBOT + KEY_A, f'"{mask}"').replace("gate: failed", "gate: passed")
    assert await lines(store, file_of(tmp_path, text)) == [
        "~ subscription payments/release group: gate 'failed' → 'passed'"
    ]
    assert (await store.subscribed()).url == Secret(ROBOT + KEY_A)


async def test_a_member_may_be_named_before_the_account_exists(store: Store, tmp_path: Path) -> None:
    await lines(store, dumped(tmp_path, payments(members={"not.yet.here": "viewer"})))
    assert [one.user for one in (await store.whole()).members] == ["not.yet.here"]
    assert await store.accounts.user("not.yet.here") is None
