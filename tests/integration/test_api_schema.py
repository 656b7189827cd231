"""The OpenAPI document promises what the API does: generated calls find no status and no shape beyond it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.types import ASGIApp

from api_house import House, house
from shipbell.web.api import OPERATIONS, openapi
from shipbell.web.api.operation import Operation
from test_roles import address, furnish

EXAMPLES = 6
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[str]:
    """The application on a free port of loopback."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


def generated(operation: Operation) -> list[schemathesis.Case[Any]]:
    """Calls of one operation, the same each time; nothing else runs meanwhile, so that chance is theirs alone."""
    schema = schemathesis.openapi.from_dict(json.loads(openapi.document()))
    cases: list[schemathesis.Case[Any]] = []

    @seed(20261124)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[operation.full_path][operation.method].as_strategy())
    def gather(case: schemathesis.Case[Any]) -> None:
        cases.append(case)

    gather()
    return cases


async def fuzz(root: str, operation: Operation, real: dict[str, str], token: str) -> int:
    """Call one operation with generated values, on what is there and on what is not; how many calls."""
    cases = generated(operation)
    headers = {"Authorization": f"Bearer {token}"}
    for number, case in enumerate(cases):
        if number % 2:
            case.path_parameters = {**case.path_parameters, **real}
        await asyncio.to_thread(case.call_and_validate, base_url=root, headers=headers, checks=CHECKS, timeout=60)
    return len(cases)


def named(operation: Operation, ids: dict[str, str]) -> dict[str, str]:
    """The real values of an operation's path."""
    template, real = operation.path.split("/"), address(operation, ids).split("/")
    return {part[1:-1]: value for part, value in zip(template, real, strict=True) if part.startswith("{")}


async def walk(made: House, root: str, who: str) -> int:
    """Every operation as somebody, what ends something last."""
    ids = await furnish(made)
    called = 0
    for operation in sorted(OPERATIONS, key=lambda one: (one.method == "DELETE", -len(one.path))):
        called += await fuzz(root, operation, named(operation, ids), made.tokens[who])
    return called


@pytest.mark.parametrize("who", ["root", "viewer"])
async def test_generated_calls_find_nothing_that_the_document_does_not_tell(tmp_path: Path, who: str) -> None:
    async with house(tmp_path, SHIPBELL_WECOM_PER_MINUTE="0") as made:
        async with listening(made.app) as root:
            called = await walk(made, root, who)
        assert called > 3 * len(OPERATIONS)


async def test_the_document_tells_of_every_operation_and_is_open_to_anybody(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        reply = await made.http.get("/api/openapi.json")
        assert reply.status_code == 200
        told = reply.json()
        assert told["openapi"].startswith("3.1")
        found = {(method.upper(), path) for path, methods in told["paths"].items() for method in methods}
        assert found == {(one.method, one.full_path) for one in OPERATIONS}
        ids = [one["operationId"] for methods in told["paths"].values() for one in methods.values()]
        assert len(set(ids)) == len(ids)
