"""The CodeArts source reads checks and deployments."""

import pytest

from calls import event_in, ignored_in, read
from codearts_objects import CHECK, DEPLOYMENT, ENDED, ENDED_MS, STARTED, STARTED_MS, without
from shipbell.domain.errors import MalformedEvent
from shipbell.domain.events import Actor, Event, Gate, Issues, Run, Subject, Trigger


def test_a_check_is_read_whole() -> None:
    assert event_in("codearts", CHECK) == Event(
        id=f"c41d:{ENDED_MS}",
        type="check.task.completed",
        time=ENDED,
        subject=Subject(name="payments-check"),
        run=Run(status="succeeded", started_at=STARTED, finished_at=ENDED),
        trigger=Trigger(kind="Manual", branch="main"),
        gate=Gate.FAILED,
        issues=Issues(total=12),
    )


def test_who_created_a_check_is_not_told_as_who_ran_it() -> None:
    body = {**CHECK, "creator_name": "li.si"}
    assert event_in("codearts", body).actor is None
    assert event_in("codearts", {**body, "executor_name": "wang.wu"}).actor == Actor(name="wang.wu")


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


APPLICATION = {
    "id": "a99c",
    "name": "payments-web",
    "project_name": "Payments",
    "execution_state": "failed",
    "release_id": 42,
    "execution_time": STARTED_MS,
    "end_time": ENDED_MS,
    "executor_nick_name": "wang.wu",
}


def test_an_application_of_the_list_is_a_deployment_known_by_its_number() -> None:
    event = event_in("codearts", APPLICATION)
    assert (event.id, event.type, event.subject.name) == (
        "a99c:42:failed",
        "deploy.application.failed",
        "payments-web",
    )
    assert (event.run.number, event.project_name, event.run.finished_at) == ("42", "Payments", ENDED)
    assert event_in("codearts", without(APPLICATION, "release_id")).id == f"a99c:{ENDED_MS}:failed"
    assert event_in("codearts", without(APPLICATION, "name")).subject.name == "a99c"


@pytest.mark.parametrize("gone", [("id",), ("release_id", "end_time", "execution_time"), ("id", "release_id")])
def test_an_application_whose_runs_cannot_be_told_apart_is_refused(gone: tuple[str, ...]) -> None:
    with pytest.raises(MalformedEvent, match="at execution_id"):
        read("codearts", without(APPLICATION, *gone))


def test_a_check_without_an_end_is_told_apart_by_its_last_run() -> None:
    body = {**CHECK, "check_end_time": 0, "last_exec_time": ENDED_MS}
    event = event_in("codearts", body)
    assert (event.id, event.time) == (f"c41d:{ENDED_MS}", ENDED)


@pytest.mark.parametrize("count", [-1, "-1", 10**13])
def test_a_count_that_cannot_be_is_refused_and_named(count: object) -> None:
    with pytest.raises(MalformedEvent, match="at issue_count"):
        read("codearts", {**CHECK, "issue_count": count})
