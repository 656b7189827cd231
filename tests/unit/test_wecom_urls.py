"""A robot's URL names one lane however it is written, and shows nothing of its key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from happenings import WECOM
from shipbell.domain.secret import Secret

KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa3b1f"
URL = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"


def lane(url: str) -> str:
    """Read the lane of a URL."""
    return WECOM.lane(Secret(url)).reveal()


@pytest.mark.parametrize(
    "other",
    [
        URL.replace("qyapi.weixin.qq.com", "QYAPI.Weixin.QQ.com"),
        URL.replace("qyapi.weixin.qq.com", "qyapi.weixin.qq.com:443"),
        URL.replace("qyapi.weixin.qq.com", "qyapi.weixin.qq.com."),
        URL.replace("https://", "https://user:password@"),
        URL.replace("https://", "HTTPS://"),
        URL + "#fragment",
        URL + "&debug=1",
        URL.replace("?key", "?a=b&key"),
        URL.replace("693a", "%36%39%33a"),
        URL.replace("/cgi-bin/webhook/send", "/cgi-bin/webhook//send"),
        f" {URL} ",
    ],
)
def test_two_ways_of_writing_a_url_are_one_lane(other: str) -> None:
    assert lane(other) == lane(URL)


@pytest.mark.parametrize(
    "other",
    [
        URL + "0",
        URL.upper().replace("KEY", "key"),
        URL.replace("qyapi.weixin.qq.com", "qyapi.weixin.qq.com:8443"),
        URL.replace("qyapi.weixin.qq.com", "qyapi.example.com"),
    ],
)
def test_another_key_port_or_host_is_another_lane(other: str) -> None:
    assert lane(other) != lane(URL)


def test_without_a_key_path_and_query_tell_robots_apart() -> None:
    assert lane("http://h.example/a?x=1") == lane("http://H.example:80/a?x=1#f")
    assert lane("http://h.example/a?x=1") != lane("http://h.example/a?x=2")
    assert lane("http://h.example/a?x=1") != lane("http://h.example/b?x=1")
    assert lane("http://h.example") == lane("http://h.example/")


def test_a_mask_shows_the_last_four_characters_of_a_long_key() -> None:
    assert WECOM.mask(Secret(URL)) == "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=********3b1f"


@pytest.mark.parametrize("key", ["a", "short", "fifteen-letters"])
def test_a_mask_shows_nothing_of_a_short_key(key: str) -> None:
    assert WECOM.mask(Secret(f"http://127.0.0.1:9100/send?key={key}")) == "http://127.0.0.1:9100/send?key=********"


def test_sixteen_characters_are_a_long_key() -> None:
    assert WECOM.mask(Secret("http://h.example/s?key=0123456789abcdef")).endswith("********cdef")


def test_a_mask_hides_the_user_other_values_and_the_fragment() -> None:
    shown = WECOM.mask(Secret("https://user:password@h.example/s?key=0123456789abcdef&token=hush#also"))
    assert shown == "https://h.example/s?key=********cdef&token=********"


def test_a_path_that_may_be_the_secret_is_masked_when_there_is_no_key() -> None:
    assert WECOM.mask(Secret("https://h.example/hooks/0123456789abcdef0123")) == "https://h.example/hooks/********"


def test_an_address_of_version_six_keeps_its_brackets() -> None:
    assert WECOM.mask(Secret("http://[2001:db8::1]:8080/s?key=k")) == "http://[2001:db8::1]:8080/s?key=********"


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=5, max_size=60))
def test_a_mask_never_holds_a_whole_key(key: str) -> None:
    shown = WECOM.mask(Secret(f"https://h/?key={key}")).removeprefix("https://h/?key=")
    assert key not in shown
    assert len(shown.replace("*", "")) == (4 if len(key) >= 16 else 0)


def test_masks_of_two_robots_of_one_host_differ_in_their_last_characters_only() -> None:
    other = URL[:-4] + "ffff"
    assert WECOM.mask(Secret(URL))[:-4] == WECOM.mask(Secret(other))[:-4]
    assert WECOM.mask(Secret(URL)) != WECOM.mask(Secret(other))
