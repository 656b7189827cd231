"""The CodeArts source: runs, checks and deployments as the SDK's objects have them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls import ARRIVED, event_in, ignored_in, read
from codearts_objects import CHECK, DEPLOYMENT, ENDED, ENDED_MS, PAUSED, PAUSED_MS, RUN, STARTED, without
from shipbell.domain.errors import MalformedEvent
from shipbell.domain.events import Actor, Event, Run, Subject, Trigger


def test_a_run_is_read_whole() -> None:
    assert event_in("codearts", RUN) == Event(
        id=f"5f3c:FAILED:{ENDED_MS}",
        type="pipeline.run.failed",
        time=ENDED,
        subject=Subject(name="build-and-release"),
        run=Run(
            number="128",
            status="FAILED",
            description="Nightly",
            url="https://devcloud.example.com/pipeline/128",
            started_at=STARTED,
            finished_at=ENDED,
        ),
        actor=Actor(name="zhang.san"),
        trigger=Trigger(kind="Push", branch="feature_x", commit="0123abcdef0123abcdef0123abcdef0123abcdef"),
    )


@pytest.mark.parametrize(
    ("status", "event_type"),
    [
        ("COMPLETED", "pipeline.run.completed"),
        ("FAILED", "pipeline.run.failed"),
        ("PAUSED", "pipeline.run.paused"),
        ("SUSPEND", "pipeline.run.suspended"),
        ("IGNORED", "pipeline.run.ignored"),
        ("CANCELED", "pipeline.run.canceled"),
        ("completed", "pipeline.run.completed"),
    ],
)
def test_every_ended_or_paused_status_has_its_event_type(status: str, event_type: str) -> None:
    event = event_in("codearts", {**RUN, "status": status})
    assert (event.type, event.run.status) == (event_type, status)


@pytest.mark.parametrize("status", ["RUNNING", "INIT", "QUEUED", "ASYNC_RUNNING", "SOMETHING_NEW"])
def test_a_run_that_goes_on_is_ignored_with_the_reason(status: str) -> None:
    found = ignored_in("codearts", {**RUN, "status": status})
    assert found.subject.name == "build-and-release"
    assert status in found.reason


def test_a_run_of_the_list_query_has_its_own_word_for_the_id() -> None:
    body = {**without(RUN, "id"), "pipeline_run_id": "5f3c"}
    assert event_in("codearts", body).id == f"5f3c:FAILED:{ENDED_MS}"


def test_each_pause_and_each_end_of_a_run_is_an_event_of_its_own() -> None:
    paused = {**RUN, "status": "PAUSED", "end_time": None, "pause_time": PAUSED_MS}
    bodies = [paused, {**paused, "pause_time": PAUSED_MS + 1}, RUN, {**RUN, "status": "CANCELED"}]
    assert len({event_in("codearts", body).id for body in bodies}) == 4
    assert event_in("codearts", paused).time == PAUSED
    assert event_in("codearts", paused).id == event_in("codearts", {**paused, "description": "other"}).id


@pytest.mark.parametrize("nothing", [0, "0", "", None])
def test_an_end_of_nothing_is_unknown_in_the_identity_too(nothing: object) -> None:
    paused = {**RUN, "status": "PAUSED", "end_time": nothing, "pause_time": PAUSED_MS}
    event = event_in("codearts", paused)
    assert (event.id, event.time) == (f"5f3c:PAUSED:{PAUSED_MS}", PAUSED)
    assert event_in("codearts", {**paused, "pause_time": PAUSED_MS + 1}).id != event.id
    assert event_in("codearts", {**RUN, "end_time": nothing, "pause_time": nothing}).id == "5f3c:FAILED"


@pytest.mark.parametrize("blank", ["", " \n", "\u200b"])
def test_a_name_that_nobody_can_see_is_no_name(blank: str) -> None:
    event = event_in("codearts", {**RUN, "name": blank, "pipeline_id": blank, "executor_name": blank})
    assert (event.subject.name, event.actor) == ("5f3c", None)
    with pytest.raises(MalformedEvent, match="Expected a run"):
        read("codearts", {"id": blank, "status": "FAILED"})


@pytest.mark.parametrize(("body", "name"), [(RUN, "id"), (CHECK, "task_id"), (DEPLOYMENT, "execution_id")])
def test_an_identity_may_be_as_long_as_the_body(body: dict[str, object], name: str) -> None:
    long = "x" * 100_000
    assert long in event_in("codearts", {**body, name: long}).id.lower()


def test_a_merge_request_is_told_by_the_branch_it_goes_to() -> None:
    params = {"merge_id": "7", "source_branch": "feature_x", "target_branch": "main"}
    body = {**RUN, "trigger_type": "MR", "sources": [{"params": {"build_params": params}}]}
    assert event_in("codearts", body).trigger == Trigger(kind="MR", branch="main")


def test_a_tag_is_told_as_a_tag() -> None:
    params = {"build_type": "tag", "tag": "v1.2"}
    body = {**RUN, "trigger_type": "CreateTag", "sources": [{"params": {"build_params": params}}]}
    trigger = event_in("codearts", body).trigger
    assert trigger is not None
    assert (trigger.kind, trigger.tag, trigger.branch) == ("CreateTag", "v1.2", None)


@pytest.mark.parametrize(
    ("built", "branch", "tag"),
    [
        ({"build_type": "tag", "tag": "v1.2", "source_branch": "main"}, None, "v1.2"),
        ({"build_type": "TAG", "tag": "v1.2"}, None, "v1.2"),
        ({"tag": "v1.2"}, None, "v1.2"),
        ({"tag": "v1.2", "source_branch": "feature_x"}, "feature_x", "v1.2"),
        ({"build_type": "branch", "tag": ""}, "trunk", None),
        ({}, "trunk", None),
    ],
)
def test_a_tag_is_not_told_as_the_default_branch(built: dict[str, str], branch: str | None, tag: str | None) -> None:
    body = {**RUN, "sources": [{"params": {"default_branch": "trunk", "build_params": built}}]}
    assert event_in("codearts", body).trigger == Trigger(kind="Push", branch=branch, tag=tag)


def test_numbers_may_be_written_with_a_fraction_of_nothing() -> None:
    raw = (
        b'{"id": 7.0, "status": "FAILED", "run_number": 128.0, "start_time": 1.7954892e12, "end_time": 1795489432000.0}'
    )
    event = event_in("codearts", raw)
    assert (event.id, event.run.number) == (f"7:FAILED:{ENDED_MS}", "128")
    assert (event.run.started_at, event.run.finished_at) == (STARTED, ENDED)


def test_a_run_of_which_little_is_known_invents_nothing() -> None:
    assert event_in("codearts", {"id": 5, "status": "FAILED"}) == Event(
        id="5:FAILED", type="pipeline.run.failed", time=ARRIVED, subject=Subject(name="5"), run=Run(status="FAILED")
    )


@pytest.mark.parametrize("end", [ENDED_MS, str(ENDED_MS), "2026-11-24T11:03:52+08:00", "2026-11-24 03:03:52"])
def test_times_are_read_as_numbers_and_as_text(end: object) -> None:
    assert event_in("codearts", {**RUN, "end_time": end}).run.finished_at == ENDED


def test_an_array_keeps_its_order_and_takes_all_three_objects() -> None:
    found = read("codearts", [RUN, CHECK, DEPLOYMENT, {**RUN, "status": "RUNNING"}])
    assert [one.type for one in found] == [
        "pipeline.run.failed",
        "check.task.completed",
        "deploy.application.deployed",
        "pipeline.run.running",
    ]


def test_more_than_a_thousand_in_one_call_are_refused() -> None:
    with pytest.raises(MalformedEvent, match="1001 objects in one call; at most 1000"):
        read("codearts", [RUN] * 1_001)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"not json", "malformed"),
        (b"3", "Expected"),
        (b"{}", "Expected a run"),
        (b'{"id": "1\\u0000", "status": "FAILED"}', "NUL"),
        (b'{"id": 1, "status": "FAILED", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "recursion"),
        (b'{"id": ' + b"9" * 6_000 + b', "status": "FAILED"}', "range"),
        ({**RUN, "status": None}, "at status"),
        ({**RUN, "status": {}}, "at status"),
        ({**RUN, "id": ["1"]}, "at id"),
        ({**RUN, "end_time": "soon"}, "at end_time"),
        ({**RUN, "end_time": -5}, "at end_time"),
        ({**RUN, "end_time": 10**18}, "at end_time"),
        ({**RUN, "end_time": "9999-12-31T23:59:59-12:00"}, "at end_time"),
        ({**CHECK, "check_time": "0001-01-01T00:00:00+14:00"}, "at check_time"),
        ({**CHECK, "issue_count": "many"}, "at issue_count"),
        ({**CHECK, "issue_count": 1.5}, "at issue_count"),
        (without(DEPLOYMENT, "state"), "at state"),
        ([RUN, 3], r"at \[1\]"),
        ([RUN, {}], r"at \[1\]"),
        ([RUN, [RUN]], r"at \[1\]"),
        ([RUN, {**RUN, "status": ""}], r"at \[1\]\.status"),
    ],
)
def test_a_body_that_is_none_of_them_is_refused_and_the_place_is_named(body: object, words: str) -> None:
    with pytest.raises(MalformedEvent, match=words):
        read("codearts", body)


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.sampled_from([RUN, CHECK, DEPLOYMENT]),
    st.dictionaries(st.sampled_from(sorted({*RUN, *CHECK, *DEPLOYMENT})), _ANYTHING, max_size=4),
)
def test_no_field_of_any_kind_brings_anything_but_an_event_or_words(
    known: dict[str, object], changed: dict[str, object]
) -> None:
    try:
        [found] = read("codearts", {**known, **changed})
    except MalformedEvent as refusal:
        assert refusal.sentence  # noqa: PT017 - either ending is right
    else:
        assert found.id
        assert found.subject.name
