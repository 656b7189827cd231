"""How a call proves that it comes from its source, for tools without a signature of their own."""

import base64
import binascii
import hashlib
import hmac
from datetime import timedelta

from shipbell.domain.errors import BadSignature
from shipbell.domain.secret import Secret
from shipbell.ports.source import InboundRequest

_TOLERANCE = timedelta(minutes=5)
_MOST_SIGNATURES = 16
_WHSEC = "whsec_"


def verify_shared(request: InboundRequest, secret: Secret) -> None:
    """Admit a Bearer token, a Standard Webhooks signature or `?token=`; raise BadSignature for anything else."""
    if _bearer(request, secret) or _signed(request, secret) or _token(request, secret):
        return
    raise BadSignature("The secret is missing or wrong: send it as `Authorization: Bearer SECRET`.")


def _bearer(request: InboundRequest, secret: Secret) -> bool:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    # Nothing but these two: an à in UTF-8 ends in what Latin-1 takes for a space.
    token = token.strip(" \t")
    return scheme.lower() == "bearer" and (secret.matches(token) or secret.matches(_sent(token)))


def _sent(header: str) -> str:
    """A header as its sender meant it: the bytes were read as Latin-1, most clients write UTF-8."""
    if header.isascii():
        return header
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


def _token(request: InboundRequest, secret: Secret) -> bool:
    token = request.query.get("token")
    return token is not None and secret.matches(token)


def _signed(request: InboundRequest, secret: Secret) -> bool:
    """Standard Webhooks 1.0: HMAC-SHA256 of `id.timestamp.body`, base64, one `v1` among others."""
    message_id = request.headers.get("webhook-id")
    timestamp = request.headers.get("webhook-timestamp", "")
    signatures = request.headers.get("webhook-signature")
    if not message_id or not signatures or not timestamp.isascii() or not timestamp.isdigit():
        return False
    if abs(request.received_at.timestamp() - int(timestamp[:12])) > _TOLERANCE.total_seconds():
        return False
    if signatures.count(" ") >= _MOST_SIGNATURES:
        raise BadSignature(f"There are more than {_MOST_SIGNATURES} signatures in `webhook-signature`: send fewer.")
    signed = f"{message_id}.{timestamp}.".encode("utf-8", "surrogateescape") + request.body
    given = [one.removeprefix("v1,") for one in signatures.split(" ") if one.startswith("v1,")]
    wanted = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in _keys(secret)]
    return any(Secret(one).matches(other) for one in wanted for other in given)


def _keys(secret: Secret) -> list[bytes]:
    """The bytes of a `whsec_` secret, or a raw one as it stands."""
    value = secret.reveal()
    if not value.startswith(_WHSEC):
        return [value.encode()]
    try:
        return [base64.b64decode(value.removeprefix(_WHSEC), validate=True)]
    except (binascii.Error, ValueError):
        return [value.encode()]
