"""No page says a word that one of its languages lacks."""

import re

from console_words import messages
from shipbell.domain import validation
from shipbell.domain.subscriptions import Locale
from shipbell.domain.validation import Findings
from shipbell.i18n import known, translate
from shipbell.web.console.frame.words import Words, negotiated

PLACE = re.compile(r"\{(\w+)\}")
ZH = Words(language=Locale.ZH_CN, zone="Asia/Singapore")


def test_every_message_of_the_console_is_said_in_chinese() -> None:
    chinese = known("zh-CN")
    said = list(messages())
    assert len({one for one, _ in said}) > 200
    assert [(one, file) for one, file in said if one not in chinese] == []


def test_the_catalogues_hold_nothing_that_no_page_says() -> None:
    said = {one for one, _ in messages()}
    assert sorted(one for one in known("zh-CN") if one not in said) == []


def test_a_translation_has_the_places_of_its_message() -> None:
    for english, chinese in known("zh-CN").items():
        assert set(PLACE.findall(english)) == set(PLACE.findall(chinese)), english


def test_chinese_uses_its_own_punctuation() -> None:
    for english, chinese in known("zh-CN").items():
        assert not re.search(r"[\u4e00-\u9fff] ?[,:!?]|[\u4e00-\u9fff];|[,:!?][\u4e00-\u9fff]", chinese), english
        assert "你" not in chinese, english


def test_what_has_no_translation_is_said_in_english_with_its_plural() -> None:
    assert translate("zh-CN", "no such message") == "no such message"
    assert translate("en", "{count} project", "{count} projects", 1) == "{count} project"
    assert translate("en", "{count} project", "{count} projects", 2) == "{count} projects"


def test_every_rule_that_a_form_can_break_is_told_in_chinese() -> None:
    found = Findings()
    validation.url(found, "")
    validation.url(found, "ftp://x")
    validation.url(found, "http://" + "x" * 300)
    validation.url(found, "http://")
    validation.name(found, "")
    validation.events(found, [])
    validation.events(found, ["no.such"])
    validation.user_ids(found, "a" * 1_001)
    validation.user_ids(found, "a,b")
    validation.user_ids(found, "a*b")
    validation.form(found, "card")
    validation.time_zone(found, "Mars/Base")
    found.text({"name": "a\x00b"}, "name")
    found.text({}, "url")
    assert len(found.problems) == 14
    for one in found.problems:
        assert ZH.told(one.message) != one.message, one.message
        assert re.search(r"[\u4e00-\u9fff]", ZH.told(one.message)), one.message


def test_the_browsers_first_known_language_is_taken() -> None:
    assert negotiated("fr, zh-TW;q=0.8, en;q=0.5") is Locale.ZH_CN
    assert negotiated("en-GB,en;q=0.9,zh;q=0.8") is Locale.EN
    assert negotiated("zh;q=0, en") is Locale.EN
    assert negotiated("de, fr") is None
    assert negotiated("") is None
    assert negotiated(";;,=,q=1;q=x") is None


def test_a_link_keeps_the_language_that_was_asked_for_and_what_its_path_says() -> None:
    asked = Words(language=Locale.ZH_CN, zone="UTC", asked=True)
    assert asked.href("/a") == "/a?lang=zh-CN"
    assert asked.href("/a?new=", q="x") == "/a?new=&q=x&lang=zh-CN"
    assert asked.href("/a?lang=en") == "/a?lang=en"
    assert ZH.href("/a", q="x", none=None) == "/a?q=x"
    assert ZH.href("/a?new=") == "/a?new="
