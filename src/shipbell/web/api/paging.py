"""Pages of short lists that are read whole."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from starlette.requests import Request

from shipbell.web.api.reading import cursor, cursor_of, limit_of
from shipbell.web.api.shapes import Listed

T = TypeVar("T")
S = TypeVar("S")


def listed(request: Request, items: Iterable[T], *, by: Callable[[T], str], shape: Callable[[T], S]) -> Listed[S]:
    """The page that a request asks for, in order of `by`, which is unique."""
    limit, after = limit_of(request), cursor_of(request)
    ordered = sorted(items, key=by)
    rest = ordered if after is None else [one for one in ordered if by(one) > after]
    page = rest[:limit]
    return Listed(items=[shape(one) for one in page], next=cursor(by(page[-1])) if len(rest) > limit else None)
