"""The console as one application: its pages, its files, and errors as pages."""

from contextlib import suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Mount, Route
from starlette.staticfiles import StaticFiles

from shipbell.domain.errors import (
    Forbidden,
    ForeignOrigin,
    InternalError,
    NotFound,
    ShipbellError,
    Unauthenticated,
    WrongMethod,
)
from shipbell.web.console import routes
from shipbell.web.console.account import homepage, oidc, profile, sign_in, workspace
from shipbell.web.console.frame.kept_forms import kept_of
from shipbell.web.console.frame.page import frame_of, known_address, met, render, see_other
from shipbell.web.console.frame.services import ConsoleServices
from shipbell.web.console.frame.words import Words
from shipbell.web.console.notifications import pages
from shipbell.web.forwarded import Forwarded
from shipbell.web.problems import problem, status_of

ROUTES: tuple[Route, ...] = (
    *sign_in.ROUTES,
    *oidc.ROUTES,
    *homepage.ROUTES,
    *workspace.ROUTES,
    *profile.ROUTES,
    *pages.ROUTES,
    *routes.ROUTES,
)
_NOT_ALLOWED = 405
_PACKED = 6
_STATIC = Path(__file__).parent / "static"


def console(services: ConsoleServices) -> Mount:
    """The console, to stand last among the routes: what nobody else knows is its 404 page."""
    app = Starlette(
        routes=[
            # Pages are sent as they are: to pack a page that holds a token would tell of the token by its length.
            Mount("/static", GZipMiddleware(StaticFiles(directory=_STATIC), compresslevel=_PACKED)),
            *ROUTES,
        ],
        middleware=[Middleware(Forwarded, trusted=services.auth.trusted)],
        exception_handlers={ShipbellError: _refused, HTTPException: _unknown, Exception: _broken},
    )
    # Starlette would name our host as the caller does; ours is a path.
    app.router.redirect_slashes = False
    app.state.console = services
    return Mount("/", app)


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, ShipbellError):
        raise error
    request.state.code = error.code
    if _for_programs(request):
        return problem(error)
    kept = kept_of(request)
    if isinstance(error, Unauthenticated):
        return sign_in.first(request, kept) or see_other(request, "/sign-in", next=_way_back(request))
    heading, sentence = _told(error, frame_of(request).words, kept is not None)
    return render(request, "error.html", status_of(error), heading=heading, sentence=sentence, kept=kept)


async def _broken(request: Request, _error: Exception) -> Response:
    """A fault of ours as a page; `web.app.Observed` hears of it, too, and tells the log."""
    request_id, t = getattr(request.state, "request_id", "-"), frame_of(request).words.t
    told = InternalError(f"Tell the administrator this request id: {request_id}.")
    request.state.code = told.code
    if _for_programs(request):
        return problem(told)
    heading = t("Something in Shipbell is broken")
    sentence = t("Tell whoever runs Shipbell this request id: {id}.", id=request_id)
    return render(request, "error.html", status_of(told), heading=heading, sentence=sentence, kept=kept_of(request))


def _for_programs(request: Request) -> bool:
    """Whether a problem document is understood better than a page."""
    accept = request.headers.get("accept", "")
    return request.url.path.split("/")[1] in {"api", "hooks"} or (
        "text/html" not in accept and ("json" in accept or "text/event-stream" in accept)
    )


def _told(error: ShipbellError, words: Words, kept: bool) -> tuple[str, str]:  # noqa: FBT001 - one of two cases
    """A heading and a sentence; why somebody may not is not told to strangers."""
    t = words.t
    match error:
        case NotFound():
            return t("There is no such page"), t(
                "It does not exist, or it belongs to a project that you are not a member of."
            )
        case ForeignOrigin():
            return t("The form came from another address"), words.told(error.sentence)
        case Forbidden() if kept:
            return t("This form was out of date"), t("You signed in again after you opened it. Nothing was changed.")
        case Forbidden():
            return t("This is not yours to do"), t(
                "Your role does not allow it, or the form was out of date. Nothing was changed."
            )
        case WrongMethod():
            return t("There is nothing to read here"), t(
                "This address takes the form of one of our pages. Open that page and press its button again."
            )
        case _:
            return t("This did not work"), words.told(error.sentence)


def _way_back(request: Request) -> str | None:
    """The page to come back to: where a form was sent to an address that is a page, too, that page."""
    if request.url.path == "/" or "GET" not in _taken(request):
        return None
    return known_address(request.url.path, request.url.query)


async def _unknown(request: Request, error: Exception) -> Response:
    # No route knew who asks; a page without that is better than none.
    with suppress(ShipbellError):
        await met(request)
    if not isinstance(error, HTTPException) or error.status_code != _NOT_ALLOWED:
        path = request.url.path
        if request.method == "GET" and path.endswith("/") and _known(path := path.rstrip("/")):
            return see_other(request, path)
        return await _refused(request, NotFound("There is no such page here."))
    refusal = WrongMethod(f"{request.method} does nothing here; the address takes {_taken(request)}.")
    answer = await _refused(request, refusal)
    answer.headers["Allow"] = _taken(request)
    return answer


def _known(path: str) -> bool:
    """Whether there is a page of this path."""
    asked = {"type": "http", "method": "GET", "path": path, "root_path": ""}
    return any(one.matches(asked)[0] is Match.FULL for one in ROUTES)


def _taken(request: Request) -> str:
    """The methods of every route of this address: a page and what its form does share one. Files are only read."""
    methods = {
        method for one in ROUTES if one.matches(request.scope)[0] is not Match.NONE for method in one.methods or ()
    }
    return ", ".join(sorted(methods)) or "GET, HEAD"
