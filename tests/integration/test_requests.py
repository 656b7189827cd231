"""What every request gets over real HTTP: an id, one line in the log, and no inside or secret of ours."""

import re
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from structlog.testing import capture_logs

from hook_house import SECRET, House, house, served
from shipbell.domain.errors import Busy

BEARER = {"authorization": f"Bearer {SECRET}"}
FAILED = {"id": "1", "type": "pipeline.run.failed", "subject": {"name": "build"}}
HOOK = "/hooks/payments/generic"


@pytest.fixture
def built() -> House:
    return house()


@pytest.fixture
def client(built: House) -> Iterator[httpx.Client]:
    with served(built.app()) as address, httpx.Client(base_url=address, timeout=60) as made:
        yield made


def test_another_method_is_405_and_another_address_404(client: httpx.Client) -> None:
    for method, path, allowed in (
        ("GET", HOOK, "POST, OPTIONS"),
        ("PUT", HOOK, "POST, OPTIONS"),
        ("POST", "/healthz", "GET"),
    ):
        refused = client.request(method, path)
        assert (refused.status_code, refused.headers["content-type"]) == (405, "application/problem+json")
        assert refused.json()["code"] == "wrong-method"
        assert set(allowed.split(", ")) <= set(refused.headers["Allow"].split(", "))
    assert client.head(HOOK).status_code == 405
    assert client.post("/hooks/payments", json=FAILED).json()["code"] == "not-found"
    assert client.get("/nothing").json()["code"] == "not-found"


def test_health_readiness_and_metrics_are_told(client: httpx.Client, built: House) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").status_code == 200
    built.health["database"] = "The disk is full."
    built.clock.move(1)
    unready = client.get("/readyz")
    assert (unready.status_code, unready.json()["checks"]) == (503, {"database": "The disk is full."})
    assert client.get("/healthz").status_code == 200
    assert client.get("/metrics").text == "shipbell_up 1\n"


def test_each_request_has_an_id_of_its_own(client: httpx.Client) -> None:
    ids = [client.post(HOOK, json=FAILED, headers=BEARER).headers["X-Request-Id"] for _ in range(2)]
    ids.append(client.get("/nothing").headers["X-Request-Id"])
    assert len(set(ids)) == 3
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in ids)


def test_each_request_writes_one_line_and_no_secret(client: httpx.Client) -> None:
    with capture_logs() as lines:
        accepted = client.post(f"{HOOK}?token={SECRET}", json=FAILED)
        client.post(HOOK, json=FAILED, headers={"authorization": "Bearer another"})
        client.get("/healthz")
    told = [{name: line[name] for name in ("event", "method", "path", "status")} for line in lines]
    assert told == [
        {"event": "request.answered", "method": "POST", "path": HOOK, "status": 202},
        {"event": "request.answered", "method": "POST", "path": HOOK, "status": 401},
        {"event": "request.answered", "method": "GET", "path": "/healthz", "status": 200},
    ]
    assert [line["code"] for line in lines] == ["accepted", "bad-signature", None]
    assert lines[0]["request_id"] == accepted.headers["X-Request-Id"]
    assert SECRET not in repr(lines)
    assert "another" not in repr(lines)


def test_each_call_is_counted_by_its_code(client: httpx.Client, built: House) -> None:
    client.post(HOOK, json=FAILED, headers=BEARER)
    client.post(HOOK, json=FAILED)
    client.post("/hooks/payments/none", json=FAILED)
    assert built.observed == [("accepted", 202), ("bad-signature", 401), ("not-found", 404)]


def test_a_fault_of_ours_is_500_without_its_inside_and_the_server_lives(client: httpx.Client, built: House) -> None:
    built.intake.trouble = RuntimeError("the inside")
    with capture_logs() as lines:
        response = client.post(HOOK, json=FAILED, headers=BEARER)
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "internal-error"
    assert response.headers["X-Request-Id"] in response.json()["detail"]
    assert "inside" not in response.text
    assert "Traceback" not in response.text
    assert [line["event"] for line in lines] == ["request.broken", "request.answered"]
    assert lines[0]["request_id"] == response.headers["X-Request-Id"]
    assert (lines[0]["error"], "exc_info" in lines[0]) == ("RuntimeError", False)
    assert lines[0]["at"][0].startswith("shipbell.usecases.ingest:")
    assert lines[1]["code"] == "internal-error"
    assert built.observed == [("internal-error", 500)]
    built.intake.trouble = None
    assert client.post(HOOK, json=FAILED, headers=BEARER).status_code == 202


def test_no_answer_shows_the_secret(client: httpx.Client, built: House) -> None:
    built.intake.trouble = Busy("Full.")
    answers = [
        client.post(HOOK, json=FAILED, headers=BEARER),
        client.post(f"{HOOK}?token={SECRET}", content=SECRET.encode()),
        client.post(HOOK, json=FAILED, headers={"authorization": f"Basic {SECRET}"}),
    ]
    assert all(SECRET not in one.text and SECRET not in repr(one.headers) for one in answers)


def test_the_address_of_the_caller_is_noted_at_the_door(client: httpx.Client, built: House) -> None:
    client.post(HOOK, json=FAILED, headers={**BEARER, "X-Forwarded-For": "203.0.113.9"})
    assert [one.address for one in built.intake.calls] == ["127.0.0.1"]


@pytest.mark.parametrize("path", ["/broken", "/mounted/broken"])
def test_a_fault_of_ours_anywhere_is_a_problem_document(built: House, path: str) -> None:
    async def broken(_request: Request) -> Response:
        raise RuntimeError("the inside")

    routes = (Route("/broken", broken), Mount("/mounted", Starlette(routes=[Route("/broken", broken)])))
    with served(built.app(routes=routes)) as address, httpx.Client(base_url=address, timeout=60) as client:
        response = client.get(path)
    assert (response.status_code, response.headers["content-type"]) == (500, "application/problem+json")
    assert response.json()["code"] == "internal-error"
    assert "inside" not in response.text
