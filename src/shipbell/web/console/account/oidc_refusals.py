"""Why a sign-in with OpenID Connect was refused, in words that say the cure."""

from collections.abc import Mapping

from shipbell.domain.openid import Refusal
from shipbell.web.console.frame.words import en

_TOLD: Mapping[Refusal, str] = {
    Refusal.UNREACHABLE: en("The identity provider does not answer. Try again in some minutes."),
    Refusal.MISCONFIGURED: en(
        "Shipbell and the identity provider do not fit together. Tell whoever runs Shipbell to look in its log."
    ),
    Refusal.DENIED: en(
        "The identity provider did not let you in. Sign in there with another account, or ask for access."
    ),
    Refusal.OUT_OF_DATE: en("This sign-in took too long or began in another window. Sign in once more."),
    Refusal.NOT_TRUSTED: en(
        "What the identity provider sent cannot be trusted. Sign in once more; if it stays, tell whoever runs Shipbell."
    ),
    Refusal.NO_NAME: en(
        "The identity provider sends no user name that fits here. Ask whoever runs Shipbell to choose another claim."
    ),
    Refusal.NAME_TAKEN: en(
        "Another account has your user name already. Ask an instance administrator to remove that account, or to have"
        " your name changed at the identity provider."
    ),
    Refusal.TOO_OFTEN: en("Too many tries. Try again in a minute."),
}


def told(code: str) -> str | None:
    """The sentence of a refusal by its code; None for an unknown one."""
    return next((sentence for refusal, sentence in _TOLD.items() if refusal.value == code), None)
