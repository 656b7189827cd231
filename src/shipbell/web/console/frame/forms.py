"""Forms: read within bounds, and proven to come from our own page."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from markupsafe import Markup
from starlette.requests import Request

from shipbell.domain.errors import BadInput, BodyTooLarge, Forbidden, ForeignOrigin
from shipbell.telemetry import log
from shipbell.web.console.frame.services import services_of
from shipbell.web.sessions import CSRF_FIELD

_MOST_BYTES = 256 * 1024
_MOST_FIELDS = 2_000
_MOST_SAID = 200
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form; a name may stand more than once."""

    fields: Mapping[str, Sequence[str]]

    def one(self, name: str, default: str = "") -> str:
        """The first value of a field."""
        values = self.fields.get(name)
        return values[0] if values else default

    def every(self, name: str) -> list[str]:
        """All values of a field."""
        return list(self.fields.get(name, ()))

    def has(self, name: str) -> bool:
        """Whether the field was sent."""
        return name in self.fields


async def read_form(request: Request) -> Form:
    """The fields of a urlencoded body; raises BodyTooLarge, BadInput."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise BadInput("This address takes the fields of a form.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise BodyTooLarge("A form may have 256 KiB at most.")
    fields: dict[str, list[str]] = {}
    try:
        for name, value in parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        ):
            fields.setdefault(name, []).append(value)
    except ValueError as error:
        raise BadInput("This form has too many fields.") from error
    return Form(fields)


def keeps_token(request: Request, form: Form, token: str) -> None:
    """Raise Forbidden for a form that is not from our own page: wrong token, or another site as its origin."""
    check_origin(request)
    if not token or not hmac.compare_digest(form.one(CSRF_FIELD).encode(), token.encode()):
        raise Forbidden("This form is out of date, or it is not ours. Open the page again and repeat the step.")


def own_origin(request: Request) -> bool:
    """Whether the browser says that a form comes from a page of ours: of the request's host, or of the public URL."""
    origin = _origin(request.headers.get("origin", ""))
    if not origin:
        return False
    host = request.headers.get("host", "-").lower()
    of_host = {_origin(f"{scheme}://{host}") for scheme in _DEFAULT_PORTS}
    return origin in of_host or origin == _origin(services_of(request).public_url)


def check_origin(request: Request) -> None:
    """Raise ForeignOrigin for a form of another address, and tell the log which two differ; none given is no fault."""
    given = request.headers.get("origin")
    if given is None or own_origin(request):
        return
    origin, host = given[:_MOST_SAID], request.headers.get("host", "-")[:_MOST_SAID]
    log().warning("form.refused", code=ForeignOrigin.code, why=f"Origin {origin} is not Host {host}")
    raise ForeignOrigin(
        f"Your browser sent this form from {origin}, but the request came for {host}. Whoever runs Shipbell sets "
        "SHIPBELL_PUBLIC_URL to the address in the browser, or lets the proxy pass the Host header on."
    )


def _origin(url: str) -> str:
    """Scheme, host and port of an address, the scheme's own port left out; empty when there is no host."""
    try:
        parts = urlsplit(url.lower())
    except ValueError:
        return ""
    netloc = parts.netloc.removesuffix(_DEFAULT_PORTS.get(parts.scheme, ""))
    return f"{parts.scheme}://{netloc}" if netloc else ""


def csrf_input(token: str) -> Markup:
    """The hidden field that proves where a form comes from."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, token)
