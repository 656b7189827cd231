"""Every code that a delivery can end with is told with its cause and its cure, in both languages."""

import re

import pytest

from shipbell.channels import causes_of
from shipbell.domain import explanations
from shipbell.domain.explanations import Explanation
from shipbell.domain.subscriptions import Locale
from shipbell.ports.wire import Trouble

WECOM = causes_of("wecom")
CAUSES = explanations.CAUSES | dict(WECOM.known)
WECOM_CODES = ("-1", "45009", "45033", "40008", "40058", "44004", "45002", "93000", "93004", "93008")
ENDINGS = (
    "ok-with-warning",
    "unreadable-answer",
    "interrupted",
    "expired",
    "subscription-disabled",
    "subscription-deleted",
    "project-deleted",
    "channel-unavailable-in-region",
)


def explain(code: str, locale: Locale = Locale.EN) -> Explanation:
    return explanations.explain(code, locale, WECOM)


def explain_test(code: str, locale: Locale = Locale.EN) -> Explanation:
    return explanations.explain_test(code, locale, WECOM)


def explain_end(
    code: str, locale: Locale = Locale.EN, *, test: bool = False, maybe_delivered: bool = False
) -> Explanation:
    return explanations.explain_end(code, locale, WECOM, test=test, maybe_delivered=maybe_delivered)


@pytest.mark.parametrize("code", [*WECOM_CODES, *ENDINGS, *(one.value for one in Trouble)])
def test_a_code_has_a_cause_and_a_cure_of_its_own_in_both_languages(code: str) -> None:
    assert code in CAUSES
    for locale in Locale:
        told = explain(code, locale)
        assert told.cause
        assert told.cure
    assert explain(code, Locale.EN) != explain(code, Locale.ZH_CN)


def test_a_code_of_the_robot_stands_in_brackets_after_the_sentence() -> None:
    assert explain("93000").cause.endswith("(93000).")
    assert explain("45009", Locale.ZH_CN).cause == "发送过于频繁（45009）。机器人暂停片刻。"


# What a test message cannot end with: nobody replays it, and it is not an event's.
_NOT_OF_TESTS = {"subscription-disabled", "still-waiting", "test-message"}


@pytest.mark.parametrize("code", [*sorted(CAUSES.keys() - _NOT_OF_TESTS), "http-404", "12345"])
def test_a_test_message_is_never_told_to_replay_or_to_reopen(code: str) -> None:
    english, chinese = explain_test(code), explain_test(code, Locale.ZH_CN)
    assert english.cause == explain(code).cause
    assert not re.search("[Rr]eplay|[Rr]eopen", english.cure)
    assert english.cure.endswith((".", "?"))
    assert not re.search("重新投递|重新启用", chinese.cure)
    assert chinese.cure.endswith(("。", "？"))


def test_a_lost_answer_warns_that_the_group_may_see_the_message_twice() -> None:
    for code in ("timed-out", "cut-off", "interrupted"):
        assert "twice" in explain(code).cure
        assert "两次" in explain(code, Locale.ZH_CN).cure


def test_an_unknown_code_is_named() -> None:
    assert "12345" in explain("12345").cause
    assert "12345" in explain("12345", Locale.ZH_CN).cause


def test_an_http_status_is_named_and_says_whether_it_goes_on_by_itself() -> None:
    assert "HTTP 502" in explain("http-502").cause
    assert "by itself" in explain("http-502").cure
    assert "by itself" in explain("http-429").cure
    assert "Check the URL" in explain("http-404").cure


def test_english_and_chinese_follow_their_own_punctuation() -> None:
    for code in CAUSES:
        english, chinese = explain(code, Locale.EN), explain(code, Locale.ZH_CN)
        for sentence in (english.cause, english.cure):
            assert sentence.isascii()
            assert sentence.endswith((".", "?"))
        for sentence in (chinese.cause, chinese.cure):
            assert sentence.endswith(("。", "？"))
            assert "(" not in sentence


@pytest.mark.parametrize(
    "code",
    ["93000", "93004", "93008", "address-not-allowed", "url-unusable", "http-302", "http-404", "robot-closed"],
)
def test_the_cure_of_what_closes_a_robot_ends_with_the_replay(code: str) -> None:
    assert explain(code).cure.endswith("then replay.")
    assert explain(code, Locale.ZH_CN).cure.endswith("重新投递。")


@pytest.mark.parametrize("code", [one.value for one in Trouble if one not in {Trouble.NOT_ALLOWED, Trouble.BAD_URL}])
def test_what_is_tried_again_by_itself_says_so(code: str) -> None:
    assert "it is tried again by itself" in explain(code).cure.lower()
    assert "将自动重试" in explain(code, Locale.ZH_CN).cure


def test_a_redirect_is_told_as_one() -> None:
    assert explain("http-302").cause == "The address leads elsewhere (HTTP 302), and no redirect is followed."


def test_what_the_group_may_have_seen_is_looked_for_before_it_is_sent_again() -> None:
    assert explain_end("expired").cure == "Replay it if it still matters."
    assert explain_end("expired", maybe_delivered=True).cure.startswith("Look into the group, then replay")
    assert explain_end("expired", test=True, maybe_delivered=True).cure.startswith("Look into the group, then test")


@pytest.mark.parametrize("code", CAUSES)
@pytest.mark.parametrize("locale", Locale)
def test_a_test_message_ends_as_its_verdict_says(code: str, locale: Locale) -> None:
    assert explain_end(code, locale, test=True) == explain_test(code, locale)
