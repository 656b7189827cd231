"""What a WeCom robot's answers mean (reference: official pages 90455, 90454; replies that were captured)."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import assert_never

import msgspec

from shipbell.domain.results import Delivered, Gone, Refused, Rejected, Result, Throttled, Transient
from shipbell.ports.wire import NoReply, Reply, Trouble

# The robot answers 200 for everything; the truth is in errcode.
_OK = 0
_BUSY = -1
_TOO_OFTEN = 45009
_TOO_MANY_AT_ONCE = 45033
_GONE = frozenset({93000, 93004, 93008})
_THIS_MESSAGE = frozenset(
    {
        40004, 40005, 40006, 40007, 40008, 40009, 40033, 40035, 40058, 40063, 41006, 42044, 42045, 44001, 44004,
        45001, 45002, 45007, 45008, 45034, 93017,
    }
)  # fmt: skip

# A block lasts 60 s; a little more lets it end for certain.
_BLOCK = timedelta(seconds=65)
_CROWD = timedelta(seconds=3)
_PAUSES = {_TOO_OFTEN: (_BLOCK, True), _TOO_MANY_AT_ONCE: (_CROWD, False)}
_LONGEST_WAIT = timedelta(hours=1)
_TOO_MANY_REQUESTS = 429
_REQUEST_TIMEOUT = 408
_SERVER_ERROR = 500
_MULTIPLE_CHOICES = 300
_DETAIL_CHARACTERS = 300

_IP = re.compile(r"(from ip: )[0-9a-fA-F.:]+")
_KEY = re.compile(r"(key=)[^&\s\"',]+", re.IGNORECASE)


class _Answer(msgspec.Struct):
    errcode: int
    errmsg: str = ""


_ANSWERS = msgspec.json.Decoder(_Answer)


def classify(reply: Reply | NoReply) -> Result:
    """Say what an answer means; the caller's address and the key are hidden in its detail."""
    match reply:
        case NoReply():
            return _unanswered(reply)
        case Reply():
            return _answered(reply)
        case _:
            assert_never(reply)


def redacted(text: str) -> str:
    """A robot's words without our address or its key, on one line."""
    text = _KEY.sub(r"\1***", _IP.sub(r"\1***", " ".join(text.split())))
    return text[:_DETAIL_CHARACTERS]


def _unanswered(reply: NoReply) -> Result:
    code, detail = reply.trouble.value, redacted(reply.detail)
    match reply.trouble:
        case Trouble.NOT_ALLOWED | Trouble.BAD_URL:
            return Refused(code=code, detail=detail)
        case Trouble.NAME_NOT_FOUND | Trouble.NOT_CONNECTED | Trouble.CERTIFICATE | Trouble.PROXY:
            return Transient(code=code, detail=detail)
        case Trouble.TIMED_OUT | Trouble.CUT_OFF | Trouble.REPLY_TOO_LARGE:
            return Transient(code=code, detail=detail, uncertain=reply.sent)
        case _:
            assert_never(reply.trouble)


def _answered(reply: Reply) -> Result:
    code = f"http-{reply.status}"
    if reply.status == _TOO_MANY_REQUESTS:
        return Throttled(code=code, pause=_retry_after(reply) or _BLOCK)
    if reply.status == _REQUEST_TIMEOUT or reply.status >= _SERVER_ERROR:
        return Transient(code=code, detail=redacted(_words(reply)))
    if reply.status >= _MULTIPLE_CHOICES:
        return Refused(code=code, detail=redacted(_words(reply)))
    try:
        answer = _ANSWERS.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # The call arrived, the answer is broken: the message may stand in the group.
        return Transient(code="unreadable-answer", detail=redacted(_words(reply)), uncertain=True)
    return _told(answer, reply)


def _told(answer: _Answer, reply: Reply) -> Result:
    code, detail = str(answer.errcode), redacted(answer.errmsg)
    if answer.errcode == _OK:
        if answer.errmsg.strip().lower() == "ok":
            return Delivered(detail=detail)
        return Rejected(code="ok-with-warning", detail=detail, maybe=True)
    if answer.errcode in _PAUSES:
        pause, drained = _PAUSES[answer.errcode]
        pause = _retry_after(reply) or pause
        return Throttled(code=code, detail=detail, pause=pause, drained=drained)
    if answer.errcode == _BUSY:
        return Transient(code=code, detail=detail)
    if answer.errcode in _GONE:
        return Gone(code=code, detail=detail)
    return Rejected(code=code, detail=detail, alarm=answer.errcode not in _THIS_MESSAGE)


def _retry_after(reply: Reply) -> timedelta | None:
    """How long the robot asks to be left alone, an hour at most: seconds, or a date (RFC 9110, 10.2.3)."""
    value = reply.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        wait = timedelta(seconds=int(value[:6]))
    else:
        until, now = _date(value), _date(reply.headers.get("date", ""))
        # Without a date of its own the answer says nothing of how far away that is.
        wait = until - now if until and now else timedelta(0)
    return min(wait, _LONGEST_WAIT) if wait > timedelta(0) else None


def _date(text: str) -> datetime | None:
    try:
        told = parsedate_to_datetime(text)
        return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _words(reply: Reply) -> str:
    return reply.body[: _DETAIL_CHARACTERS * 4].decode("utf-8", "replace")
