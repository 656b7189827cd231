"""Each rule of what people write holds at its edge, and a broken one says where, what and the cure."""

import string
from collections.abc import Callable, Mapping
from typing import TypeVar

import pytest

from shipbell.domain import validation
from shipbell.domain.catalog import EVENT_TYPES, SERVICES
from shipbell.domain.errors import Problem
from shipbell.domain.subscriptions import Content, Format, GateFilter, Locale
from shipbell.domain.validation import Findings

T = TypeVar("T")
ROBOT = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key="


def judged(rule: Callable[..., T], *value: object) -> tuple[T, list[Problem]]:
    """What a rule makes of a value, and what it finds wrong."""
    found = Findings()
    return rule(found, *value), found.problems


def only(problems: list[Problem]) -> Problem:
    [problem] = problems
    return problem


# --- url -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        f"{ROBOT}693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa",
        "http://robots.example.com/hook",
        "https://[2001:db8::1]:8443/send?key=1",
        "https://127.0.0.1:9100/cgi-bin/webhook/send?key=team",
    ],
)
def test_a_whole_address_of_a_robot_passes(url: str) -> None:
    assert judged(validation.url, url) == (url, [])


def test_a_url_may_have_256_characters_and_not_257() -> None:
    longest = ROBOT + "k" * (256 - len(ROBOT))
    assert judged(validation.url, longest) == (longest, [])
    url, problems = judged(validation.url, longest + "k")
    assert url is None
    assert only(problems) == Problem(field="url", code="url-too-long", message="257 characters; at most 256.")


@pytest.mark.parametrize("url", ["ftp://a.example", "qyapi.weixin.qq.com/send?key=1", "//a.example", "javascript:0"])
def test_a_url_starts_with_http_or_https(url: str) -> None:
    _, problems = judged(validation.url, url)
    assert only(problems) == Problem(field="url", code="url-scheme", message="Start with http:// or https://.")


@pytest.mark.parametrize(
    "url",
    ["https://", "https:///send", "http://?key=1", "https://a.example:port/", "https://a.example:0/", "https://[::1/",
     "https://a.example/se nd", "https://a.example:99999/"],
)  # fmt: skip
def test_a_url_names_a_host_and_has_no_space(url: str) -> None:
    _, problems = judged(validation.url, url)
    assert only(problems).code == "url-unusable"


@pytest.mark.parametrize("url", ["", "   "])
def test_a_url_is_required(url: str) -> None:
    _, problems = judged(validation.url, url)
    assert only(problems).code == "required"


def test_spaces_around_a_pasted_url_are_not_part_of_it() -> None:
    assert judged(validation.url, f"  {ROBOT}1 ") == (f"{ROBOT}1", [])


# --- event types, gate, content ------------------------------------------------------------------------------


@pytest.mark.parametrize("event", list(EVENT_TYPES))
def test_any_event_type_of_the_catalog_can_be_subscribed_to(event: str) -> None:
    assert judged(validation.events, [event]) == ((event,), [])


@pytest.mark.parametrize("nothing", [None, []])
def test_at_least_one_event_type_is_ticked(nothing: object) -> None:
    _, problems = judged(validation.events, nothing)
    assert only(problems) == Problem(field="events", code="events-required", message="Tick at least one event type.")


def test_each_unknown_event_type_is_named() -> None:
    _, problems = judged(validation.events, ["pipeline.run.failed", "pipeline.run.exploded", "x"])
    assert [one.code for one in problems] == ["unknown-event-type"] * 2
    assert "pipeline.run.exploded" in problems[0].message
    assert "“x”" in problems[1].message


def test_an_event_type_that_is_named_twice_counts_once() -> None:
    assert judged(validation.events, ["pipeline.run.failed"] * 2) == (("pipeline.run.failed",), [])


@pytest.mark.parametrize("events", ["pipeline.run.failed", {"pipeline": True}, [1], [["pipeline.run.failed"]]])
def test_event_types_are_a_list_of_words(events: object) -> None:
    _, problems = judged(validation.events, events)
    assert only(problems).code == "not-a-list"


@pytest.mark.parametrize("gate", list(GateFilter))
def test_a_gate_is_all_passed_or_failed(gate: GateFilter) -> None:
    assert judged(validation.gate, gate.value) == (gate, [])


@pytest.mark.parametrize(
    ("rule", "field", "value"),
    [
        (validation.gate, "gate", "none"),
        (validation.gate, "gate", True),
        (validation.locale, "locale", "zh"),
        (validation.locale, "locale", "de"),
        (validation.form, "format", "markdown_v2"),
        (validation.form, "format", "html"),
    ],
)
def test_another_choice_is_refused_and_the_choices_are_told(
    rule: Callable[[Findings, object], object], field: str, value: object
) -> None:
    _, problems = judged(rule, value)
    problem = only(problems)
    assert (problem.field, problem.code) == (field, f"unknown-{field}")
    assert problem.message.startswith("Choose one of ")


def test_languages_and_formats_are_those_of_the_contract() -> None:
    assert [judged(validation.locale, one)[0] for one in ("en", "zh-CN")] == [Locale.EN, Locale.ZH_CN]
    assert [judged(validation.form, one)[0] for one in ("markdown", "text")] == [Format.MARKDOWN, Format.TEXT]


def test_content_that_is_left_out_shows_every_field() -> None:
    assert judged(validation.content, None) == (Content({}), [])


@pytest.mark.parametrize("service", list(SERVICES))
def test_every_field_of_a_service_can_be_chosen_and_so_can_none(service: str) -> None:
    fields = SERVICES[service].field_ids
    assert judged(validation.content, {service: list(fields)}) == (Content({service: fields}), [])
    assert judged(validation.content, {service: []}) == (Content({service: ()}), [])


def test_a_field_belongs_to_its_own_service() -> None:
    _, problems = judged(validation.content, {"pipeline": ["gate_result"], "weather": []})
    assert [(one.field, one.code) for one in problems] == [
        ("content.pipeline", "unknown-field"),
        ("content.weather", "unknown-service"),
    ]
    assert "gate_result" in problems[0].message


@pytest.mark.parametrize(
    ("content", "field", "code"),
    [
        ([], "content", "not-an-object"),
        ("pipeline", "content", "not-an-object"),
        ({"pipeline": "trigger"}, "content.pipeline", "not-a-list"),
        ({"pipeline": None}, "content.pipeline", "not-a-list"),
        ({"pipeline": [1]}, "content.pipeline", "not-a-list"),
    ],
)
def test_content_is_services_with_lists_of_fields(content: object, field: str, code: str) -> None:
    _, problems = judged(validation.content, content)
    assert (only(problems).field, only(problems).code) == (field, code)


# --- @user_id ------------------------------------------------------------------------------------------------

ALPHABET = string.ascii_letters + string.digits + ";.-_@"


@pytest.mark.parametrize("code", range(0x20, 0x7F))
def test_user_ids_take_exactly_the_ascii_characters_of_the_rule(code: int) -> None:
    character = chr(code)
    _, problems = judged(validation.user_ids, f"a{character}b")
    if character in ALPHABET:
        assert problems == []
    else:
        assert only(problems).code == "user-ids-character"
        assert f"“{character}”" in only(problems).message


@pytest.mark.parametrize("other", ["张", "é", "ａ", "１", "٣", "；", "\u200b", "🔔", "ı"])
def test_user_ids_are_ascii(other: str) -> None:
    _, problems = judged(validation.user_ids, f"zhang.san;{other}")
    assert only(problems).code == "user-ids-character"
    assert f"“{other}”" in only(problems).message


@pytest.mark.parametrize("separator", [",", "，", "；", "、", " "])
def test_a_mistaken_separator_is_told_the_right_one(separator: str) -> None:
    _, problems = judged(validation.user_ids, f"zhang.san{separator}li.si")
    assert only(problems).message == f"Separate IDs with ; instead of “{separator}”."


def test_user_ids_may_have_1000_characters_in_all_and_not_1001() -> None:
    longest = "a;" * 500
    assert judged(validation.user_ids, longest) == (longest, [])
    _, problems = judged(validation.user_ids, longest + "a")
    assert only(problems) == Problem(
        field="user_ids", code="user-ids-too-long", message="1001 characters; at most 1000."
    )


def test_user_ids_may_be_left_out_and_empty_parts_are_skipped() -> None:
    assert judged(validation.user_ids, None) == ("", [])
    assert judged(validation.user_ids, "") == ("", [])
    assert validation.members_of("a;;b;") == ("a", "b")
    assert validation.members_of(";;") == ()


def test_the_sign_before_an_id_is_none_of_it_but_for_all() -> None:
    assert validation.members_of("@zhang.san;li@si;zhang.san;@all;@") == ("zhang.san", "li@si", "@all")


# --- what stands around them ---------------------------------------------------------------------------------


def test_a_problem_names_the_key_with_the_path_of_where_it_stands() -> None:
    found = Findings("projects[0].")
    validation.user_ids(found.within("subscriptions[2]."), "a,b")
    validation.url(found.within("subscriptions[3]."), "")
    assert [one.field for one in found.problems] == [
        "projects[0].subscriptions[2].user_ids",
        "projects[0].subscriptions[3].url",
    ]


def test_a_key_that_does_not_exist_is_a_mistake_that_names_it() -> None:
    found = Findings()
    raw: Mapping[str, object] = {"urls": "x", "url": "y"}
    found.unknown_keys(raw, ("url", "events"))
    assert (only(found.problems).field, only(found.problems).code) == ("urls", "unknown-key")
