"""Which ID tokens open the door: a whole protocol exchange over loopback, with tokens of every kind."""

import hmac
import json
import math
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from openid_house import came_back, openid_house, refusal, signed_in, turned_back
from openid_provider import EC_KEY, RSA_KEY, Provider, Sign, openid_provider, signed_by_ec, unsigned


@pytest.fixture
def provider() -> Iterator[Provider]:
    with openid_provider() as made:
        yield made


async def test_a_token_signed_with_an_elliptic_curve_is_as_good(tmp_path: Path, provider: Provider) -> None:
    provider.sign = signed_by_ec
    async with openid_house(tmp_path, provider) as made:
        assert signed_in(await came_back(made))


async def test_a_new_key_of_the_provider_is_fetched_when_a_token_needs_it(tmp_path: Path, provider: Provider) -> None:
    provider.keys = [EC_KEY]
    async with openid_house(tmp_path, provider) as made:
        provider.sign = signed_by_ec
        assert signed_in(await came_back(made))
        new = RSAKey.generate_key(2048, {"kid": "rsa-2", "use": "sig"})
        provider.keys, provider.sign = [new], lambda claims: jwt.encode({"alg": "RS256", "kid": "rsa-2"}, claims, new)
        assert signed_in(await came_back(made))
        assert provider.seen.count("keys") == 2


@pytest.mark.parametrize(
    "twist",
    [
        {"nonce": "of-somebody-else"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": "another-client", "azp": "shipbell"},
        {"aud": ["shipbell", "another-client"]},
        {"aud": ["shipbell", "another-client"], "azp": "another-client"},
        {"exp": -61},
        {"exp": None},
        {"exp": 1e300},
        {"exp": 10**18},
        {"exp": math.inf},
        {"exp": math.nan},
        {"iat": 600},
        {"iss": "https://elsewhere.example"},
        {"sub": ""},
        {"sub": None},
        {"at_hash": "of-another-token"},
    ],
    ids=json.dumps,
)
async def test_a_token_that_is_not_for_this_sign_in_opens_nothing(
    tmp_path: Path, provider: Provider, twist: dict[str, Any]
) -> None:
    # Numbers are seconds from now: of the moment at which the token is made, not of that at which tests are gathered.
    now = int(time.time())
    provider.twist = {name: now + value if isinstance(value, int) else value for name, value in twist.items()}
    async with openid_house(tmp_path, provider) as made:
        assert refusal(await came_back(made)) == "not-trusted"
        assert [one.name for one in await made.parts.accounts.users()] == ["root"]
        assert await turned_back(made) == [("(unknown)", 1)]


async def test_a_token_from_a_clock_that_is_a_little_off_is_taken(tmp_path: Path, provider: Provider) -> None:
    provider.twist = {"exp": int(time.time()) - 20, "iat": int(time.time()) + 40}
    async with openid_house(tmp_path, provider) as made:
        assert signed_in(await came_back(made))


def _by_the_public_key(claims: dict[str, Any]) -> str:
    """The old trick: a symmetric signature whose secret is the public key."""
    header = {"alg": "HS256", "kid": RSA_KEY.kid}
    signed = ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims))
    digest = hmac.digest(RSA_KEY.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{urlsafe_b64encode(digest).decode().rstrip('=')}"


def _by_a_stranger(claims: dict[str, Any]) -> str:
    key = RSAKey.generate_key(2048)
    return jwt.encode({"alg": "RS256", "kid": RSA_KEY.kid}, claims, key)


@pytest.mark.parametrize("sign", [unsigned, _by_the_public_key, _by_a_stranger, lambda _claims: "no.token.this"])
@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
async def test_a_token_without_the_providers_signature_opens_nothing(
    tmp_path: Path, provider: Provider, sign: Sign
) -> None:
    provider.sign = sign
    async with openid_house(tmp_path, provider) as made:
        assert refusal(await came_back(made)) == "not-trusted"
