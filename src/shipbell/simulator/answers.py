"""The robot's answers, word for word as they were captured from the service."""

import secrets
from dataclasses import dataclass
from itertools import count

OK_BODY = b'{"errcode":0,"errmsg":"ok"}'
WARNING_BODY = b'{"errcode":0,"errmsg":"ok. Warning: wrong json format. "}'
GATEWAY_BODY = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    b"<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
JSON_HEADERS = {"Content-Type": "application/json; charset=UTF-8", "Server": "nginx"}
HTML_HEADERS = {"Content-Type": "text/html", "Server": "nginx"}

_MORE = "https://open.work.weixin.qq.com/devtool/query?e="
_TAIL_DIGITS = 15
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A code and its reason, before the tail that every error carries."""

    code: int
    reason: str


NOT_POSTED = Refusal(93017, "invalid request, a POST with a JSON body is expected")
NO_ROBOT = Refusal(93000, "invalid webhook url")
DISABLED = Refusal(93004, "robot is disabled")
TOO_MANY_AT_ONCE = Refusal(45033, "api concurrent out of limit")
TOO_OFTEN = Refusal(45009, "api freq out of limit")
BUSY = Refusal(-1, "system busy")
NO_TYPE = Refusal(40008, "invalid message type")
EMPTY = Refusal(44004, "empty content")
BAD_IMAGE = Refusal(40009, "invalid image size")
NO_MEDIA = Refusal(40007, "invalid media_id")
BAD_ARTICLES = Refusal(45008, "article count out of limit")


def too_long(msgtype: str, limit: int) -> Refusal:
    """The content has more bytes than its type takes."""
    return Refusal(40058, f"{msgtype}.content exceed max length {limit}. invalid Request Parameter")


def bad_parameter(name: str) -> Refusal:
    """A member of the message is of the wrong type or missing."""
    return Refusal(40058, f"{name} invalid Request Parameter")


def errmsg(refusal: Refusal, seconds: int, address: str) -> str:
    """The reason with the hint (25 digits, the epoch second first), the caller's address and the link."""
    hint = f"{seconds:010d}{secrets.randbelow(10**_TAIL_DIGITS):0{_TAIL_DIGITS}d}"
    return f"{refusal.reason}, hint: [{hint}], from ip: {address}, more info at {_MORE}{refusal.code}"


def error_headers(refusal: Refusal, words: str) -> dict[str, str]:
    """The headers that repeat an error."""
    return {**JSON_HEADERS, "Error-Code": str(refusal.code), "Error-Msg": words, "X-W-No": str(next(_numbers) % 10)}
