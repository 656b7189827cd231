"""What can be called can be written in a request; anything else is refused in words, and nothing raises."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shipbell.domain import validation
from shipbell.domain.addresses import usable, written
from shipbell.domain.errors import BadSettings
from shipbell.domain.validation import Findings
from shipbell.settings.values import load
from shipbell.transport.target import target

# Pieces of addresses, and what no request line or Host header can hold.
PIECES = st.sampled_from(
    [
        *("http://", "https://", "HTTP://", "[", "]", "::1", "fe80::1", "%25", "%", "é", "ß", "名", "☃", "ς"),
        *("a", "h.example", ".", "..", "-", "_", "127.0.0.1", "127.1", ":", "80", "0", "99999", "@", "u:p@", "/", "?"),
        *("key=1", "#", "&", "xn--", "xn--zzzz-99", "\u3002", "\uff0f", "\u00ad", "\u200d", "e\u0301", "\u202e"),
        *(" ", "\r\n", "\t", "\x00", "\x7f", "\x85", "\ud800", "\udce9", "\\", "%41", "%00", "a" * 64),
    ]
)
ANY = st.lists(PIECES | st.characters(), max_size=12).map("".join) | st.text()
ADDRESS = st.builds("{}{}".format, st.sampled_from(["http://", "https://", "https://[::1%"]), ANY)
CANNOT_BE_WRITTEN = [
    "https://[::1%é]/x?key=1",
    "https://[fe80::1%名]/",
    "http://h\x00.example/",
    "http://h .example/",
    "http://[::1%a b]/",
    "http://a..b/",
    f"http://{'a' * 64}.example/",
]


@given(ANY | ADDRESS)
@example("https://[::1%é]/x?key=1")
@example("https://[]@")
def test_no_text_breaks_the_reading_of_an_address(text: str) -> None:
    url, found = usable(text), target(text)
    assert (url is None) == (found is None)
    if found is not None:
        assert found.host.isascii()
        assert found.head.count(b"\r\n") == 7 if b"Authorization" in found.head else found.head.count(b"\r\n") == 6
        assert not any(byte < 0x20 or byte >= 0x7F for byte in found.head.replace(b"\r\n", b""))


def spelled(text: str) -> str:
    """The address as a request carries it."""
    url = written(text)
    assert url is not None
    return str(url)


@given(ADDRESS)
@example("https://[::1%é]/x?key=1")
def test_what_the_rule_lets_pass_can_be_called(text: str) -> None:
    passed = validation.url(Findings(), text)
    if passed is not None and target(passed) is None:
        # Numbers that each program reads as another address are told by the call's verdict.
        assert re.fullmatch(r"https?://([^/?#]*@)?[0-9.]+(:[0-9]*)?([/?#].*)?", spelled(passed), re.DOTALL)


@pytest.mark.parametrize("url", CANNOT_BE_WRITTEN)
def test_an_address_that_cannot_be_written_in_a_request_is_refused_where_it_is_given(url: str) -> None:
    found = Findings()
    assert validation.url(found, url) is None
    assert [(one.field, one.code) for one in found.problems] == [("url", "url-unusable")]


@pytest.mark.parametrize("url", ["https://[::1%é]/x?key=1", "http://a..b/send"])
def test_an_operators_robot_that_cannot_be_called_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(BadSettings, match="SHIPBELL_OPERATOR_URL cannot be called"):
        load({"SHIPBELL_OPERATOR_URL": url})


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://faß.example/send", b"xn--fa-hia.example"),
        ("https://名.example/send", b"xn--eqr.example"),
        ("http://☃.example/", b"xn--n3h.example"),
        ("http://[2001:db8::1]:8080/", b"[2001:db8::1]:8080"),
        ("http://a_b.example./", b"a_b.example"),
    ],
)
def test_an_address_is_written_as_programs_look_it_up(url: str, host: bytes) -> None:
    assert validation.url(Findings(), url) == url
    found = target(url)
    assert found is not None
    assert b"\r\nHost: %b\r\n" % host in found.head
