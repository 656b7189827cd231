"""Errors over HTTP: one table of statuses, and bodies by RFC 9457."""

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

from shipbell.domain import errors
from shipbell.domain.errors import InvalidValue, ShipbellError

# The most special class wins: a class that is not here answers as the nearest one above it.
STATUSES: dict[type[ShipbellError], int] = {
    ShipbellError: 500,
    errors.BadInput: 400,
    errors.BodyTooLarge: 413,
    errors.HeadTooLarge: 431,
    errors.UnknownCoding: 501,
    errors.BadSignature: 401,
    errors.InvalidValue: 422,
    errors.WrongMethod: 405,
    errors.NotPossible: 409,
    errors.NotFound: 404,
    errors.Forbidden: 403,
    errors.Unauthenticated: 401,
    errors.Conflict: 409,
    errors.Stale: 412,
    errors.Busy: 503,
    errors.TooOften: 429,
    errors.Unusable: 503,
}
_RETRY_SECONDS = 5
_UNAUTHENTICATED, _UNAVAILABLE = 401, 503


def status_of(error: ShipbellError) -> int:
    """The HTTP status of an error."""
    return next(STATUSES[one] for one in type(error).__mro__ if one in STATUSES)


def title_of(error: ShipbellError) -> str:
    """What kind of error it is, in a sentence: the first line of its class's docstring."""
    return (type(error).__doc__ or "").partition("\n")[0]


def problem_body(error: ShipbellError) -> dict[str, object]:
    """The members of a problem document."""
    body: dict[str, object] = {
        "type": f"urn:shipbell:problem:{error.code}",
        "title": title_of(error),
        "status": status_of(error),
        "code": error.code,
        "detail": error.sentence,
    }
    if isinstance(error, InvalidValue):
        body["errors"] = [{"field": one.field, "code": one.code, "message": one.message} for one in error.problems]
    return body


def problem(error: ShipbellError, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to an error."""
    status = status_of(error)
    sent = dict(headers or {})
    if isinstance(error, errors.Busy):
        sent["Retry-After"] = str(error.retry_after)
    elif status == _UNAVAILABLE:
        sent["Retry-After"] = str(_RETRY_SECONDS)
    if status == _UNAUTHENTICATED:
        sent["WWW-Authenticate"] = "Bearer"
    return Response(msgspec.json.encode(problem_body(error)), status, sent, media_type="application/problem+json")
