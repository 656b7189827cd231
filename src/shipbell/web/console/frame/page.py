"""The frame of each page: who looks, in which language and zone, at which project, and what they may do."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from shipbell.channels import by_kind
from shipbell.domain.access import Action, Role, may
from shipbell.domain.catalog import REGIONS
from shipbell.domain.errors import Forbidden, NotFound, Unauthenticated
from shipbell.domain.subscriptions import Locale
from shipbell.ports.directory import By, ProjectWhole
from shipbell.ports.insight import Count
from shipbell.usecases.identity import Identity
from shipbell.web.console.frame.forms import Form, csrf_input, keeps_token, own_origin, read_form
from shipbell.web.console.frame.kept_forms import AGAIN_FIELD, forget, keep
from shipbell.web.console.frame.project_services import project_services
from shipbell.web.console.frame.services import services_of
from shipbell.web.console.frame.words import LANGUAGES, Words, en, locale_of, negotiated

Endpoint = Callable[[Request], Awaitable[Response]]
_TEMPLATE_FOLDERS = sorted(Path(__file__).parents[1].glob("*/templates"))
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
ROLES: Mapping[Role, str] = {
    Role.PROJECT_ADMINISTRATOR: en("Project Administrator"),
    Role.PROJECT_MANAGER: en("Project Manager"),
    Role.DEVELOPER: en("Developer"),
    Role.VIEWER: en("Viewer"),
}
# What pages read from the query of their address.
ASKED = frozenset(
    (
        "lang", "next", "openid", "done", "q", "from", "range", "region", "new", "copy", "edit", "show", "id", "before",
        "seen", "replayed", "refused", "reopened", "state", "subscription", "source", "type", "time", "robot", "kind",
        "action", "actor", "after", "until", "why", "rows", "calls",
    )
)  # fmt: skip
# What tools write may be as long as their calls; no page shows more of one value.
_MOST_SHOWN = 8_192


def _shown(value: object) -> object:
    """A value as a page shows it: plain text is cut, what a template has put together is not."""
    if isinstance(value, str) and not hasattr(value, "__html__") and len(value) > _MOST_SHOWN:
        return value[:_MOST_SHOWN] + "…"
    return value


_TEMPLATES = Environment(
    loader=FileSystemLoader(_TEMPLATE_FOLDERS),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
    finalize=_shown,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFrame:
    """The project that a page belongs to, one's role in it (None for an instance administrator), its dead letters."""

    whole: ProjectWhole
    role: Role | None
    is_admin: bool
    dead: Count

    @property
    def key(self) -> str:
        """The key in addresses."""
        return self.whole.project.key

    @property
    def name(self) -> str:
        """The name for people."""
        return self.whole.project.name

    def may(self, action: Action | str) -> bool:
        """Whether one may do this here."""
        return may(self.role, Action(action), instance_administrator=self.is_admin)

    def path(self, rest: str = "") -> str:
        """An address inside the project, such as `path("/deliveries")`."""
        return f"/projects/{self.key}{rest}"

    @property
    def tab(self) -> str:
        """Where the first channel's notifications are, for `path`."""
        return f"/settings/general/notifications/{next(iter(by_kind()))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page knows."""

    who: Identity | None
    words: Words
    project: ProjectFrame | None = None

    def role_name(self, role: Role | None = None) -> str:
        """A role's name; without one, one's own in this project."""
        named = role or (self.project.role if self.project else None)
        return self.words.t(ROLES[named]) if named else self.words.t("Instance administrator")

    def region(self, code: str) -> str:
        """A region's name, its code when it has none."""
        return REGIONS[code].read(self.words.language) if code in REGIONS else code


def frame_of(request: Request) -> Frame:
    """The frame of this request; without one, that of a stranger."""
    found = getattr(request.state, "frame", None)
    return found if isinstance(found, Frame) else Frame(who=None, words=words_for(request, None, None))


def project_of(request: Request) -> ProjectFrame:
    """The project of this request; raises NotFound where there is none."""
    project = frame_of(request).project
    if project is None:
        raise NotFound("There is no such project.")
    return project


def who_of(request: Request) -> Identity:
    """Who looks; raises Unauthenticated for a stranger."""
    who = frame_of(request).who
    if who is None:
        raise Unauthenticated("Sign in first.")
    return who


def form_of(request: Request) -> Form:
    """The fields of a checked POST."""
    form = request.state.form
    assert isinstance(form, Form)  # noqa: S101 - set by `deed`
    return form


def by_of(request: Request) -> By:
    """Who changes something, for the audit log."""
    return who_of(request).by


def _token(who: Identity | None) -> str:
    return who.session.csrf if who and who.session else ""


async def met(request: Request) -> Identity | None:
    """Who asks, None for a stranger; from now on the request has the frame of a page outside projects."""
    who = await services_of(request).auth.by_cookie(request)
    request.state.frame = Frame(who=who, words=words_for(request, who, None))
    return who


def words_for(request: Request, who: Identity | None, project: ProjectWhole | None) -> Words:
    """`?lang=` wins over the account's language, that over Accept-Language, that over English."""
    asked = locale_of(request.query_params.get("lang"))
    language = (
        asked
        or locale_of(who.user.locale if who else None)
        or negotiated(request.headers.get("accept-language", ""))
        or Locale.EN
    )
    own, of_project = who.user.time_zone if who else None, project.project.time_zone if project else None
    zone = own or of_project or services_of(request).time_zone
    return Words(language=language, zone=zone, asked=asked is not None)


def page(path: str, endpoint: Endpoint, *, action: Action = Action.LOOK, signed_in: bool = True) -> Route:
    """A page that GET shows; one with `{key}` in its path belongs to a project and needs a right in it."""
    return Route(path, _framed(endpoint, path, action, signed_in=signed_in, changes=False), methods=["GET"])


def deed(path: str, endpoint: Endpoint, *, action: Action = Action.LOOK, again: Endpoint | None = None) -> Route:
    """What a form does by POST, after its token is checked; `form_of(request)` has its fields.

    `again` shows the form with what was typed and changes nothing, for who had to sign in or met an error first.
    """

    async def done(request: Request) -> Response:
        shows_again = again is not None and form_of(request).has(AGAIN_FIELD)
        return await (again if again is not None and shows_again else endpoint)(request)

    return Route(
        path, _framed(done, path, action, signed_in=True, changes=True, keeps=again is not None), methods=["POST"]
    )


def stranger_deed(path: str, endpoint: Endpoint) -> Route:
    """A POST without a session: the endpoint reads its form and checks where it comes from by itself."""
    return Route(path, _framed(endpoint, path, Action.LOOK, signed_in=False, changes=False), methods=["POST"])


def _framed(  # noqa: PLR0913 - what a route says of itself
    endpoint: Endpoint, path: str, action: Action, *, signed_in: bool, changes: bool, keeps: bool = False
) -> Endpoint:
    async def framed(request: Request) -> Response:
        who = await met(request)
        if (changes and who is not None) or (keeps and own_origin(request)):
            request.state.form = await read_form(request)
        if keeps and own_origin(request):
            keep(request, request.state.form, services_of(request).clock.now())
        if who is None and signed_in:
            raise Unauthenticated("Sign in first.")
        if changes and who is not None:
            keeps_token(request, request.state.form, _token(who))
        if who is not None and "{key}" in path:
            project = await _project(request, who)
            request.state.frame = Frame(who=who, words=words_for(request, who, project.whole), project=project)
            if not project.may(action):
                forget(request)
                raise Forbidden("Your role in this project does not allow this.")
        return await endpoint(request)

    return framed


async def _project(request: Request, who: Identity) -> ProjectFrame:
    whole = await services_of(request).directory.whole(request.path_params["key"])
    role = next((one.role for one in whole.members if one.user == who.user.name), None) if whole else None
    if whole is None or (role is None and not who.user.is_admin):
        raise NotFound("There is no such project, or you are not one of its members.")
    dead = await project_services(request).insight.dead(whole.project.id)
    return ProjectFrame(whole=whole, role=role, is_admin=who.user.is_admin, dead=dead)


def render(request: Request, template: str, status: int = 200, /, **context: object) -> Response:
    """A page from its template."""
    return HTMLResponse(drawn(request, template, **context), status, headers=HEADERS)


def drawn(request: Request, template: str, /, **context: object) -> str:
    """A template, which knows the words beside its context; `csrf_input` stands in each form."""
    frame = frame_of(request)
    words = frame.words
    return _TEMPLATES.get_template(template).render(
        frame=frame,
        t=words.t,
        tn=words.tn,
        th=words.th,
        who=words.who,
        gap=words.gap,
        href=words.href,
        when=words.when,
        number=words.number,
        csrf_input=csrf_input(_token(frame.who)),
        lang=words.language.value,
        languages=[(one, name, _in_language(request, one)) for one, name in LANGUAGES.items()],
        here=request.url.path,
        **context,
    )


def _in_language(request: Request, language: Locale) -> str:
    return known_address(request.url.path, request.url.query, lang=language.value)


def known_address(path: str, query: str, **changed: str) -> str:
    """An address here with those words of its query that a page reads; a secret that somebody put there is left out."""
    # A browser reads two slashes, and a backslash for one, as the beginning of another host.
    path = "/" + path.lstrip("/\\")
    pairs = [
        (name, _known_way(value) if name == "next" else value)
        for name, value in parse_qsl(query, keep_blank_values=True)
        if name in ASKED and name not in changed
    ]
    asked = urlencode([*pairs, *changed.items()])
    return f"{path}?{asked}" if asked else path


def _known_way(address: str) -> str:
    path, _, query = address.partition("?")
    return known_address(path, query)


def see_other(request: Request, path: str, /, **query: object) -> Response:
    """Go and GET another page, after a POST."""
    return RedirectResponse(frame_of(request).words.href(path, **query), 303, headers=HEADERS)
