"""One event reads as the contract says: headline, chosen fields, link, mentions."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from happenings import AT, bare, happening, waiting
from shipbell.domain.catalog import EVENT_TYPES, SERVICES, EventType
from shipbell.domain.compose import compose, headline
from shipbell.domain.events import Event, Gate, Issues, Run, Trigger
from shipbell.domain.messages import Link, Message, Tone
from shipbell.domain.subscriptions import Content, Format, Locale

TYPES = list(EVENT_TYPES.values())


def shown(message: Message) -> dict[str, str]:
    """The values of a message under their field ids."""
    return {one.id: one.value for one in message.fields}


@pytest.mark.parametrize(
    ("event", "english", "chinese"),
    [
        (
            happening(),
            "❌ Pipeline failed: build-and-release #128",
            "❌ 流水线失败：build-and-release #128",
        ),
        (happening("pipeline.run.paused"), "⏸️ Pipeline paused: build-and-release #128", None),
        (happening("pipeline.run.completed", number=None), "✅ Pipeline completed: build-and-release", None),
        (
            happening("check.task.completed", name="core", number=None, gate=Gate.FAILED),
            "❌ Check completed, gate failed: core",
            "❌ 检查完成，门禁不通过：core",
        ),
        (
            happening("check.task.completed", name="core", number=None, gate=Gate.PASSED),
            "✅ Check completed, gate passed: core",
            "✅ 检查完成，门禁通过：core",
        ),
        (
            happening("check.task.completed", name="core", number=None, gate=Gate.NONE, status="Succeeded"),
            "✅ Check completed, no gate: core",
            "✅ 检查完成，无门禁：core",
        ),
        (
            happening("check.task.completed", name="core", number=None, status="Succeeded"),
            "✅ Check completed: core",
            "✅ 检查完成：core",
        ),
        (
            happening("deploy.application.failed", name="shop", number="7", status="timeout"),
            "❌ Deployment timed out: shop #7",
            "❌ 应用部署超时：shop #7",
        ),
        (happening("deploy.application.failed", name="shop", number="#7"), "❌ Deployment failed: shop #7", None),
    ],
)
def test_the_headline_says_it_all_in_plain_words(event: Event, english: str, chinese: str | None) -> None:
    assert headline(event, Locale.EN) == english
    if chinese is not None:
        assert headline(event, Locale.ZH_CN) == chinese


@pytest.mark.parametrize("kind", TYPES, ids=lambda one: one.id)
@pytest.mark.parametrize("locale", Locale)
def test_a_headline_names_subject_and_run_once_and_nobody(kind: EventType, locale: Locale) -> None:
    message = compose([waiting(happening(kind.id, name="subject-name"), locale=locale)])
    assert message.headline.count("subject-name") == 1
    assert message.headline.endswith("subject-name #128")
    for absent in ("zhang.san", "main", "Payments", "double booking", "0123abc", "<", "**", "["):
        assert absent not in message.headline


def test_fields_come_in_the_order_of_the_catalog_with_labels_of_the_language() -> None:
    english = compose([waiting(happening())])
    assert [(one.label, one.value) for one in english.fields] == [
        ("Pipeline name", "build-and-release"),
        ("Pipeline execution description", "Merge #42 Fix double booking"),
        ("Executed by", "zhang.san"),
        ("Trigger", "push on main, 0123abcd"),
        ("Project name", "Payments of the group"),
        ("Execution time", "24 Nov 2026, 10:37, took 3 min 52 s"),
        ("Running status", "Failed"),
    ]
    chinese = compose([waiting(happening(), locale=Locale.ZH_CN)])
    assert [(one.label, one.value) for one in chinese.fields][-2:] == [
        ("执行时间", "2026-11-24 10:37，耗时 3 分 52 秒"),
        ("运行状态", "失败"),
    ]


def test_a_check_shows_result_gate_issues_and_completion_time() -> None:
    message = compose([waiting(happening("check.task.completed", gate=Gate.PASSED, status="Succeeded"))])
    assert shown(message) == {
        "check_result": "Succeeded",
        "gate_result": "Gate check passed",
        "issue_count": "3",
        "executed_by": "zhang.san",
        "completion_time": "24 Nov 2026, 10:40",
    }


def test_a_deployment_shows_its_result_and_number() -> None:
    values = shown(compose([waiting(happening("deploy.application.stopped", name="shop", number="7", status="abort"))]))
    assert values["application_name"] == "shop"
    assert values["execution_result"] == "Stopped"
    assert values["execution_id"] == "7"


@pytest.mark.parametrize("kind", TYPES, ids=lambda one: one.id)
@pytest.mark.parametrize("locale", Locale)
def test_each_field_ticked_alone_shows_its_label_and_a_value(kind: EventType, locale: Locale) -> None:
    service = SERVICES[kind.service]
    for field in service.fields:
        event = happening(kind.id, gate=Gate.PASSED)
        message = compose([waiting(event, locale=locale, content=Content({service.id: (field.id,)}))])
        if field.id == "redirect_url":
            assert message.fields == ()
            assert message.link is not None
            assert message.link.label == field.label.read(locale)
        else:
            assert [(one.id, one.label) for one in message.fields] == [(field.id, field.label.read(locale))]
            assert message.fields[0].value


@pytest.mark.parametrize("kind", TYPES, ids=lambda one: one.id)
def test_what_is_unknown_is_left_out(kind: EventType) -> None:
    message = compose([waiting(bare(kind.id))])
    known = {"pipeline_name", "application_name", "task_name", "repository", "project_name", "completion_time"}
    assert set(shown(message)) <= known
    assert message.link is None
    assert message.headline.endswith(": build-and-release")


def test_no_field_leaves_the_headline_and_the_link() -> None:
    message = compose([waiting(happening(), content=Content({"pipeline": ()}))])
    assert message.fields == ()
    assert message.link is not None


def test_content_chosen_for_another_service_leaves_this_one_whole() -> None:
    message = compose([waiting(happening(), content=Content({"check": ()}))])
    assert set(shown(message)) == set(SERVICES["pipeline"].field_ids)


@pytest.mark.parametrize("service", SERVICES)
def test_the_link_follows_the_tick_where_it_is_a_field_and_is_always_there_elsewhere(service: str) -> None:
    kind = SERVICES[service].events[0].id
    ticked = compose([waiting(happening(kind))])
    unticked = compose([waiting(happening(kind), content=Content({service: ()}))])
    assert ticked.link is not None
    assert ticked.link.url == "https://ci.example.com/p/128"
    assert "https://ci.example.com/p/128" not in shown(ticked).values()
    assert (unticked.link is None) == ("redirect_url" in SERVICES[service].field_ids)


def test_without_a_link_of_the_run_the_subject_is_linked() -> None:
    for url in (None, "javascript:alert(1)"):
        assert compose([waiting(happening(url=url))]).link == Link(
            label="Open the run", url="https://ci.example.com/subject"
        )


def test_two_subscriptions_are_united_in_fields_and_mentions() -> None:
    event = happening()
    message = compose(
        [
            waiting(
                event, id=1, event_id=9, content=Content({"pipeline": ("running_status",)}), user_ids=("li.si", "a")
            ),
            waiting(
                event, id=2, event_id=9, content=Content({"pipeline": ("pipeline_name",)}), user_ids=("b", "li.si")
            ),
        ]
    )
    assert [one.id for one in message.fields] == ["pipeline_name", "running_status"]
    assert message.user_ids == ("li.si", "a", "b")


def test_a_known_status_is_coloured_and_translated_and_another_stays_as_it_came() -> None:
    known = compose([waiting(happening(status="suspend"), locale=Locale.ZH_CN)]).fields[-1]
    assert (known.value, known.tone) == ("挂起", Tone.WARN)
    assert compose([waiting(happening(status=" FAILED\n"))]).fields[-1].value == "Failed"
    other = compose([waiting(happening(status="Half_Done"), locale=Locale.ZH_CN)]).fields[-1]
    assert (other.value, other.tone) == ("Half_Done", None)


@pytest.mark.parametrize(
    ("trigger", "english", "chinese"),
    [
        (Trigger(kind="Push", branch="main", commit="0123abcdef"), "push on main, 0123abcd", "推送 · main，0123abcd"),
        (Trigger(kind="Manual"), "manual", "手动"),
        (Trigger(kind="CreateTag", tag="v1.2"), "tag v1.2", "新建标签 · v1.2"),
        (Trigger(kind="Push", branch=" ", tag="v1.2"), "push on v1.2", "推送 · v1.2"),
        (Trigger(kind="SubPipeline"), "sub-pipeline", "子流水线"),
        (Trigger(branch="main"), "main", "main"),
        (Trigger(commit="0123abc"), "0123abc", "0123abc"),
        (Trigger(commit="abcdef👩‍👩‍👧‍👦名字"), "abcdef👩‍👩‍👧‍👦名", "abcdef👩‍👩‍👧‍👦名"),
        (Trigger(kind="RollBack", branch="feature_x_y"), "rollback on feature_x_y", "回滚 · feature_x_y"),
        (Trigger(kind="Web_Hook", branch="feature_x_y"), "Web_Hook on feature_x_y", "Web_Hook · feature_x_y"),
    ],
)
def test_a_trigger_is_its_kind_its_branch_or_tag_and_a_short_commit(
    trigger: Trigger, english: str, chinese: str
) -> None:
    event = replace(happening(), trigger=trigger)
    assert shown(compose([waiting(event)]))["trigger"] == english
    assert shown(compose([waiting(event, locale=Locale.ZH_CN)]))["trigger"] == chinese


def test_an_empty_trigger_is_unknown() -> None:
    assert "trigger" not in shown(compose([waiting(replace(happening(), trigger=Trigger()))]))


def test_a_run_that_has_not_ended_has_no_duration() -> None:
    event = replace(happening(), run=Run(started_at=AT))
    assert shown(compose([waiting(event)]))["execution_time"] == "24 Nov 2026, 10:37"
    backwards = replace(happening(), run=Run(started_at=AT, finished_at=AT - timedelta(seconds=1)))
    assert shown(compose([waiting(backwards)]))["execution_time"] == "24 Nov 2026, 10:37"


def test_a_check_without_an_end_was_completed_when_the_event_says() -> None:
    event = replace(bare("check.task.completed"), time=AT)
    assert shown(compose([waiting(event)]))["completion_time"] == "24 Nov 2026, 10:37"


def test_no_issues_are_a_number_and_unknown_issues_are_left_out() -> None:
    event = happening("check.task.completed")
    assert shown(compose([waiting(replace(event, issues=Issues(total=0)))]))["issue_count"] == "0"
    assert "issue_count" not in shown(compose([waiting(replace(event, issues=Issues()))]))


def test_the_events_own_project_name_wins_over_the_projects() -> None:
    assert shown(compose([waiting(happening())]))["project_name"] == "Payments of the group"
    for unknown in (None, "", " \u200b"):
        assert shown(compose([waiting(replace(happening(), project_name=unknown))]))["project_name"] == "Payments"


def test_the_absence_of_a_gate_is_said() -> None:
    message = compose([waiting(happening("check.task.completed", gate=Gate.NONE))])
    assert shown(message)["gate_result"] == "No gate"
    assert message.headline == "❌ Check completed, no gate: build-and-release #128"


def test_a_test_message_says_that_it_is_one() -> None:
    assert compose([waiting(happening(), test=True)]).headline.startswith("Shipbell test message · ❌ Pipeline failed")
    assert "测试消息" in compose([waiting(happening(), test=True, locale=Locale.ZH_CN)]).headline


def test_format_and_language_are_those_of_the_subscription() -> None:
    message = compose([waiting(happening(), form=Format.TEXT, locale=Locale.ZH_CN)])
    assert (message.format, message.locale) == (Format.TEXT, Locale.ZH_CN)
