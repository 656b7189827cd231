"""The hooks over real HTTP: what a CI tool sends, and what it is told."""

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from standardwebhooks import Webhook

from hook_house import SECRET, House, house, served, with_secrets
from shipbell.domain.errors import Busy, DatabaseUnusable
from shipbell.domain.ids import Prefix, decode

BEARER = {"authorization": f"Bearer {SECRET}"}
FAILED = {"id": "1", "type": "pipeline.run.failed", "subject": {"name": "build"}}
HOOK = "/hooks/payments/generic"
MIB = 1024 * 1024


@pytest.fixture
def built() -> House:
    return house()


@pytest.fixture
def client(built: House) -> Iterator[httpx.Client]:
    with served(built.app()) as address, httpx.Client(base_url=address, timeout=60) as made:
        yield made


def problem_of(response: httpx.Response) -> dict[str, object]:
    """The problem document of an answer, checked against RFC 9457 and our promise of a code."""
    assert response.headers["content-type"] == "application/problem+json"
    told: dict[str, object] = response.json()
    assert {"type", "title", "status", "detail", "code"} <= set(told)
    assert told["status"] == response.status_code
    return told


def filled(size: int) -> bytes:
    """An event whose body has exactly this many bytes."""
    empty = json.dumps({**FAILED, "labels": {"fill": ""}}).encode()
    return empty.replace(b'""', b'"' + b"x" * (size - len(empty)) + b'"')


def raw_answer(address: str, request: bytes) -> bytes:
    """What the server says to bytes that no well-behaved client sends."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
    return answer


def test_an_accepted_event_is_answered_202_with_its_id(client: httpx.Client, built: House) -> None:
    response = client.post(HOOK, json=FAILED, headers=BEARER)
    assert response.status_code == 202
    assert response.headers["content-type"] == "application/json"
    told = response.json()
    assert list(told) == ["accepted", "duplicates", "ignored", "events"]
    assert (told["accepted"], told["duplicates"], told["ignored"]) == (1, 0, 0)
    [event_id] = told["events"]
    assert decode(Prefix.EVENT, event_id) == built.intake.kept[0].id


def test_the_same_event_again_is_a_duplicate_and_a_happening_without_type_is_ignored(client: httpx.Client) -> None:
    client.post(HOOK, json=FAILED, headers=BEARER)
    again = client.post(HOOK, json=[FAILED, {**FAILED, "id": "2"}], headers=BEARER).json()
    assert (again["accepted"], again["duplicates"], len(again["events"])) == (1, 1, 1)
    running = client.post("/hooks/payments/codearts", json={"id": "1", "status": "RUNNING"}, headers=BEARER)
    assert running.status_code == 202
    assert running.json() == {"accepted": 0, "duplicates": 0, "ignored": 1, "events": []}


def test_an_empty_array_is_accepted_as_nothing(client: httpx.Client) -> None:
    response = client.post(HOOK, content=b"[]", headers=BEARER)
    assert (response.status_code, response.json()["accepted"]) == (202, 0)


def test_a_body_needs_no_content_type(client: httpx.Client) -> None:
    assert client.post(HOOK, content=json.dumps(FAILED).encode(), headers=BEARER).status_code == 202


def test_a_token_in_the_query_and_a_signature_admit_too(client: httpx.Client, built: House) -> None:
    assert client.post(f"{HOOK}?token={SECRET}", json=FAILED).status_code == 202
    body = json.dumps({**FAILED, "id": "2"})
    now = built.clock.now()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET.encode()).sign("msg_1", now, body),
    }
    assert client.post(HOOK, content=body, headers=headers).status_code == 202
    built.clock.move(minutes=6)
    assert client.post(HOOK, content=body, headers=headers).status_code == 401


def test_a_token_with_signs_that_a_query_must_escape_admits(client: httpx.Client) -> None:
    assert client.post(HOOK, json=FAILED, params={"token": f"{SECRET}&"}).status_code == 401
    assert client.post(f"{HOOK}?other=1&token=s3cr%65t&token=second", json=FAILED).status_code == 202


@pytest.mark.parametrize("write", [to_binary_event, to_structured_event])
def test_what_the_cloudevents_sdk_sends_is_accepted(client: httpx.Client, built: House, write: object) -> None:
    assert callable(write)
    event = CloudEvent(
        {"source": "/ci", "type": "io.shipbell.pipeline.run.failed", "subject": "r 1 é"}, {"subject": {"name": "b"}}
    )
    message = write(event)
    response = client.post("/hooks/payments/cloudevents", content=message.body, headers={**message.headers, **BEARER})
    assert (response.status_code, response.json()["accepted"]) == (202, 1)
    assert [one.subscription_id for one in built.intake.kept[0].deliveries] == [1]


def test_the_validation_handshake_of_cloudevents_is_answered(client: httpx.Client) -> None:
    response = client.options("/hooks/payments/cloudevents", headers={"WebHook-Request-Origin": "bus.example.com"})
    assert response.status_code == 200
    assert response.headers["WebHook-Allowed-Origin"] == "bus.example.com"
    assert response.headers["WebHook-Allowed-Rate"] == "*"
    assert "POST" in response.headers["Allow"]
    assert "WebHook-Allowed-Origin" not in client.options(HOOK).headers


@pytest.mark.parametrize(
    "path",
    [
        "/hooks",
        "/hooks/",
        "/hooks//",
        "/hooks/payments",
        "/hooks/payments/",
        f"{HOOK}/",
        f"{HOOK}/more",
        "/hooks//generic",
        "/hooksx/payments/generic",
    ],
)
def test_an_address_that_is_no_hook_is_404_without_a_redirect(client: httpx.Client, path: str) -> None:
    assert problem_of(client.post(path, json=FAILED, headers=BEARER))["code"] == "not-found"


def test_an_escaped_address_is_the_same_hook(client: httpx.Client) -> None:
    assert client.post("/hooks/p%61yments/gener%69c", json=FAILED, headers=BEARER).status_code == 202


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": "Bearer"}])
def test_a_wrong_secret_is_401(client: httpx.Client, built: House, headers: dict[str, str]) -> None:
    response = client.post(HOOK, json=FAILED, headers=headers)
    told = problem_of(response)
    assert (told["status"], told["code"]) == (401, "bad-signature")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert built.intake.kept == []


def test_an_unknown_project_and_an_unknown_source_get_one_and_the_same_404(client: httpx.Client) -> None:
    answers = [client.post(f"/hooks/{path}", json=FAILED, headers=BEARER) for path in ("other/generic", "payments/x")]
    first, second = (problem_of(one) for one in answers)
    assert first == second
    assert (first["status"], first["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed-event"),
        (b"not json", "malformed-event"),
        (b'{"id": 1}', "malformed-event"),
        (b'{"id": NaN}', "malformed-event"),
        (b"[" * 500_000, "malformed-event"),
        (b'{"x":' * 100_000, "malformed-event"),
        (json.dumps({**FAILED, "id": "\ud83d"}).encode(), "malformed-event"),
        (json.dumps({**FAILED, "id": "\0"}).encode(), "malformed-event"),
        (json.dumps(FAILED).encode("utf-16"), "malformed-event"),
        (json.dumps({**FAILED, "type": "nothing.known"}).encode(), "unknown-event-type"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_a_body_that_is_no_event_is_400_and_the_next_call_is_served(
    client: httpx.Client, built: House, body: bytes, code: str
) -> None:
    told = problem_of(client.post(HOOK, content=body, headers=BEARER))
    assert (told["status"], told["code"]) == (400, code)
    assert built.intake.kept == []
    assert client.post(HOOK, json=FAILED, headers=BEARER).status_code == 202


def test_the_place_at_fault_is_told(client: httpx.Client) -> None:
    body = [FAILED, {**FAILED, "id": "2", "subject": {"name": [3]}}]
    told = problem_of(client.post(HOOK, json=body, headers=BEARER))
    assert "[1].subject.name" in str(told["detail"])


def test_one_mebibyte_is_taken_and_one_byte_more_is_413(client: httpx.Client, built: House) -> None:
    assert client.post(HOOK, content=filled(MIB), headers=BEARER).status_code == 202
    told = problem_of(client.post(HOOK, content=filled(MIB + 1), headers=BEARER))
    assert (told["status"], told["code"]) == (413, "body-too-large")
    assert len(built.intake.kept) == 1


def test_a_body_in_chunks_has_the_same_limit(client: httpx.Client, built: House) -> None:
    def chunks(size: int) -> Iterator[bytes]:
        body = filled(size)
        for start in range(0, size, 50_000):
            yield body[start : start + 50_000]

    assert client.post(HOOK, content=chunks(MIB), headers=BEARER).status_code == 202
    assert client.post(HOOK, content=chunks(MIB + 1), headers=BEARER).status_code == 413
    assert len(built.intake.kept) == 1


def test_a_false_content_length_makes_no_event_and_hurts_nobody(client: httpx.Client, built: House) -> None:
    address, body = str(client.base_url), json.dumps(FAILED).encode()
    head = f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {SECRET}\r\n".encode()
    for length in (b"99999999999999999999", b"-1", b"many", b"1e3", str(len(body) + 10).encode(), b"3"):
        answer = raw_answer(address, head + b"Content-Length: " + length + b"\r\n\r\n" + body)
        assert not answer.startswith(b"HTTP/1.1 202"), length
    assert built.intake.kept == []
    assert client.post(HOOK, json=FAILED, headers=BEARER).status_code == 202


@pytest.mark.parametrize(
    ("trouble", "code"), [(Busy("Full.", 7), "busy"), (DatabaseUnusable("The disk is full."), "database-unusable")]
)
def test_what_cannot_be_kept_now_is_503_with_the_seconds_to_wait(
    client: httpx.Client, built: House, trouble: Exception, code: str
) -> None:
    built.intake.trouble = trouble
    response = client.post(HOOK, json=FAILED, headers=BEARER)
    told = problem_of(response)
    assert (told["status"], told["code"]) == (503, code)
    assert int(response.headers["Retry-After"]) >= 1
    built.intake.trouble = None
    assert client.post(HOOK, json=FAILED, headers=BEARER).status_code == 202


def test_a_source_over_its_limit_is_429_until_time_passes(built: House) -> None:
    with served(built.app(per_second=1)) as address, httpx.Client(base_url=address, timeout=60) as client:
        statuses = [client.post(HOOK, json=FAILED, headers=BEARER).status_code for _ in range(3)]
        assert statuses == [202, 202, 429]
        refused = client.post(HOOK, json=FAILED, headers=BEARER)
        assert problem_of(refused)["code"] == "too-often"
        assert refused.headers["Retry-After"] == "1"
        assert client.post("/hooks/payments/codearts", content=b"[]", headers=BEARER).status_code == 202
        built.clock.move(seconds=1)
        assert client.post(HOOK, json=FAILED, headers=BEARER).status_code == 202


def test_strangers_cannot_use_up_what_a_source_may_send(built: House) -> None:
    with served(built.app(per_second=1)) as address, httpx.Client(base_url=address, timeout=60) as client:
        for _ in range(5):
            assert client.post(HOOK, json=FAILED).status_code == 401
        assert [client.post(HOOK, json=FAILED, headers=BEARER).status_code for _ in range(3)] == [202, 202, 429]
        assert client.post(HOOK, json=FAILED).status_code == 401


def test_what_is_refused_for_its_size_or_its_pace_is_noted_at_the_door(built: House) -> None:
    with served(built.app(per_second=0.5)) as address, httpx.Client(base_url=address, timeout=60) as client:
        client.post(HOOK, content=filled(MIB + 1), headers=BEARER)
        client.post(HOOK, content=iter([filled(MIB + 1)]), headers=BEARER)
        client.post("/hooks/payments/none", content=filled(MIB + 1), headers=BEARER)
        client.post(HOOK, content=b"[]", headers=BEARER)
        client.post(HOOK, content=b"[]", headers=BEARER)
    noted = [(one.source_id, one.status, one.code, one.address) for one in built.intake.calls]
    assert noted == [
        (1, 413, "body-too-large", "127.0.0.1"),
        (1, 413, "body-too-large", "127.0.0.1"),
        (1, 202, "accepted", "127.0.0.1"),
        (1, 429, "too-often", "127.0.0.1"),
    ]


def test_a_secret_outside_ascii_admits_by_bearer_and_in_the_query(built: House) -> None:
    secret = "密码 é"
    with_secrets(built, secret)
    with served(built.app()) as address, httpx.Client(base_url=address, timeout=60) as client:
        for number, header in enumerate((f"Bearer {secret}".encode(), b"bearer  " + secret.encode())):
            answer = client.post(HOOK, json={**FAILED, "id": str(number)}, headers={b"authorization": header})
            assert answer.status_code == 202
        assert client.post(HOOK, json=FAILED, params={"token": secret}).status_code == 202
        assert client.post(HOOK, json=FAILED, headers={b"authorization": "Bearer 密码".encode()}).status_code == 401
