"""What groups give, and which ID tokens are believed."""

from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from joserfc.jws import JWSRegistry

from shipbell.domain.access import Role
from shipbell.domain.errors import SignInRefused
from shipbell.domain.openid import Refusal, granted
from shipbell.transport.id_token import Expected, NotTrusted, checked, read_keys
from shipbell.web.console.account.oidc_refusals import told

NOW = datetime(2026, 11, 24, 3, 5, tzinfo=UTC)
ISSUER = "https://id.example.com/realms/ship"
KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER = RSAKey.generate_key(2048, {"kid": "two"})
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": "bell",
    "sub": "1",
    "nonce": "n",
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 300,
}


def expected(**other: Any) -> Expected:  # noqa: ANN401 - one of the fields, whatever its type
    return Expected(**({"issuer": ISSUER, "client_id": "bell", "nonce": "n", "access_token": None, "now": NOW} | other))


def token(**other: object) -> str:
    return jwt.encode({"alg": "RS256"}, CLAIMS | other, KEY)


def keys(*given: RSAKey | ECKey) -> KeySet:
    return KeySet(list(given or (KEY,)))


def test_the_strongest_role_of_all_groups_counts_in_each_project() -> None:
    table = {"a": ("pay:viewer", "ship:developer"), "b": ("pay:project_manager",), "c": ("administrator",)}
    assert granted(["b", "a"], table).roles == {"pay": Role.PROJECT_MANAGER, "ship": Role.DEVELOPER}
    assert not granted(["a", "b"], table).is_admin
    assert granted(["c"], table).is_admin


def test_an_unknown_group_gives_nothing() -> None:
    nothing = granted(["x", "", "administrator", "pay:viewer"], {"a": ("administrator", "pay:viewer")})
    assert (nothing.is_admin, nothing.roles) == (False, {})


def test_the_claims_of_a_good_token_come_back_whole() -> None:
    assert checked(token(groups=["ops"]), keys(), expected()) == CLAIMS | {"groups": ["ops"]}


def test_a_token_is_good_for_a_minute_after_its_end_and_no_longer() -> None:
    ends = int(NOW.timestamp())
    assert checked(token(exp=ends - 59), keys(), expected())
    with pytest.raises(NotTrusted, match="exp"):
        checked(token(exp=ends - 60), keys(), expected())


@pytest.mark.parametrize(
    "other",
    [
        {"iss": [ISSUER]},
        {"iss": ISSUER + "/"},
        {"nonce": ["n"]},
        {"aud": []},
        {"aud": {"bell": 1}},
        {"exp": "4000000000"},
        {"exp": True},
        {"exp": float("nan")},
        {"nbf": int(NOW.timestamp()) + 3600},
        {"sub": 7},
        {"sub": "x" * 256},
        {"sub": "a\nb"},
        {"azp": "another"},
    ],
    ids=str,
)
def test_a_claim_of_another_shape_is_not_believed(other: dict[str, object]) -> None:
    with pytest.raises(NotTrusted):
        checked(token(**other), keys(), expected())


def test_a_token_may_leave_out_the_id_of_its_key_whatever_other_keys_there_are() -> None:
    curve = ECKey.generate_key("P-256")
    assert checked(token(), keys(OTHER, curve, KEY), expected())


def test_a_header_of_the_providers_own_does_no_harm() -> None:
    registry = JWSRegistry(strict_check_header=False)
    made = jwt.encode({"alg": "RS256", "x-own": "1"}, dict(CLAIMS), KEY, registry=registry)
    assert checked(made, keys(), expected())


def test_keys_for_encryption_and_of_unknown_kinds_are_passed_over() -> None:
    sealing = RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"})
    document = KeySet([KEY, sealing]).as_dict(private=False)
    listed = [*document["keys"], {"kty": "oct", "k": "c2VjcmV0"}, {"kty": "new"}, 7]
    assert [one.kid for one in read_keys({"keys": listed})] == ["one"]


@pytest.mark.parametrize("document", [{}, {"keys": 1}, {"keys": []}, {"keys": [{"kty": "RSA", "n": "!"}]}])
def test_a_document_without_a_usable_key_is_told(document: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no usable key"):
        read_keys(document)


@pytest.mark.parametrize("refusal", Refusal)
def test_each_refusal_has_a_sentence(refusal: Refusal) -> None:
    assert told(refusal.value)


def test_a_refusal_is_no_secret_and_an_unknown_one_says_nothing() -> None:
    assert told("<script>") is None
    assert SignInRefused("Why.", Refusal.DENIED).refusal is Refusal.DENIED
