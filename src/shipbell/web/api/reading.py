"""Read requests: JSON bodies, cursors, filters, the revision that was seen."""

import re
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from starlette.requests import Request

from shipbell.domain.errors import InvalidValue, MalformedBody, NotFound, Problem
from shipbell.domain.ids import Prefix, decode
from shipbell.web.api.queries import DEFAULT, MOST
from shipbell.web.hooks import read_body

_CURSOR_CHARACTERS = 600
_ETAG = re.compile(r'(?:W/)?"(\d{1,18})"')
_ROW_ID = 2**63
# What ids can tell of; what lies beyond is as good as the edge.
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)
_NO_MATCH = -1
# Each is tried; nobody who read a thing holds more versions of it.
_MOST_TAGS = 20


async def read_object(request: Request) -> Mapping[str, object]:
    """The JSON object of a body; nothing at all reads as an empty one.

    Raises MalformedBody, BodyTooLarge; InvalidValue for JSON that is no object.
    """
    body = await read_body(request.headers.get("content-length"), request.receive)
    if not body.strip():
        return {}
    try:
        value = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise MalformedBody(f"The body is not JSON: {error}.") from error
    except (RecursionError, UnicodeDecodeError) as error:
        raise MalformedBody("The body is nested too deeply, or is not UTF-8.") from error
    if not isinstance(value, dict):
        raise _broken("", "not-an-object", "Send a JSON object.")
    return value


def expected_of(request: Request) -> Sequence[int | None]:
    """The revisions of `If-Match`, the newest first, one of which is to be the present one; None = any will do."""
    header = ", ".join(request.headers.getlist("if-match"))
    if "if-match" not in request.headers or header.strip() == "*":
        return (None,)
    known = sorted({int(one) for one in _ETAG.findall(header)}, reverse=True)
    return known[:_MOST_TAGS] or (_NO_MATCH,)


def limit_of(request: Request, left_out: int = DEFAULT) -> int:
    """How many items a page may have."""
    text = request.query_params.get("limit")
    if text is None:
        return left_out
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MOST:
        raise _broken("limit", "limit-range", f"Give a number from 1 to {MOST}.")
    return int(text)


def cursor(value: str | int | None) -> str | None:
    """Where a page ends, as an opaque text."""
    return None if value is None else urlsafe_b64encode(str(value).encode()).decode().rstrip("=")


def cursor_of(request: Request) -> str | None:
    """Where the page before ended."""
    text = request.query_params.get("cursor")
    if text is None:
        return None
    refusal = _broken("cursor", "bad-cursor", "Take `next` of the page before.")
    if not 0 < len(text) <= _CURSOR_CHARACTERS:
        raise refusal
    try:
        return b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (ValueError, NotBase64) as error:
        raise refusal from error


def number_cursor_of(request: Request) -> int | None:
    """Where the page before ended, for lists in order of row numbers."""
    text = cursor_of(request)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,19}", text) or int(text) >= _ROW_ID:
        raise _broken("cursor", "bad-cursor", "Take `next` of the page before.")
    return int(text)


def id_in_path(request: Request, prefix: Prefix, what: str) -> int:
    """The id of the path; raises NotFound for what cannot be one."""
    number = decode(prefix, request.path_params["id"])
    if number is None:
        raise NotFound(f"There is no such {what} here.")
    return number


def id_of(given: object, prefix: Prefix, field: str) -> int | None:
    """An id that a filter or body names; raises InvalidValue."""
    if given is None or given == "":
        return None
    number = decode(prefix, given) if isinstance(given, str) else None
    if number is None:
        raise _broken(field, f"unknown-{field}", f"Give an id such as {prefix.value}_0123456789abc.")
    return number


def time_of(given: object, field: str) -> datetime | None:
    """A time that a filter or body names, in UTC; raises InvalidValue."""
    if given is None or given == "":
        return None
    refusal = _broken(field, "bad-time", "Give a time such as 2026-11-24T03:04:12Z.")
    if not isinstance(given, str):
        raise refusal
    try:
        # A plus in an address reads as a space.
        time = datetime.fromisoformat(given.replace(" ", "+") if "T" in given else given)
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise refusal from error
    return max(_FIRST, min(time, _LAST))


def word_of(given: object, field: str) -> str | None:
    """A text that a filter or body names; raises InvalidValue."""
    if given is None or given == "":
        return None
    if not isinstance(given, str):
        raise _broken(field, "not-text", "Write text here.")
    return given


def _broken(field: str, code: str, message: str) -> InvalidValue:
    return InvalidValue([Problem(field=field, code=code, message=message)])
