"""The REST API: `/api/v1`, and its OpenAPI document at `/api/openapi.json`."""

from collections.abc import Sequence
from itertools import groupby

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from shipbell.domain.errors import NotFound, ShipbellError, WrongMethod
from shipbell.web.api import openapi
from shipbell.web.api.operation import Operation, carry_out
from shipbell.web.api.services import ApiServices
from shipbell.web.api.table import OPERATIONS
from shipbell.web.forwarded import Forwarded
from shipbell.web.problems import problem

__all__ = ["OPERATIONS", "ApiServices", "api"]

_METHOD_NOT_ALLOWED = 405
_MOUNTED = "/api"


def api(services: ApiServices) -> Mount:
    """The API as one application, to be mounted before the console."""
    app = Starlette(
        routes=[Route(openapi.PATH.removeprefix(_MOUNTED), _document), *_routes(services)],
        middleware=[Middleware(Forwarded, trusted=services.auth.trusted)],
        exception_handlers={
            ShipbellError: _refused,
            HTTPException: _unknown,
            ClientDisconnect: _gone,
        },
    )
    app.router.redirect_slashes = False
    return Mount(_MOUNTED, app)


def _routes(services: ApiServices) -> Sequence[Route]:
    """One route a path, so that a wrong method is told with all the right ones; fixed words before ids."""
    ordered = sorted(OPERATIONS, key=lambda one: (one.path.replace("{", "~"), one.method))
    return [
        _route(path, {one.method: one for one in group}, services)
        for path, group in groupby(ordered, key=lambda one: one.full_path)
    ]


def _route(path: str, by_method: dict[str, Operation], services: ApiServices) -> Route:
    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await carry_out(by_method[method], services, request)

    return Route(path.removeprefix(_MOUNTED), endpoint, methods=list(by_method))


async def _document(_request: Request) -> Response:
    return Response(openapi.document(), media_type="application/json")


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, ShipbellError):
        raise error
    request.scope.setdefault("state", {})["code"] = error.code
    return problem(error)


async def _unknown(request: Request, error: Exception) -> Response:
    headers: dict[str, str] = {}
    refusal: ShipbellError = NotFound("There is no such address here.")
    if isinstance(error, HTTPException) and error.status_code == _METHOD_NOT_ALLOWED:
        headers["Allow"] = (error.headers or {}).get("Allow", "")
        refusal = WrongMethod(f"{request.method} does nothing here; the address takes {headers['Allow']}.")
    request.scope.setdefault("state", {})["code"] = refusal.code
    return problem(refusal, headers)


async def _gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=400)
