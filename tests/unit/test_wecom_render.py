"""A message in WeCom's form: exact, within its bytes, and with what matters kept."""

import re

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from happenings import WECOM, attacked, bare, body_of, happening, sent, waiting
from shipbell.domain.catalog import EVENT_TYPES, SERVICES, EventType
from shipbell.domain.deliveries import Companion
from shipbell.domain.digest import Fold, digest
from shipbell.domain.events import Gate, Run, Subject
from shipbell.domain.subscriptions import Content, Format, Locale

LIMITS = {Format.MARKDOWN: 4_096, Format.TEXT: 2_048}


def test_markdown_reads_as_agreed() -> None:
    assert sent(waiting(happening(), user_ids=("zhang.san", "li.si"))).content == (
        "❌ Pipeline failed: build-and-release #128\n"
        "> Pipeline name: build-and-release\n"
        "> Pipeline execution description: Merge #42 Fix double booking\n"
        "> Executed by: zhang.san\n"
        "> Trigger: push on main, 0123abcd\n"
        "> Project name: Payments of the group\n"
        "> Execution time: 24 Nov 2026, 10:37, took 3 min 52 s\n"
        '> Running status: <font color="warning">Failed</font>\n'
        "[Open the run](https://ci.example.com/p/128)\n"
        "<@zhang.san> <@li.si>"
    )


def test_text_reads_as_agreed_in_chinese() -> None:
    content = Content({"pipeline": ("executed_by", "running_status")})
    rendered = sent(
        waiting(happening(), form=Format.TEXT, locale=Locale.ZH_CN, content=content, user_ids=("zhang.san", "@all"))
    )
    assert rendered.content == (
        "❌ 流水线失败：build-and-release #128\n执行人：zhang.san\n运行状态：失败\n打开流水线：https://ci.example.com/p/128"
    )
    assert body_of(rendered) == {
        "msgtype": "text",
        "text": {"content": rendered.content, "mentioned_list": ["zhang.san", "@all"]},
    }


def test_the_body_is_the_robots_envelope_and_says_its_size() -> None:
    rendered = sent(waiting(happening()))
    assert body_of(rendered) == {"msgtype": "markdown", "markdown": {"content": rendered.content}}
    assert rendered.content_bytes == len(rendered.content.encode())
    assert rendered.limit_bytes == 4_096
    assert "mentioned_list" not in body_of(sent(waiting(happening(), form=Format.TEXT)))["text"]


def test_a_check_shows_its_link_once_under_its_label_and_only_when_ticked() -> None:
    event = happening("check.task.completed", gate=Gate.PASSED)
    for form in Format:
        ticked = sent(waiting(event, form=form)).content
        assert ticked.count("https://ci.example.com/p/128") == 1
        assert ticked.count("Redirect URL") == 1
        unticked = sent(waiting(event, form=form, content=Content({"check": ("check_result",)}))).content
        assert "https://" not in unticked


def test_all_cannot_be_said_in_markdown_and_is_left_for_a_text() -> None:
    rendered = sent(waiting(happening(), user_ids=("zhang.san", "@all")))
    assert rendered.unsaid == ("@all",)
    assert rendered.content.endswith("\n<@zhang.san>")
    assert "@all" not in rendered.content
    assert sent(waiting(happening(), form=Format.TEXT, user_ids=("@all",))).unsaid == ()


@pytest.mark.parametrize("locale", Locale)
def test_an_alert_is_a_text_with_words_that_mentions_those_who_were_left_out(locale: Locale) -> None:
    alert = WECOM.alert(Companion(headline="❌ Pipeline failed: <@a> #1", locale=locale, user_ids=("@all",)))
    text = body_of(alert)["text"]
    assert alert.msgtype == "text"
    assert text["mentioned_list"] == ["@all"]
    assert "Pipeline failed" in text["content"]
    assert "<@" not in text["content"]
    assert alert.content_bytes <= 2_048


@pytest.mark.parametrize("kind", EVENT_TYPES.values(), ids=lambda one: one.id)
@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("locale", Locale)
def test_every_field_of_every_event_renders_with_label_and_value(kind: EventType, form: Format, locale: Locale) -> None:
    service = SERVICES[kind.service]
    for field in service.fields:
        event = happening(kind.id, gate=Gate.PASSED)
        content = Content({service.id: (field.id,)})
        rendered = sent(waiting(event, form=form, locale=locale, content=content, user_ids=("zhang.san",)))
        lines = rendered.content.split("\n")
        assert lines[0].endswith("build-and-release #128")
        assert not re.search(r"[<>*`\[\]]", lines[0])
        assert sum(field.label.read(locale) in line for line in lines[1:]) == 1
        assert rendered.content_bytes <= LIMITS[form]
        assert rendered.whole
        assert not rendered.cut


@pytest.mark.parametrize("kind", EVENT_TYPES)
@pytest.mark.parametrize("form", Format)
def test_an_event_of_which_little_is_known_still_renders(kind: str, form: Format) -> None:
    rendered = sent(waiting(bare(kind), form=form))
    assert rendered.content.split("\n")[0].endswith("build-and-release")
    assert "None" not in rendered.content


@pytest.mark.parametrize("form", Format)
def test_a_long_description_is_shortened_before_any_field_goes(form: Format) -> None:
    event = happening(description="A refund was booked twice. " * 400)
    rendered = sent(waiting(event, form=form, user_ids=("zhang.san",)))
    assert rendered.cut
    assert rendered.whole
    assert LIMITS[form] - 8 <= rendered.content_bytes <= LIMITS[form]
    for field in SERVICES["pipeline"].fields:
        assert field.label.en in rendered.content
    assert "took 3 min 52 s" in rendered.content
    assert "https://ci.example.com/p/128" in rendered.content
    assert "…" in rendered.content


@pytest.mark.parametrize("form", Format)
def test_when_everything_is_long_all_fields_stay_shortened(form: Format) -> None:
    rendered = sent(waiting(attacked("名字很长" * 800), form=form, user_ids=("zhang.san",)))
    assert rendered.content_bytes <= LIMITS[form]
    for field in SERVICES["pipeline"].fields:
        assert field.label.en in rendered.content
    assert "https://ci.example.com/p/128" in rendered.content


@given(st.integers(min_value=0, max_value=900), st.sampled_from(Format))
def test_a_cut_never_lands_inside_a_grapheme(padding: int, form: Format) -> None:
    family = "👩‍👩‍👧‍👦"
    content = sent(waiting(happening(description="x" * padding + family * 300), form=form)).content
    value = next(line for line in content.split("\n") if "description" in line)
    pieces = regex.findall(r"\X", value.partition("x" * padding)[2].removesuffix("…") if padding else value)
    assert {one for one in pieces if "👩" in one} == {family}


def test_mentions_of_the_longest_setting_leave_room_for_all_fields() -> None:
    user_ids = tuple(f"m{at:03d}" for at in range(200))
    rendered = sent(waiting(happening(description="long " * 2_000), user_ids=user_ids))
    assert rendered.whole
    assert re.findall("<@([^>]+)>", rendered.content) == list(user_ids)
    assert rendered.content_bytes <= 4_096


def test_mentions_that_do_not_fit_make_a_message_that_is_not_whole() -> None:
    user_ids = tuple(f"member-{at:04d}" for at in range(400))
    rendered = sent(waiting(happening(), user_ids=user_ids))
    assert not rendered.whole
    assert rendered.content_bytes <= 4_096


def test_a_digest_that_is_too_long_is_not_whole() -> None:
    deliveries = [waiting(happening(name=f"name-{at}"), id=at) for at in range(200)]
    for form in Format:
        some = [replace(one, rendering=replace(one.rendering, format=form)) for one in deliveries]
        assert not WECOM.render(digest(some, Fold.LINES)).whole
        assert WECOM.render(digest(some[:20], Fold.LINES)).whole


def test_a_digest_reads_as_agreed() -> None:
    deliveries = [
        waiting(happening("pipeline.run.completed", name="web", number="7", url="https://ci.example.com/7"), id=1),
        waiting(happening("pipeline.run.failed", name="[api]", number="8", url="https://ci.example.com/8"), id=2),
        waiting(replace(bare("pipeline.run.failed", name="core"), run=Run(number="9")), id=3, user_ids=("zhang.san",)),
    ]
    assert WECOM.render(digest(deliveries, Fold.LINES)).content == (
        "❌ 2 failed, ✅ 1 succeeded: [api], core, web\n"
        "**❌ Pipeline failed (2)**\n"
        "[［api］ #8](https://ci.example.com/8)\n"
        "core #9\n"
        "**✅ Pipeline completed (1)**\n"
        "[web #7](https://ci.example.com/7)\n"
        "<@zhang.san>"
    )
    text = [replace(one, rendering=replace(one.rendering, format=Format.TEXT)) for one in deliveries]
    assert WECOM.render(digest(text, Fold.LINES)).content == (
        "❌ 2 failed, ✅ 1 succeeded: [api], core, web\n"
        "❌ Pipeline failed (2)\n"
        "[api] #8 https://ci.example.com/8\n"
        "core #9\n"
        "✅ Pipeline completed (1)\n"
        "web #7 https://ci.example.com/7"
    )


def test_an_address_without_http_is_no_link() -> None:
    event = replace(happening(url="javascript:alert(1)"), subject=Subject(name="x", url="ftp://a.example"))
    for form in Format:
        content = sent(waiting(event, form=form)).content
        assert "javascript" not in content
        assert "Open the run" not in content


def test_the_same_message_gives_the_same_bytes() -> None:
    assert sent(waiting(happening())).body == sent(waiting(happening())).body
