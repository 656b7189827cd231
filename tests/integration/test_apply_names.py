"""A key or a name is text, as written: YAML's numbers and truths are not taken for the names that they look like."""

import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from apply_files import dumped, file_of, group, lines, payments, problems
from settings_store import ALICE, Store, opened_store
from shipbell.domain.errors import InvalidFile, InvalidValue
from shipbell.storage.tables.settings import members, projects, subscriptions


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened_store(tmp_path / "data") as made:
        yield made


async def told(store: Store, path: Path) -> list[tuple[str, str]]:
    return [(one.field, one.code) for one in await problems(store, path)]


@pytest.mark.parametrize(
    ("written", "field"),
    [("12345", "12345"), ("0123", "83"), ("on", "true"), ("no", "false"), ("~", "null"), ("1.5", "1.5"),
     ("0x" + "f" * 5_000, "(int)"), ("!!binary YWxpY2U=", "(bytes)")],
)  # fmt: skip
async def test_a_member_is_named_in_text(store: Store, tmp_path: Path, written: str, field: str) -> None:
    path = file_of(tmp_path, f"projects: [{{key: payments, members: {{? {written} : viewer}}}}]")
    assert await told(store, path) == [(f"projects[0].members.{field}", "not-text")]


async def test_a_number_in_quotes_is_a_name_like_any_other(store: Store, tmp_path: Path) -> None:
    path = file_of(tmp_path, "projects: [{key: payments, members: {'12345': viewer, 'on': developer}}]")
    assert await lines(store, path) == [
        "+ project payments", "+ member payments/12345: viewer", "+ member payments/on: developer",
    ]  # fmt: skip
    for _ in range(2):
        assert await lines(store, path, prune=True) == []


async def test_a_number_never_puts_or_drops_the_member_of_that_name(store: Store, tmp_path: Path) -> None:
    await lines(store, file_of(tmp_path, "projects: [{key: payments, members: {'12345': viewer}}]"))
    bare = file_of(tmp_path, "projects: [{key: payments, members: {12345: viewer}}]")
    for prune in (False, True):
        with pytest.raises(InvalidValue):
            await store.apply(bare, ALICE, prune=prune)
    assert [one.user for one in (await store.whole()).members] == ["12345"]


@pytest.mark.parametrize("value", [7, True, 1.5, ["payments"], {"a": "b"}])
async def test_keys_and_names_that_are_no_text_find_nothing(store: Store, tmp_path: Path, value: object) -> None:
    before = payments(
        sources=[{"name": re.sub("[^a-z0-9]", "", str(value).lower()), "kind": "generic", "secret": "s"}],
        subscriptions=[group(str(value))],
    )
    await lines(store, dumped(tmp_path, before))
    path = dumped(
        tmp_path,
        {"key": value},
        payments(sources=[{"name": value, "kind": "generic"}], subscriptions=[group() | {"name": value}]),
    )
    assert await told(store, path) == [
        ("projects[0].key", "not-text"),
        ("projects[1].sources[0].name", "not-text"),
        ("projects[1].sources[0].secret", "required"),
        ("projects[1].subscriptions[0].name", "not-text"),
    ]


async def test_a_key_of_a_project_or_of_what_is_in_it_is_text(store: Store, tmp_path: Path) -> None:
    text = """
    defaults: {1: x}
    projects:
      - {key: a, on: x, sources: [{name: ci, kind: generic, secret: s, 2: x}]}
      - key: b
        subscriptions: [{name: g, url: "https://a.example/", events: [pipeline.run.failed], content: {no: []}}]
    """
    assert await told(store, file_of(tmp_path, text)) == [
        ("defaults.1", "not-text"),
        ("projects[0].true", "not-text"),
        ("projects[0].sources[0].2", "not-text"),
        ("projects[1].subscriptions[0].1", "not-text"),
        ("projects[1].subscriptions[0].content.false", "not-text"),
    ]


async def test_a_members_problem_has_a_stable_code_and_stands_at_the_member(store: Store, tmp_path: Path) -> None:
    members = {"alice": "owner", "b b": "viewer", "": "viewer", "dave": None, "\ud800": "viewer"}
    assert await told(store, file_of(tmp_path, f"projects: [{{key: payments, members: {json.dumps(members)}}}]")) == [
        ("projects[0].members.alice", "unknown-role"),
        ("projects[0].members.b b", "name-characters"),
        ('projects[0].members.""', "name-characters"),
        ("projects[0].members.dave", "required"),
        ("projects[0].members.\ud800", "name-characters"),
    ]


async def test_projects_without_a_key_each_hear_that_it_is_required(store: Store, tmp_path: Path) -> None:
    path = file_of(tmp_path, "projects: [{name: A}, {name: B}, {key: ~}]")
    assert await told(store, path) == [(f"projects[{index}].key", "required") for index in range(3)]


async def test_a_key_that_no_database_could_hold_is_told_as_any_other(store: Store, tmp_path: Path) -> None:
    path = file_of(tmp_path, 'projects: [{key: "\\ud800"}, {key: "a\\0"}]')
    assert {one.field for one in await problems(store, path)} >= {"projects[0].key", "projects[1].key"}


@pytest.mark.timeout(20)
async def test_a_short_file_that_unfolds_without_end_costs_nothing_wherever_it_is_used(
    store: Store, tmp_path: Path
) -> None:
    bomb = "".join(f"b{level}: &b{level} [{', '.join([f'*b{level - 1}'] * 9)}]\n" for level in range(1, 9))
    for use in ("key: *b8", "key: a, name: *b8", "key: a, members: *b8", "key: a, sources: [{name: *b8}]"):
        began = time.process_time()
        with pytest.raises(InvalidFile, match="beyond all bounds"):
            await store.apply.plan(file_of(tmp_path, f"b0: &b0 [x]\n{bomb}projects: [{{{use}}}]"))
        assert time.process_time() - began < 1


async def test_names_that_nobody_sees_whole_are_refused_and_those_already_kept_stay(
    store: Store, tmp_path: Path
) -> None:
    hidden = "adm\u200bin"
    new = payments(name=hidden, members={hidden: "viewer"}, subscriptions=[group(hidden)])
    path = dumped(tmp_path, new)
    assert await told(store, path) == [
        ("projects[0].name", "name-invisible"),
        (f"projects[0].members.{hidden}", "name-invisible"),
        ("projects[0].subscriptions[0].name", "name-invisible"),
    ]
    await lines(store, dumped(tmp_path, payments(members={"x": "viewer"}, subscriptions=[group()])))
    names = (projects.c.name, members.c.user_name, subscriptions.c.name)
    named = [update(column.table).values({column: hidden}) for column in names]
    await store.database.write(lambda connection: [connection.execute(one) for one in named])
    changed = [group() | {"name": hidden, "gate": "failed"}]
    assert await lines(store, dumped(tmp_path, new)) == []
    assert (
        len(await lines(store, dumped(tmp_path, new | {"members": {hidden: "developer"}, "subscriptions": changed})))
        == 2
    )
