"""A small OpenID Connect provider on loopback: it lets one person in and checks what a real one checks."""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from hook_house import served

CLIENT_ID = "shipbell"
CLIENT_SECRET = "marker-of-the-client-secret"
RSA_KEY = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})
EC_KEY = ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig"})

Sign = Callable[[dict[str, Any]], str]


def signed_by_rsa(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": RSA_KEY.kid}, claims, RSA_KEY)


def signed_by_ec(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "ES256", "kid": EC_KEY.kid}, claims, EC_KEY)


def unsigned(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "none"}, claims, RSA_KEY, algorithms=["none"])


@dataclass
class Provider:
    """What the provider says; tests change it."""

    issuer: str = ""
    # Claims of the person, beside those of the protocol.
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "248289761001", "preferred_username": "zhang.san"})
    # What replaces the claims of the protocol in the ID token.
    twist: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    back: dict[str, str] = field(default_factory=dict)
    sign: Sign = signed_by_rsa
    keys: list[RSAKey | ECKey] = field(default_factory=lambda: [RSA_KEY, EC_KEY])
    denies: str = ""
    token_error: str = ""
    broken: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        """The provider's addresses."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/keys", self.key_document),
                Route("/userinfo", self.person),
            ]
        )

    async def discovery(self, _request: Request) -> Response:
        if self.broken:
            return Response("out of order", 503)
        facts = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "scopes_supported": ["openid", "profile", "groups"],
        }
        return JSONResponse(facts | self.about)

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["scope"] == "openid profile groups"
        if self.denies:
            return self._returned(asked, {"error": self.denies})
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return self._returned(asked, {"code": code})

    def _returned(self, asked: dict[str, str], answer: dict[str, str]) -> Response:
        pairs = answer | {"state": asked["state"]} | self.back
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(pairs)}", 302)

    async def token(self, request: Request) -> Response:
        self.seen.append("token")
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        if self.token_error:
            return JSONResponse({"error": self.token_error}, 400)
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_client"}, 401)
        asked = self.codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if (
            asked is None
            or asked["code_challenge"] != challenge.decode()
            or asked["redirect_uri"] != form["redirect_uri"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        protocol = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims = {name: value for name, value in (protocol | self.claims | self.twist).items() if value is not None}
        return JSONResponse({"token_type": "Bearer", "access_token": "marker-access", "id_token": self.sign(claims)})

    async def key_document(self, _request: Request) -> Response:
        self.seen.append("keys")
        return JSONResponse(KeySet(list(self.keys)).as_dict(private=False))

    async def person(self, request: Request) -> Response:
        self.seen.append("userinfo")
        assert request.headers["authorization"] == "Bearer marker-access"
        return JSONResponse({"sub": self.claims["sub"]} | self.userinfo)


@contextmanager
def openid_provider() -> Iterator[Provider]:
    """A provider that runs."""
    provider = Provider()
    with served(provider.app()) as address:
        provider.issuer = address
        yield provider


def settings(provider: Provider, **more: str) -> dict[str, str]:
    """The settings that know this provider."""
    return {
        "SHIPBELL_OIDC_ISSUER": provider.issuer,
        "SHIPBELL_OIDC_CLIENT_ID": CLIENT_ID,
        "SHIPBELL_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        **more,
    }
