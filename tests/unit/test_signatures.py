"""What admits a call: a Bearer token, a Standard Webhooks signature, `?token=`, and nothing else."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from calls import ARRIVED, call
from shipbell.domain.errors import BadSignature
from shipbell.domain.secret import Secret
from shipbell.ports.source import InboundRequest
from shipbell.sources.signatures import verify_shared

RAW = "s3cret"
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"id": "1"}'


def signed(
    secret: str | bytes, *, at: datetime = ARRIVED, body: bytes = BODY, sent: bytes | None = None
) -> InboundRequest:
    """A call as the official Standard Webhooks client signs it."""
    signature = Webhook(secret).sign("msg_1", at, body.decode())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }
    return call(body if sent is None else sent, headers=headers)


def refused(request: InboundRequest, secret: str = RAW) -> bool:
    try:
        verify_shared(request, Secret(secret))
    except BadSignature:
        return True
    return False


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_bearer_token_admits(scheme: str) -> None:
    assert not refused(call(headers={"authorization": f"{scheme} {RAW}"}))


def test_a_token_in_the_query_admits() -> None:
    assert not refused(call(query={"token": RAW}))


def test_a_signature_with_a_whsec_secret_admits() -> None:
    assert not refused(signed(WHSEC), WHSEC)


def test_a_signature_with_a_raw_secret_admits() -> None:
    assert not refused(signed(RAW.encode()))


def test_one_right_signature_among_others_admits() -> None:
    request = signed(WHSEC)
    several = f"v1a,bm90aGluZw== v1,bm90aGluZw== {request.headers['webhook-signature']}"
    assert not refused(call(BODY, headers={**request.headers, "webhook-signature": several}), WHSEC)


def test_sixteen_signatures_are_looked_at_and_one_more_is_refused_in_words() -> None:
    request = signed(WHSEC)

    def behind(others: int) -> InboundRequest:
        several = "v1,bm90aGluZw== " * others + request.headers["webhook-signature"]
        return call(BODY, headers={**request.headers, "webhook-signature": several})

    assert not refused(behind(15), WHSEC)
    with pytest.raises(BadSignature, match="more than 16 signatures"):
        verify_shared(behind(16), Secret(WHSEC))


def test_a_right_proof_beside_a_wrong_one_admits() -> None:
    assert not refused(call(headers={"authorization": "Bearer wrong"}, query={"token": RAW}))


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, {}),
        ({"authorization": ""}, {}),
        ({"authorization": "Bearer"}, {}),
        ({"authorization": "Bearer wrong"}, {}),
        ({"authorization": f"Bearer {RAW}x"}, {}),
        ({"authorization": f"Bearer {RAW[:-1]}"}, {}),
        ({"authorization": f"Basic {RAW}"}, {}),
        ({"authorization": RAW}, {}),
        ({"x-token": RAW}, {}),
        ({}, {"token": ""}),
        ({}, {"token": "wrong"}),
        ({}, {"secret": RAW}),
    ],
)
def test_anything_else_is_refused(headers: dict[str, str], query: dict[str, str]) -> None:
    assert refused(call(headers=headers, query=query))


def test_a_signature_over_another_body_is_refused() -> None:
    assert refused(signed(WHSEC, sent=BODY + b" "), WHSEC)


def test_a_signature_with_another_secret_is_refused() -> None:
    assert refused(signed(WHSEC), "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_signature_needs_its_three_headers(name: str) -> None:
    request = signed(WHSEC)
    left = {one: value for one, value in request.headers.items() if one != name}
    assert refused(call(BODY, headers=left), WHSEC)


def test_an_altered_id_breaks_the_signature() -> None:
    request = signed(WHSEC)
    assert refused(call(BODY, headers={**request.headers, "webhook-id": "msg_2"}), WHSEC)


@pytest.mark.parametrize(("seconds", "admitted"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_a_signature_holds_for_five_minutes_either_way(seconds: int, *, admitted: bool) -> None:
    assert refused(signed(WHSEC, at=ARRIVED + timedelta(seconds=seconds)), WHSEC) is not admitted


@pytest.mark.parametrize("timestamp", ["", "now", "-5", "1.5", "١٧٦٤", "9" * 5000])
def test_a_timestamp_that_is_no_number_of_seconds_is_refused(timestamp: str) -> None:
    request = signed(WHSEC)
    assert refused(call(BODY, headers={**request.headers, "webhook-timestamp": timestamp}), WHSEC)


def test_a_broken_whsec_secret_still_works_as_text() -> None:
    assert not refused(call(headers={"authorization": "Bearer whsec_???"}), "whsec_???")
    assert not refused(signed(b"whsec_???"), "whsec_???")


def test_the_refusal_tells_the_way_and_never_the_secret() -> None:
    with pytest.raises(BadSignature, match="Authorization: Bearer SECRET") as refusal:
        verify_shared(call(headers={"authorization": "Bearer wrong"}), Secret(RAW))
    assert RAW not in repr(refusal.value)
    assert "wrong'" not in refusal.value.sentence


@given(st.text(), st.text())
def test_no_token_but_the_secret_admits(secret: str, token: str) -> None:
    assert refused(call(query={"token": token}), secret) is (token != secret)


@pytest.mark.parametrize("secret", ["密码", "pässwörd", "é", "voilà", "…"])
def test_a_secret_outside_ascii_admits_as_utf8_and_as_latin1(secret: str) -> None:
    as_utf8 = secret.encode().decode("latin-1")
    assert not refused(call(headers={"authorization": f"Bearer {as_utf8}"}), secret)
    assert not refused(call(headers={"authorization": f"Bearer  {secret} "}), secret)
    assert refused(call(headers={"authorization": f"Bearer {as_utf8}x"}), secret)
    assert refused(call(headers={"authorization": f"Bearer {as_utf8[:-1]}"}), secret)
