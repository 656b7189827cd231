"""The OpenID Connect provider: discovery, code exchange, keys and user info."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from authlib.oauth2.auth import ClientAuth  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from joserfc.jwk import KeySet

from shipbell.domain.errors import SignInRefused
from shipbell.domain.openid import Refusal
from shipbell.ports.clock import Clock
from shipbell.ports.openid import Arrival, Departure
from shipbell.settings.values import Oidc
from shipbell.transport.guard import Network
from shipbell.transport.id_token import SIGNATURE, Expected, NotTrusted, checked, read_keys
from shipbell.transport.provider_calls import OK, ProviderCalls, misconfigured, read, unreachable

_WELL_KNOWN = "/.well-known/openid-configuration"
_KEPT = timedelta(minutes=10)
_CLIENT_ERRORS, _SERVER_ERRORS = 400, 500
_MOST_GROUPS = 1_000


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of itself (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    scopes_supported: tuple[str, ...] | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] | None = None


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider gives for a code."""

    id_token: str
    access_token: str | None = None


@dataclass(slots=True)
class _Kept:
    """What was fetched last; a restart of the provider with new keys is noticed at once, other news in minutes."""

    about: About | None = None
    keys: KeySet | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdProvider:
    """Calls one provider: its own host whatever its address, other hosts it names only on allowed addresses."""

    settings: Oidc
    clock: Clock
    allow: Sequence[Network] = ()
    kept: _Kept = field(default_factory=_Kept)

    @property
    def issuer(self) -> str:
        """What the provider calls itself."""
        return self.settings.issuer

    async def check(self) -> None:
        """Fetch what every sign-in needs, the discovery document and the keys; raises SignInRefused."""
        await self._keys(await self._about())

    async def departure(self, redirect_uri: str) -> Departure:
        """Prepare a sign-in that comes back to this address; raises SignInRefused."""
        about = await self._about()
        state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        verifier = secrets.token_urlsafe(48)
        url = prepare_grant_uri(
            about.authorization_endpoint,
            self.settings.client_id,
            "code",
            redirect_uri=redirect_uri,
            scope=self._scopes(about),
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return Departure(url=url, state=state, nonce=nonce, verifier=verifier)

    async def arrival(self, code: str, *, redirect_uri: str, nonce: str, verifier: str) -> Arrival:
        """Exchange a code for who it is; raises SignInRefused."""
        about = await self._about()
        tokens = await self._exchanged(about, code, redirect_uri, verifier)
        claims = await self._trusted(about, tokens, nonce)
        wanted = (self.settings.username_claim, self.settings.groups_claim)
        if about.userinfo_endpoint and tokens.access_token and any(name not in claims for name in wanted):
            told = await self._told(about.userinfo_endpoint, tokens.access_token)
            if told.get("sub") != claims["sub"]:
                raise SignInRefused("The user info speaks of another subject than the token.", Refusal.NOT_TRUSTED)
            claims = {**told, **claims}
        name = claims.get(self.settings.username_claim)
        return Arrival(
            issuer=self.issuer,
            subject=claims["sub"],
            name=name if isinstance(name, str) else None,
            groups=_groups(claims.get(self.settings.groups_claim)),
        )

    def _calls(self) -> ProviderCalls:
        return ProviderCalls(issuer=self.issuer, allow=self.allow)

    def _scopes(self, about: About) -> list[str]:
        known = about.scopes_supported or ()
        extra = [one for one in ("email", "groups") if one in known]
        return ["openid", "profile", *extra]

    async def _about(self) -> About:
        """The discovery document, kept for some minutes."""
        now, kept = self.clock.now(), self.kept
        if kept.about is not None and kept.at is not None and now - kept.at < _KEPT:
            return kept.about
        url = self.issuer.rstrip("/") + _WELL_KNOWN
        about = read(await self._calls().got(url), About, "discovery document")
        if about.issuer != self.issuer:
            raise misconfigured(f"The provider calls itself {about.issuer[:200]}: write that in SHIPBELL_OIDC_ISSUER.")
        for one in (about.authorization_endpoint, about.token_endpoint, about.jwks_uri, about.userinfo_endpoint):
            self._check_endpoint(one)
        kept.about, kept.keys, kept.at = about, None, now
        return about

    def _check_endpoint(self, url: str | None) -> None:
        """Raise SignInRefused for an address that is no web address, or less safe than the issuer's."""
        schemes = {"https"} if self.issuer.startswith("https://") else {"http", "https"}
        if url is not None and (urlsplit(url).scheme not in schemes or not urlsplit(url).hostname):
            raise misconfigured("The provider names an endpoint that is not on https.")

    async def _exchanged(self, about: About, code: str, redirect_uri: str, verifier: str) -> Tokens:
        methods = about.token_endpoint_auth_methods_supported or ("client_secret_basic",)
        auth = ClientAuth(
            self.settings.client_id,
            self.settings.client_secret.reveal(),
            "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post",
        )
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        url, headers, body = auth.prepare("POST", about.token_endpoint, headers, urlencode(form))
        status, answer = await self._calls().asked("POST", url, headers, body)
        if status == OK:
            return read(answer, Tokens, "answer to the code")
        if _CLIENT_ERRORS <= status < _SERVER_ERRORS:
            raise _no_tokens(status, answer)
        raise unreachable(url, f"HTTP {status}")

    async def _trusted(self, about: About, tokens: Tokens, nonce: str) -> dict[str, Any]:
        """The claims of the ID token; unknown keys are fetched anew once."""
        try:
            return self._claims(tokens, nonce, await self._keys(about))
        except NotTrusted as error:
            if error.claim != SIGNATURE:
                raise _not_trusted(error) from error
        self.kept.keys = None
        try:
            return self._claims(tokens, nonce, await self._keys(about))
        except NotTrusted as error:
            raise _not_trusted(error) from error

    def _claims(self, tokens: Tokens, nonce: str, keys: KeySet) -> dict[str, Any]:
        expected = Expected(
            issuer=self.issuer,
            client_id=self.settings.client_id,
            nonce=nonce,
            access_token=tokens.access_token,
            now=self.clock.now(),
        )
        return checked(tokens.id_token, keys, expected)

    async def _keys(self, about: About) -> KeySet:
        if self.kept.keys is not None:
            return self.kept.keys
        try:
            keys = read_keys(read(await self._calls().got(about.jwks_uri), dict[str, Any], "key document"))
        except ValueError as error:
            raise misconfigured("The provider offers no RSA or EC key for signatures.") from error
        self.kept.keys = keys
        return keys

    async def _told(self, url: str, access_token: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        return read(await self._calls().got(url, headers), dict[str, Any], "user info")


def _groups(value: object) -> tuple[str, ...]:
    """A claim of groups: a list of texts, or one text."""
    listed = value if isinstance(value, list) else [value]
    return tuple(one for one in listed[:_MOST_GROUPS] if isinstance(one, str))


def _no_tokens(status: int, answer: bytes) -> SignInRefused:
    """What the token endpoint's no means: a code that is used up, or settings that do not fit."""
    try:
        told = msgspec.json.decode(answer, type=dict[str, Any]).get("error")
    except msgspec.MsgspecError:
        told = None
    code = told if isinstance(told, str) and told.isascii() and told.isprintable() else f"HTTP {status}"
    refusal = Refusal.OUT_OF_DATE if code == "invalid_grant" else Refusal.MISCONFIGURED
    return SignInRefused(f"The provider gives no tokens for the code: {code[:100]}.", refusal)


def _not_trusted(error: NotTrusted) -> SignInRefused:
    return SignInRefused(f"The ID token is not accepted: {error.claim}.", Refusal.NOT_TRUSTED)
