"""ID tokens: signature and claims, as OpenID Connect Core 1.0 section 3.1.3.7 asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import KeySet, KeySetSerialization
from joserfc.jws import JWSRegistry

ALGORITHMS = ("RS256", "ES256")
SIGNATURE = "signature"
_SKEW_SECONDS = 60
_MOST_SUBJECT = 255
_TIMES = ("exp", "iat", "nbf")
# The end of the calendar, 31 December 9999: what lies behind it is no time, and "not a number" is neither.
_LAST_SECOND = 253_402_300_799


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a token must say, and what came along with it."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str | None
    now: datetime


class NotTrusted(Exception):
    """The token proves nothing to us; `claim` names what is wrong."""

    def __init__(self, claim: str) -> None:
        """Keep the name of the claim (or `signature`, `algorithm`)."""
        super().__init__(claim)
        self.claim = claim


def read_keys(document: Mapping[str, Any]) -> KeySet:
    """The signing keys of a JWKS document; raises ValueError."""
    listed = document.get("keys")
    every = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    wanted = [one for one in every if one.get("kty") in {"RSA", "EC"} and one.get("use", "sig") == "sig"]
    signing = KeySetSerialization(keys=wanted)
    try:
        return KeySet.import_key_set(signing)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise ValueError("no usable key") from error


def checked(token: str, keys: KeySet, expected: Expected) -> dict[str, Any]:
    """The claims of a token that is signed by the provider, made for us and in force; raises NotTrusted."""
    header, claims = _signed(token, keys)
    seconds = int(expected.now.timestamp())
    # The library takes a list that holds the value for the value itself; an issuer is one text.
    if not isinstance(claims.get("iss"), str):
        raise NotTrusted("iss")
    for name in _TIMES:
        if isinstance(told := claims.get(name), float | int) and not 0 <= told <= _LAST_SECOND:
            raise NotTrusted(name)
    options = {
        "iss": {"essential": True, "value": expected.issuer},
        "aud": {"essential": True, "value": expected.client_id},
    }
    params = {
        "client_id": expected.client_id,
        "nonce": expected.nonce,
        "access_token": expected.access_token,
    }
    try:
        CodeIDToken(claims, header, options, params).validate(now=seconds, leeway=_SKEW_SECONDS)
    except (JoseError, ValueError, TypeError) as error:
        raise NotTrusted(str(getattr(error, "claim", None) or type(error).__name__)) from error
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _MOST_SUBJECT or not subject.isprintable():
        raise NotTrusted("sub")
    return claims


def _signed(token: str, keys: KeySet) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token that one of the keys has signed."""
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    for key in keys:
        try:
            signed = jwt.decode(token, key, registry=registry)
        except UnsupportedAlgorithmError as error:
            raise NotTrusted("algorithm") from error
        except (JoseError, ValueError):
            continue
        return dict(signed.header), dict(signed.claims)
    raise NotTrusted(SIGNATURE)
