"""The CodeArts source: runs, checks and deployments as the SDK's objects have them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls import ARRIVED, event_in, ignored_in, read
from shipbell.domain.errors import MalformedEvent
from shipbell.domain.events import Actor, Event, Gate, Issues, Run, Subject, Trigger

# 2026-11-24 03:00:00, 03:03:52 and 03:01:00 UTC.
STARTED_MS, ENDED_MS, PAUSED_MS = 1_795_489_200_000, 1_795_489_432_000, 1_795_489_260_000
STARTED, ENDED, PAUSED = (datetime(2026, 11, 24, 3, *rest, tzinfo=UTC) for rest in ((0, 0), (3, 52), (1, 0)))

RUN = {
    "id": "5f3c",
    "pipeline_id": "b21a",
    "name": "build-and-release",
    "description": "Nightly",
    "executor_id": "9e1b",
    "executor_name": "zhang.san",
    "status": "FAILED",
    "trigger_type": "Push",
    "run_number": 128,
    "pause_time": None,
    "start_time": STARTED_MS,
    "end_time": ENDED_MS,
    "project_id": "77aa",
    "region": "ap-southeast-3",
    "stages": [],
    "sources": [
        {
            "params": {
                "git_type": "codehub",
                "default_branch": "trunk",
                "build_params": {
                    "build_type": "branch",
                    "source_branch": "feature_x",
                    "target_branch": "main",
                    "commit_id": "0123abcdef0123abcdef0123abcdef0123abcdef",
                },
            }
        }
    ],
    "detail_url": "https://devcloud.example.com/pipeline/128",
}
CHECK = {
    "task_id": "c41d",
    "task_name": "payments-check",
    "task_status": 2,
    "git_branch": "main",
    "trigger_type": "Manual",
    "creator_id": "li.si",
    "is_access": "false",
    "issue_count": "12",
    "check_time": STARTED_MS,
    "check_end_time": ENDED_MS,
}
DEPLOYMENT = {
    "execution_id": "e77f",
    "release_id": 42,
    "name": "payments-web",
    "project_name": "Payments",
    "state": "succeeded",
    "operator": "9e1b",
    "nickname": "wang.wu",
    "start_time": str(STARTED_MS),
    "end_time": str(ENDED_MS),
    "duration": "232000",
}


def without(body: dict[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in body.items() if name not in names}


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


def test_a_run_of_which_little_is_known_invents_nothing() -> None:
    assert event_in("codearts", {"id": 5, "status": "FAILED"}) == Event(
        id="5:FAILED", type="pipeline.run.failed", time=ARRIVED, subject=Subject(name="5"), run=Run(status="FAILED")
    )


def test_a_check_is_read_whole() -> None:
    assert event_in("codearts", CHECK) == Event(
        id=f"c41d:{ENDED_MS}",
        type="check.task.completed",
        time=ENDED,
        subject=Subject(name="payments-check"),
        run=Run(status="succeeded", started_at=STARTED, finished_at=ENDED),
        actor=Actor(name="li.si"),
        trigger=Trigger(kind="Manual", branch="main"),
        gate=Gate.FAILED,
        issues=Issues(total=12),
    )


@pytest.mark.parametrize("word", ["true", "TRUE", " True ", True, "1", 1, "yes", "Yes", "pass", "PASS"])
def test_a_gate_that_let_the_check_through_has_passed(word: object) -> None:
    assert event_in("codearts", {**CHECK, "is_access": word}).gate is Gate.PASSED


@pytest.mark.parametrize("word", ["false", False, "0", 0, "no", "fail", "anything"])
def test_any_other_gate_has_failed(word: object) -> None:
    assert event_in("codearts", {**CHECK, "is_access": word}).gate is Gate.FAILED


@pytest.mark.parametrize(
    "body", [without(CHECK, "is_access"), {**CHECK, "is_access": None}, {**CHECK, "is_access": ""}]
)
def test_a_check_without_a_gate_has_none_known(body: dict[str, object]) -> None:
    assert event_in("codearts", body).gate is None


@pytest.mark.parametrize(("status", "word"), [(1, "failed"), ("1", "failed"), (2, "succeeded"), ("2", "succeeded")])
def test_a_check_that_ended_is_completed(status: object, word: str) -> None:
    event = event_in("codearts", {**CHECK, "task_status": status})
    assert (event.type, event.run.status) == ("check.task.completed", word)


@pytest.mark.parametrize(("status", "word"), [(0, "running"), ("0", "running"), (3, "aborted"), ("3", "aborted")])
def test_a_check_that_runs_or_was_aborted_is_ignored_with_the_reason(status: object, word: str) -> None:
    found = ignored_in("codearts", {**CHECK, "task_status": status})
    assert word in found.reason
    assert found.id != event_in("codearts", CHECK).id


@pytest.mark.parametrize(
    ("counts", "total"),
    [
        ({"issue_count": 0, "critical_count": 9}, 0),
        ({"critical_count": 1, "major_count": "2", "minor_count": 3, "suggestion_count": 4}, 10),
        ({"issue_counts": {"critical": 1, "serious": 2, "normal": 3, "prompt": 4}}, 10),
        ({"major_count": 2}, 2),
    ],
)
def test_issues_are_the_count_or_the_sum_of_the_severities(counts: dict[str, object], total: int) -> None:
    assert event_in("codearts", {**without(CHECK, "issue_count"), **counts}).issues == Issues(total=total)


def test_a_check_is_known_by_its_end_else_by_its_last_run() -> None:
    body = {**without(CHECK, "check_end_time"), "last_exec_time": "2026-11-24T03:03:52Z"}
    event = event_in("codearts", body)
    assert event.id == "c41d:2026-11-24T03:03:52Z"
    assert event.time == ENDED


def test_a_check_of_which_little_is_known_invents_nothing() -> None:
    event = event_in("codearts", {"task_id": "c41d", "task_status": 1})
    assert event.subject.name == "c41d"
    assert (event.gate, event.issues, event.actor, event.trigger) == (None, None, None, None)


def test_a_deployment_is_read_whole() -> None:
    assert event_in("codearts", DEPLOYMENT) == Event(
        id="e77f:succeeded",
        type="deploy.application.deployed",
        time=ENDED,
        subject=Subject(name="payments-web"),
        run=Run(number="42", status="succeeded", started_at=STARTED, finished_at=ENDED),
        actor=Actor(name="wang.wu"),
        project_name="Payments",
    )


@pytest.mark.parametrize(
    ("state", "event_type"),
    [
        ("succeeded", "deploy.application.deployed"),
        ("failed", "deploy.application.failed"),
        ("timeout", "deploy.application.failed"),
        ("abort", "deploy.application.stopped"),
    ],
)
def test_every_ended_deployment_has_its_event_type_and_keeps_its_word(state: str, event_type: str) -> None:
    event = event_in("codearts", {**DEPLOYMENT, "state": state})
    assert (event.type, event.run.status, event.id) == (event_type, state, f"e77f:{state}")


@pytest.mark.parametrize("state", ["not_started", "pending", "running", "not_executed"])
def test_a_deployment_that_has_not_ended_is_ignored_with_the_reason(state: str) -> None:
    assert state in ignored_in("codearts", {**DEPLOYMENT, "state": state}).reason


def test_an_application_of_the_list_query_has_its_own_words() -> None:
    body = {
        "execution_id": "e77f",
        "execution_state": "failed",
        "execution_time": STARTED_MS,
        "end_time": ENDED_MS,
        "executor_nick_name": "wang.wu",
    }
    event = event_in("codearts", body)
    assert (event.type, event.subject.name, event.actor) == (
        "deploy.application.failed",
        "e77f",
        Actor(name="wang.wu"),
    )
    assert event.run.started_at == STARTED


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
