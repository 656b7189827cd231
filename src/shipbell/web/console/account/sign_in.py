"""Sign in and out."""

import hmac
import secrets
from urllib.parse import urlsplit

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shipbell import __version__
from shipbell.domain.errors import ForeignOrigin, TooOften, Unauthenticated
from shipbell.usecases.accounts import hash_of
from shipbell.usecases.identity import Identity
from shipbell.usecases.known_browsers import LASTS_KNOWN
from shipbell.usecases.sign_in import LASTS
from shipbell.web.addresses import client_address
from shipbell.web.console.account.oidc_refusals import told
from shipbell.web.console.frame.forms import Form, check_origin, csrf_input, read_form
from shipbell.web.console.frame.kept_forms import Kept, opened, sealed
from shipbell.web.console.frame.page import (
    Frame,
    deed,
    frame_of,
    page,
    render,
    see_other,
    stranger_deed,
    who_of,
    words_for,
)
from shipbell.web.console.frame.services import services_of
from shipbell.web.cookies import cookie_of
from shipbell.web.sessions import BROWSER_COOKIE, CSRF_FIELD, clear_cookie, mark_browser, secure, set_cookie

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
    t, way, box = frame_of(request).words.t, way_on(form.one("next")), form.one("kept")
    name = form.one("username").strip()
    try:
        # A page of a browser that hides where it comes from says "null"; its cookie tells it from others.
        if request.headers.get("origin") != "null":
            check_origin(request)
    except ForeignOrigin as error:
        request.state.code = error.code
        told_why = frame_of(request).words.told(error.sentence)
        return _form(request, way, name=name, error=told_why, box=box, status=403)
    if not _has_our_token(request, form):
        out_of_date = t("The page was out of date. Sign in once more.")
        return _form(request, way, name=name, error=out_of_date, box=box, status=403)
    services = services_of(request)
    if form.has("signed_in"):
        who, not_yet = frame_of(request).who, t("You have not signed in yet.")
        return _goes_on(request, who, way, box) if who else _form(request, way, error=not_yet, box=box, status=_WRONG)
    try:
        cookie, _ = await services.sign_in(
            name,
            form.one("password"),
            address=client_address(request.scope, services.auth.trusted),
            agent=request.headers.get("user-agent", ""),
            browser=cookie_of(request, BROWSER_COOKIE) or "",
        )
    except TooOften as error:
        wait = t("Too many tries. Try again in {seconds} s.", seconds=error.retry_after)
        response = _form(request, way, name=name, wait=wait, box=box, status=_TOO_MANY)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    except Unauthenticated:
        wrong = t("User name or password is wrong.")
        return _form(request, way, name=name, error=wrong, box=box, status=_WRONG)
    user, session = await services.sessions.owner(hash_of(cookie)) or (None, None)
    who = Identity(user=user, session=session) if user else None
    response = _goes_on(request, who, way, box) if who else see_other(request, way)
    only_https = secure(request, services.public_url)
    set_cookie(response, cookie, lasts=LASTS, only_https=only_https)
    mark_browser(response, services.sign_in.browsers.mark(name), lasts=LASTS_KNOWN, only_https=only_https)
    return response


async def sign_out(request: Request) -> Response:
    """End the session."""
    who, services = who_of(request), services_of(request)
    if who.session is not None:
        await services.sign_in.sign_out(who.session, address=who.address or "unknown")
    response = see_other(request, "/sign-in")
    clear_cookie(response)
    return response


def first(request: Request, kept: Kept | None) -> Response | None:
    """The sign-in page for who sent a form after the session ended; it carries on what was typed, sealed."""
    box = sealed(kept, services_of(request).sealed) if kept else ""
    return _form(request, kept.path, box=box, status=_WRONG) if kept and box else None


def _goes_on(request: Request, who: Identity, way: str, box: str) -> Response:
    """The way on after signing in: back to what was typed, else to the page that was asked for."""
    services = services_of(request)
    kept = opened(box, services.opened, services.clock.now()) if box else None
    if kept is None:
        return see_other(request, way)
    request.state.frame = Frame(who=who, words=words_for(request, who, None))
    return render(request, "kept.html", kept=kept)


def way_on(path: str) -> str:
    """Where to go after signing in: a path of ours, else the homepage."""
    parts = urlsplit(path)
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return path if ours and path.isprintable() and "\\" not in path else "/"


def _has_our_token(request: Request, form: Form) -> bool:
    cookie = cookie_of(request, _FORM_COOKIE) or ""
    return bool(cookie) and hmac.compare_digest(form.one(CSRF_FIELD).encode(), cookie.encode())


def _form(  # noqa: PLR0913 - what a failed sign-in shows again
    request: Request, way: str, *, name: str = "", error: str = "", wait: str = "", box: str = "", status: int = 200
) -> Response:
    token = cookie_of(request, _FORM_COOKIE) or secrets.token_urlsafe(24)
    response = render(
        request,
        "sign_in.html",
        status,
        next=way,
        name=name,
        error=error,
        wait=wait,
        box=escape(box),
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
        path="/",
    )
    return response


ROUTES: tuple[Route, ...] = (
    page("/sign-in", show, signed_in=False),
    stranger_deed("/sign-in", sign_in),
    deed("/sign-out", sign_out),
)
