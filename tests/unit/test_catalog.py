"""The catalog holds what the contract lists, whole and in both languages."""

import pytest

from shipbell.domain.catalog import (
    DEFAULT_REGION,
    EVENT_TYPES,
    GATES,
    GROUPS,
    REGIONS,
    SERVICES,
    STATUSES,
    known,
    status,
)
from shipbell.domain.subscriptions import GateFilter, Locale

EVENTS = {
    "check": ["check.task.completed"],
    "deploy": ["deploy.application.deployed", "deploy.application.failed", "deploy.application.stopped"],
    "pipeline": [
        f"pipeline.run.{one}" for one in ("completed", "failed", "paused", "suspended", "ignored", "canceled")
    ],
    "build": [f"build.task.{one}" for one in ("succeeded", "failed", "disabled", "deleted", "updated")],
    "repo": ["repo.repository.capacity_warning", "repo.repository.deleted"]
    + [
        f"repo.merge_request.{one}"
        for one in ("opened", "updated", "merged", "reviewed", "approved", "review_created", "review_resolved")
    ],
}
FIELDS = {
    "check": "check_result gate_result issue_count redirect_url executed_by completion_time",
    "deploy": "application_name execution_result execution_id executed_by execution_time project_name",
    "pipeline": "pipeline_name run_description executed_by trigger project_name execution_time running_status",
    "build": "task_name executed_by execution_time",
    "repo": "repository title executed_by redirect_url",
}
# The labels that a person compares with CodeArts' own page: English and Chinese, whole.
LABELS = [
    ("check", "Completed", "检查完成"),
    ("deploy", "Application deployed", "应用部署成功"),
    ("deploy", "Deploy application failed", "应用部署失败"),
    ("deploy", "Deploy stopped", "应用部署中止"),
    ("pipeline", "Completed", "已完成"),
    ("pipeline", "Failed", "失败"),
    ("pipeline", "Paused", "暂停"),
    ("pipeline", "Suspended", "挂起"),
    ("pipeline", "Ignored", "忽略"),
    ("check", "Check result", "检查结果"),
    ("check", "Gate check result", "门禁结果"),
    ("check", "Issues", "问题数"),
    ("check", "Redirect URL", "跳转链接"),
    ("check", "Executed by", "执行人"),
    ("check", "Completion time", "完成时间"),
    ("deploy", "Application name", "应用名称"),
    ("deploy", "Execution result", "执行结果"),
    ("deploy", "Execution ID", "执行序号"),
    ("deploy", "Executed by", "执行人"),
    ("deploy", "Execution time", "执行时间"),
    ("deploy", "Project name", "项目名称"),
    ("pipeline", "Pipeline name", "流水线名称"),
    ("pipeline", "Pipeline execution description", "流水线执行描述"),
    ("pipeline", "Executed by", "执行人"),
    ("pipeline", "Trigger", "触发信息"),
    ("pipeline", "Project name", "项目名称"),
    ("pipeline", "Execution time", "执行时间"),
    ("pipeline", "Running status", "运行状态"),
    ("repo", "Capacity warning", "容量预警"),
    ("repo", "Repo deleted", "删除仓库"),
    ("repo", "Review created", "新建评审意见"),
]


@pytest.mark.parametrize("service", EVENTS)
def test_a_service_offers_exactly_the_event_types_of_the_contract(service: str) -> None:
    assert [one.id for one in SERVICES[service].events] == EVENTS[service]


@pytest.mark.parametrize("service", FIELDS)
def test_a_service_offers_exactly_the_content_fields_of_the_contract(service: str) -> None:
    assert list(SERVICES[service].field_ids) == FIELDS[service].split()


@pytest.mark.parametrize(("service", "english", "chinese"), LABELS)
def test_a_label_is_that_of_codearts_in_both_languages(service: str, english: str, chinese: str) -> None:
    labels = [one.label for one in SERVICES[service].events] + [one.label for one in SERVICES[service].fields]
    assert (english, chinese) in [(one.en, one.zh) for one in labels]


def test_revision_a_is_check_deploy_and_pipeline_and_b_comes_after() -> None:
    assert [(one.id, one.revision) for one in SERVICES.values()] == [
        ("check", "A"),
        ("deploy", "A"),
        ("pipeline", "A"),
        ("build", "B"),
        ("repo", "B"),
    ]


def test_the_gate_is_all_passed_or_failed_with_whole_labels() -> None:
    assert list(GATES) == [one.value for one in GateFilter]
    assert GATES["passed"].en == "Gate check passed"
    assert GATES["failed"].en == "Gate check failed"
    assert [one.zh for one in GATES.values()] == ["全部", "门禁通过", "门禁不通过"]


def test_singapore_leads_the_regions_and_is_the_default() -> None:
    assert next(iter(REGIONS)) == DEFAULT_REGION == "ap-southeast-3"
    assert REGIONS[DEFAULT_REGION].en == "AP-Singapore"


@pytest.mark.parametrize("word", ["COMPLETED", "FAILED", "PAUSED", "SUSPEND", "IGNORED", "CANCELED", "RUNNING"])
def test_every_status_of_a_codearts_run_is_known_however_it_is_written(word: str) -> None:
    for written in (word, word.lower(), word.title()):
        assert status(written) is STATUSES[word.lower()]


@pytest.mark.parametrize("word", ["succeeded", "failed", "abort", "timeout"])
def test_every_final_state_of_a_deployment_is_known(word: str) -> None:
    assert status(word) is not None


def test_an_unknown_or_absent_status_is_not_known() -> None:
    assert status("QUANTUM") is None
    assert status("") is None
    assert status(None) is None


def test_the_repo_service_keeps_repository_and_merge_request_apart() -> None:
    groups = {one.id: one.group for one in SERVICES["repo"].events}
    assert all(groups[name] == name.split(".")[1] for name in groups)
    assert set(groups.values()) == set(GROUPS)


def test_every_label_has_words_in_both_languages() -> None:
    labels = [
        *GATES.values(),
        *GROUPS.values(),
        *REGIONS.values(),
        *(one.label for one in STATUSES.values()),
        *(one.label for one in SERVICES.values()),
        *(one.object for one in SERVICES.values()),
        *(one.label for one in EVENT_TYPES.values()),
        *(one.said for one in EVENT_TYPES.values()),
        *(one.label for service in SERVICES.values() for one in service.fields),
    ]
    for label in labels:
        assert label.read(Locale.EN).strip()
        assert label.read(Locale.EN).isascii()
        assert any("\u4e00" <= letter <= "\u9fff" for letter in label.read(Locale.ZH_CN))


def test_only_the_catalog_says_what_is_known() -> None:
    assert known("pipeline.run.failed")
    assert not known("pipeline.run.exploded")
    assert not known("")
