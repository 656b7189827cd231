"""One's own account: language, time zone, password, sessions and tokens."""

from collections.abc import Sequence

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shipbell.domain import validation
from shipbell.domain.errors import Forbidden, InvalidValue, NotFound, Problem, TooOften, Unauthenticated
from shipbell.domain.ids import Prefix, decode, encode
from shipbell.domain.validation import Findings
from shipbell.usecases.sign_in import LASTS, begun
from shipbell.web.console.frame.page import by_of, deed, form_of, frame_of, page, render, see_other, who_of
from shipbell.web.console.frame.services import services_of
from shipbell.web.console.frame.words import locale_of
from shipbell.web.console.frame.zones import ZONES
from shipbell.web.cookies import cookie_of
from shipbell.web.sessions import BROWSER_COOKIE, secure, set_cookie

_BROKEN = 422


async def account(request: Request) -> Response:
    """The page."""
    return await _show(request)


async def keep_preferences(request: Request) -> Response:
    """Keep language and time zone."""
    form, who, found = form_of(request), who_of(request), Findings()
    language = locale_of(form.one("locale"))
    zone = validation.time_zone(found, form.one("time_zone") or None)
    if found.problems:
        return await _show(request, found.problems, _BROKEN)
    await services_of(request).accounts.set_preferences(
        who.user.name, locale=language.value if language else None, time_zone=zone, by=by_of(request)
    )
    return see_other(request, "/account", done="preferences")


async def change_password(request: Request) -> Response:
    """Change the password: the present one is asked, every session ends, and this browser gets a new one."""
    form, who, services = form_of(request), who_of(request), services_of(request)
    name, t = who.user.name, frame_of(request).words.t
    if not who.user.local:
        raise Forbidden("This account has its password elsewhere.")
    address, agent = who.address or "unknown", request.headers.get("user-agent", "")
    browser = cookie_of(request, BROWSER_COOKIE) or ""
    if form.one("password") != form.one("again"):
        problem = Problem(field="again", code="not-the-same", message=t("This is not the same as the new password."))
        return await _show(request, [problem], _BROKEN)
    try:
        await services.sign_in(name, form.one("current"), address=address, agent=agent, browser=browser)
        await services.manage_accounts.change_password(name, form.one("password"), by_of(request))
    except Unauthenticated:
        problem = Problem(field="current", code="wrong-password", message=t("This is not your present password."))
        return await _show(request, [problem], _BROKEN)
    except TooOften as error:
        problem = Problem(field="current", code=error.code, message=error.sentence)
        return await _show(request, [problem], 429)
    except InvalidValue as error:
        return await _show(request, error.problems, _BROKEN)
    cookie, _ = await begun(services.sessions, name, now=services.clock.now(), agent=agent, by=by_of(request))
    response = see_other(request, "/account", done="password")
    set_cookie(response, cookie, lasts=LASTS, only_https=secure(request, services.public_url))
    return response


async def end_session(request: Request) -> Response:
    """End one of one's sessions."""
    who, number = who_of(request), decode(Prefix.SESSION, form_of(request).one("session"))
    if number is None:
        raise NotFound("There is no such session.")
    await services_of(request).sessions.end(number, by_of(request), user=who.user.name)
    return see_other(request, "/account", done="session")


async def make_token(request: Request) -> Response:
    """Make a token and show it, this once: the page is the answer to the POST, since nothing keeps the token."""
    form, who, services = form_of(request), who_of(request), services_of(request)
    days, keys = form.one("expires").strip(), form.every("projects")
    found = Findings()
    if days and not (days.isascii() and days.isdigit()):
        found.add("expires", "expires-range", "Give a number of days from above 0 to 3660.")
        return await _show(request, found.problems, _BROKEN)
    try:
        _, token = await services.manage_accounts.make_token(
            who.user.name,
            name=form.one("name").strip(),
            read_only=form.has("read_only"),
            projects=tuple(keys) or None,
            days=float(days) if days else None,
            by=by_of(request),
        )
    except InvalidValue as error:
        return await _show(request, error.problems, _BROKEN)
    return await _show(request, token=token)


async def revoke_token(request: Request) -> Response:
    """End one of one's tokens."""
    who, number = who_of(request), decode(Prefix.TOKEN, form_of(request).one("token"))
    if number is None:
        raise NotFound("There is no such token.")
    await services_of(request).accounts.revoke_token(number, by_of(request), user=who.user.name)
    return see_other(request, "/account", done="token")


async def _show(request: Request, problems: Sequence[Problem] = (), status: int = 200, *, token: str = "") -> Response:
    services, who, words = services_of(request), who_of(request), frame_of(request).words
    form = getattr(request.state, "form", None)
    return render(
        request,
        "account.html",
        status,
        nav="account",
        user=who.user,
        zones=ZONES,
        sessions=[(encode(Prefix.SESSION, one.id), one) for one in await services.sessions.of_user(who.user.name)],
        this=encode(Prefix.SESSION, who.session.id) if who.session else "",
        tokens=[(encode(Prefix.TOKEN, one.id), one) for one in await services.accounts.tokens(who.user.name)],
        projects=sorted(await services.access.roles(who)),
        at={one.field: words.told(one.message) for one in reversed(problems)},
        typed=form.one if form and problems else (lambda _name: ""),
        made=token,
        header=Markup("<code>Authorization: Bearer TOKEN</code>"),
        done=request.query_params.get("done", ""),
    )


ROUTES: tuple[Route, ...] = (
    page("/account", account),
    deed("/account/preferences", keep_preferences),
    deed("/account/password", change_password),
    deed("/account/sessions/end", end_session),
    deed("/account/tokens", make_token),
    deed("/account/tokens/revoke", revoke_token),
)
