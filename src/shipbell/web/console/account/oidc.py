"""Sign in with OpenID Connect: to the provider, and back."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from shipbell.domain.errors import NotFound, SignInRefused
from shipbell.telemetry import log
from shipbell.usecases.sign_in import LASTS
from shipbell.usecases.sign_in_oidc import LASTS_AWAY, Return, SignInWithOpenId
from shipbell.web.addresses import client_address
from shipbell.web.console.account.sign_in import way_on
from shipbell.web.console.frame.page import frame_of, page, see_other
from shipbell.web.console.frame.services import services_of
from shipbell.web.cookies import cookie_of
from shipbell.web.sessions import secure, set_cookie

_START = "/sign-in/openid"
_CALLBACK = "/sign-in/openid/callback"
# Ties the answer of the provider to the browser that asked; Lax, because the answer comes from another site.
_COOKIE = "shipbell_openid"
_LONGEST = 4_096
_MOST_WAY = 1_000
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


async def start(request: Request) -> Response:
    """Send the browser to the provider."""
    openid, way = _openid(request), _way(request.query_params.get("next", ""))
    words = frame_of(request).words
    try:
        url, trip = await openid.depart(
            _redirect_uri(request),
            way=way,
            language=words.language.value if words.asked else None,
            address=_address(request),
        )
    except SignInRefused as error:
        return _refused(request, error, way, None)
    response = RedirectResponse(url, 303, headers=_HEADERS)
    _keep(request, response, trip, LASTS_AWAY)
    return response


async def callback(request: Request) -> Response:
    """Take the provider's answer; the session that starts has a new cookie."""
    openid, given = _openid(request), request.query_params
    back = Return(
        trip=(cookie_of(request, _COOKIE) or "")[:_LONGEST],
        state=given.get("state", ""),
        code=given.get("code", ""),
        error=given.get("error", ""),
        issuer=given.get("iss"),
    )
    trip = openid.trip(back.trip)
    way, language = (trip.way, trip.language) if trip else ("/", None)
    try:
        cookie, _ = await openid.arrive(back, address=_address(request), agent=request.headers.get("user-agent", ""))
    except SignInRefused as error:
        response = _refused(request, error, way, language)
    else:
        response = see_other(request, way, lang=language)
        set_cookie(response, cookie, lasts=LASTS, only_https=_only_https(request))
    _keep(request, response, "", timedelta())
    return response


def _refused(request: Request, error: SignInRefused, way: str, language: str | None) -> Response:
    """The sign-in page with the reason; the log says more."""
    log().warning("sign_in.refused", refusal=error.refusal.value, why=error.sentence, address=_address(request))
    return see_other(request, "/sign-in", openid=error.refusal.value, next=None if way == "/" else way, lang=language)


def _openid(request: Request) -> SignInWithOpenId:
    openid = services_of(request).openid
    if openid is None:
        raise NotFound("No identity provider is configured.")
    return openid


def _redirect_uri(request: Request) -> str:
    """Our address as the provider knows it: of the settings, else as the browser called us."""
    return (services_of(request).public_url or str(request.base_url).rstrip("/")) + _CALLBACK


def _way(path: str) -> str:
    way = way_on(path)
    return way if len(way) <= _MOST_WAY else "/"


def _address(request: Request) -> str:
    return client_address(request.scope, services_of(request).auth.trusted)


def _only_https(request: Request) -> bool:
    return secure(request, services_of(request).public_url)


def _keep(request: Request, response: Response, trip: str, lasts: timedelta) -> None:
    """Let the browser carry a trip; none ends at once."""
    response.set_cookie(
        _COOKIE,
        trip,
        max_age=int(lasts.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=_only_https(request),
        path=_START,
    )


ROUTES: tuple[Route, ...] = (
    page(_START, start, signed_in=False),
    page(_CALLBACK, callback, signed_in=False),
)
