"""`doctor` asks the identity provider for what every sign-in needs, and says what is wrong there."""

import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from joserfc.jwk import OctKey

from commands import command as shipbell
from openid_provider import CLIENT_SECRET, Provider, openid_provider, settings
from server import environment


@pytest.fixture
def provider() -> Iterator[Provider]:
    with openid_provider() as running:
        yield running


def told(folder: Path, more: Mapping[str, str]) -> tuple[str, str, str]:
    """The state of the provider's line, what was found, and the cure."""
    ran = shipbell({**environment(folder / "data"), **more}, "doctor", "--json")
    assert "Traceback" not in ran.err
    assert CLIENT_SECRET not in ran.out + ran.err
    [line] = [one for one in json.loads(ran.out) if one["check"] == "sign-in"]
    assert (line["state"] == "fault") == (ran.code == 1)
    return line["state"], line["found"], line["cure"]


def test_a_provider_that_answers_is_fine(tmp_path: Path, provider: Provider) -> None:
    state, found, _ = told(tmp_path, settings(provider))
    assert (state, provider.issuer in found) == ("ok", True)
    assert provider.seen == ["keys"]


def test_without_a_provider_nothing_is_said_of_one(tmp_path: Path) -> None:
    ran = shipbell(environment(tmp_path / "data"), "doctor", "--json")
    assert "sign-in" not in {one["check"] for one in json.loads(ran.out)}


def test_a_provider_of_another_name_is_told_with_the_setting(tmp_path: Path, provider: Provider) -> None:
    provider.about = {"issuer": "https://other.example.com"}
    state, found, cure = told(tmp_path, settings(provider))
    assert state == "fault"
    assert "calls itself https://other.example.com" in found
    assert "SHIPBELL_OIDC_ISSUER" in cure


def test_a_provider_out_of_order_is_told(tmp_path: Path, provider: Provider) -> None:
    provider.broken = True
    state, found, cure = told(tmp_path, settings(provider))
    assert (state, "HTTP 503" in found, "the way from here" in cure) == ("fault", True, True)


def test_a_provider_that_is_away_is_told(tmp_path: Path, provider: Provider) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{held.getsockname()[1]}"
        state, found, _ = told(tmp_path, {**settings(provider), "SHIPBELL_OIDC_ISSUER": away})
    assert (state, "does not answer" in found) == ("fault", True)


def test_keys_that_cannot_be_used_are_told(tmp_path: Path, provider: Provider) -> None:
    provider.keys = [OctKey.generate_key(256)]  # type: ignore[list-item]
    state, found, _ = told(tmp_path, settings(provider))
    assert (state, "no RSA or EC key" in found) == ("fault", True)


def test_keys_on_an_address_that_may_not_be_called_are_told(tmp_path: Path, provider: Provider) -> None:
    provider.about = {"jwks_uri": f"http://localhost:{provider.issuer.rpartition(':')[2]}/keys"}
    state, found, _ = told(tmp_path, {**settings(provider), "SHIPBELL_OUTBOUND_ALLOW": "10.0.0.0/8"})
    assert (state, "localhost" in found, provider.seen) == ("fault", True, [])
