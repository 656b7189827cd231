"""The cookies of a session and of a browser that is known: set and cleared in one way."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "shipbell_session"
# Tells a browser that signed in before from a stranger's; it opens nothing, and stays when the session ends.
BROWSER_COOKIE = "shipbell_browser"
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"


def secure(request: Request, public_url: str) -> bool:
    """Whether the browser came by https."""
    return request.url.scheme == "https" or public_url.startswith("https://")


def set_cookie(response: Response, value: str, *, lasts: timedelta, only_https: bool) -> None:
    """Let the browser keep a session; scripts cannot read it, other sites cannot send it along with a form."""
    response.set_cookie(
        COOKIE, value, max_age=int(lasts.total_seconds()), httponly=True, samesite="lax", secure=only_https, path="/"
    )


def mark_browser(response: Response, mark: str, *, lasts: timedelta, only_https: bool) -> None:
    """Let a browser be known when it signs in again."""
    response.set_cookie(
        BROWSER_COOKIE,
        mark,
        max_age=int(lasts.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=only_https,
        path="/",
    )


def clear_cookie(response: Response) -> None:
    """Let the browser forget a session."""
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", path="/")
