"""Sign in and out."""

import hmac
import secrets
from urllib.parse import urlsplit

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shipbell import __version__
from shipbell.domain.errors import TooOften, Unauthenticated
from shipbell.usecases.sign_in import LASTS
from shipbell.web.addresses import client_address
from shipbell.web.console.forms import Form, csrf_input, read_form
from shipbell.web.console.frame import deed, frame_of, page, render, see_other, stranger_deed, who_of
from shipbell.web.console.openid_words import told
from shipbell.web.console.services import services_of
from shipbell.web.sessions import CSRF_FIELD, clear_cookie, secure, set_cookie

# Before there is a session, a form is tied to its browser by a cookie of its own.
_FORM_COOKIE = "shipbell_form"
_TOO_MANY = 429
_WRONG = 401


async def show(request: Request) -> Response:
    """The sign-in page; who is signed in goes on."""
    way = way_on(request.query_params.get("next", ""))
    if frame_of(request).who is not None:
        return see_other(request, way)
    refused = told(request.query_params.get("openid", ""))
    return _form(request, way, error=frame_of(request).words.t(refused) if refused else "")


async def sign_in(request: Request) -> Response:
    """Check name and password; the session that starts has a new cookie."""
    form = await read_form(request)
    t, way = frame_of(request).words.t, way_on(form.one("next"))
    name = form.one("username").strip()
    if not _from_our_page(request, form):
        return _form(request, way, name=name, error=t("The page was out of date. Sign in once more."), status=403)
    services = services_of(request)
    try:
        cookie, _ = await services.sign_in(
            name,
            form.one("password"),
            address=client_address(request.scope, services.auth.trusted),
            agent=request.headers.get("user-agent", ""),
        )
    except TooOften as error:
        wait = t("Too many tries. Try again in {seconds} s.", seconds=error.retry_after)
        response = _form(request, way, name=name, wait=wait, status=_TOO_MANY)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    except Unauthenticated:
        return _form(request, way, name=name, error=t("User name or password is wrong."), status=_WRONG)
    response = see_other(request, way)
    set_cookie(response, cookie, lasts=LASTS, only_https=secure(request, services.public_url))
    return response


async def sign_out(request: Request) -> Response:
    """End the session."""
    who, services = who_of(request), services_of(request)
    if who.session is not None:
        await services.sign_in.sign_out(who.session, address=who.address or "unknown")
    response = see_other(request, "/sign-in")
    clear_cookie(response)
    return response


def way_on(path: str) -> str:
    """Where to go after signing in: a path of ours, else the homepage."""
    parts = urlsplit(path)
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return path if ours and path.isprintable() and "\\" not in path else "/"


def _from_our_page(request: Request, form: Form) -> bool:
    cookie = request.cookies.get(_FORM_COOKIE, "")
    origin = request.headers.get("origin")
    foreign = origin not in {None, "null"} and urlsplit(str(origin)).netloc != request.headers.get("host")
    return not foreign and bool(cookie) and hmac.compare_digest(form.one(CSRF_FIELD).encode(), cookie.encode())


def _form(  # noqa: PLR0913 - what a failed sign-in shows again
    request: Request, way: str, *, name: str = "", error: str = "", wait: str = "", status: int = 200
) -> Response:
    token = request.cookies.get(_FORM_COOKIE) or secrets.token_urlsafe(24)
    response = render(
        request,
        "sign_in.html",
        status,
        next=way,
        name=name,
        error=error,
        wait=wait,
        form_token=csrf_input(token),
        openid=services_of(request).openid is not None,
        command=Markup("<code>shipbell user password</code>"),
        version=__version__,
    )
    response.set_cookie(
        _FORM_COOKIE,
        token,
        httponly=True,
        samesite="strict",
        secure=secure(request, services_of(request).public_url),
        path="/sign-in",
    )
    return response


ROUTES: tuple[Route, ...] = (
    page("/sign-in", show, signed_in=False),
    stranger_deed("/sign-in", sign_in),
    deed("/sign-out", sign_out),
)
