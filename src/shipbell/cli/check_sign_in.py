"""The identity provider, as `doctor` sees it: asked for what every sign-in needs, over the same guarded calls."""

from shipbell.cli.checks import Check, fault, fine
from shipbell.clock import SystemClock
from shipbell.domain.errors import SignInRefused
from shipbell.domain.openid import Refusal
from shipbell.settings import Settings
from shipbell.transport.openid import OpenIdProvider

_NAME = "sign-in"
_CURES = {
    Refusal.UNREACHABLE: "Check SHIPBELL_OIDC_ISSUER, the way from here to it, and its certificate.",
    Refusal.MISCONFIGURED: "Mend it at the provider, or SHIPBELL_OIDC_ISSUER here.",
}


async def identity_provider(settings: Settings) -> list[Check]:
    """One line when a provider is configured, none when not."""
    if settings.oidc is None:
        return []
    provider = OpenIdProvider(settings=settings.oidc, clock=SystemClock(), allow=settings.outbound_allow)
    try:
        await provider.check()
    except SignInRefused as error:
        return [fault(_NAME, error.sentence, _CURES.get(error.refusal, _CURES[Refusal.MISCONFIGURED]))]
    return [fine(_NAME, f"{settings.oidc.issuer} answers, is the issuer, and offers its keys")]
