"""What a WeCom robot answers is understood, and shown without our address or its key."""

import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from happenings import WECOM
from shipbell.domain.results import Delivered, Rejected, Throttled, Transient, type_names
from shipbell.ports.wire import NoReply, Reply, Trouble

REPLIES: list[dict[str, Any]] = json.loads((files("shipbell.channels.wecom") / "replies.json").read_text("utf-8"))


def answer(errcode: int, errmsg: str) -> Reply:
    """What the robot says for everything: HTTP 200 with a code."""
    return Reply(status=200, headers={}, body=json.dumps({"errcode": errcode, "errmsg": errmsg}).encode())


@pytest.mark.parametrize("recorded", REPLIES, ids=lambda one: one["name"])
def test_each_recorded_reply_means_what_the_table_says(recorded: dict[str, Any]) -> None:
    reply = Reply(status=recorded["status"], headers=recorded.get("headers", {}), body=recorded["body"].encode())
    result = WECOM.classify(reply)
    assert type_names[type(result)] == recorded["result"]
    assert result.code == recorded["code"]
    for name in ("uncertain", "maybe", "alarm", "drained"):
        if name in recorded:
            assert getattr(result, name) is recorded[name]
    if "pause_seconds" in recorded:
        assert isinstance(result, Throttled)
        assert result.pause.total_seconds() == recorded["pause_seconds"]


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("trouble", Trouble)
def test_a_call_without_an_answer_is_uncertain_only_if_it_may_have_arrived(trouble: Trouble, *, sent: bool) -> None:
    result = WECOM.classify(NoReply(trouble=trouble, sent=sent))
    assert result.code == trouble.value
    match trouble:
        case Trouble.NOT_ALLOWED | Trouble.BAD_URL:
            assert type_names[type(result)] == "refused"
        case Trouble.NAME_NOT_FOUND | Trouble.NOT_CONNECTED | Trouble.CERTIFICATE | Trouble.PROXY:
            assert isinstance(result, Transient)
            assert not result.uncertain
        case Trouble.TIMED_OUT | Trouble.CUT_OFF | Trouble.REPLY_TOO_LARGE:
            assert isinstance(result, Transient)
            assert result.uncertain is sent


@given(st.integers(min_value=-(10**9), max_value=10**9).filter(lambda code: code != 0), st.text(max_size=30))
def test_no_other_code_than_zero_is_ever_a_success(errcode: int, errmsg: str) -> None:
    assert not isinstance(WECOM.classify(answer(errcode, errmsg)), Delivered)


@given(st.text(max_size=30).filter(lambda words: words.strip().lower() != "ok"))
def test_zero_with_other_words_than_ok_is_never_a_success(errmsg: str) -> None:
    result = WECOM.classify(answer(0, errmsg))
    assert isinstance(result, Rejected)
    assert result.maybe


@given(st.integers(min_value=200, max_value=599), st.binary(max_size=200))
def test_any_answer_is_understood_without_an_error(status: int, body: bytes) -> None:
    assert WECOM.classify(Reply(status=status, headers={}, body=body)).code


def test_our_own_address_is_not_in_the_detail() -> None:
    for ip in ("203.0.113.7", "2001:db8::7"):
        detail = WECOM.classify(
            answer(93000, f"invalid webhook url, from ip: {ip}, more info at https://x.example")
        ).detail
        assert ip not in detail
        assert "invalid webhook url" in detail


@pytest.mark.parametrize("status", [200, 302, 404, 502])
def test_a_key_that_comes_back_in_an_answer_is_not_in_the_detail(status: int) -> None:
    body = b'<a href="https://qyapi.example/cgi-bin/webhook/send?key=0123456789abcdef&debug=1">moved</a>'
    detail = WECOM.classify(Reply(status=status, headers={}, body=body)).detail
    assert "0123456789abcdef" not in detail


def test_a_key_in_the_detail_of_a_broken_call_is_hidden() -> None:
    told = NoReply(
        trouble=Trouble.NOT_CONNECTED, sent=False, detail="to https://x.example/send?KEY=0123456789abcdef failed"
    )
    assert "0123456789abcdef" not in WECOM.classify(told).detail


def test_a_detail_is_one_short_line() -> None:
    detail = WECOM.classify(Reply(status=502, headers={}, body=b"line\n" * 5_000)).detail
    assert "\n" not in detail
    assert len(detail) <= 300
