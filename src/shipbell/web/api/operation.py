"""An operation of the API: one line of its table, and how a request comes to its handler."""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import get_origin

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from shipbell.domain.access import Action, Reach, Role
from shipbell.domain.errors import NotFound, Stale
from shipbell.ports.directory import KnownProject
from shipbell.usecases.identity import Identity
from shipbell.web.api.queries import Query
from shipbell.web.api.reading import expected_of, read_object
from shipbell.web.api.services import ApiServices

_ENCODE = msgspec.json.Encoder().encode
_JSON = "application/json"
# Some replies tell a secret, and a browser asks with a cookie.
_SAFE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
PREFIX = "/api/v1"
CREATED = 201


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request whose sender is known and may do what it asks; `role` is None where none is needed.

    `expected` is the revision that the sender saw; None when any will do.
    """

    request: Request
    services: ApiServices
    who: Identity
    role: Role | None
    body: Mapping[str, object]
    expected: int | None = None

    @property
    def key(self) -> str:
        """The project's key in the path."""
        key: str = self.request.path_params["key"]
        return key

    async def project(self) -> KnownProject:
        """The project of the path; raises NotFound."""
        found = (await self.services.directory.snapshot()).projects.get(self.key)
        if found is None:
            found = (await self.services.directory.refresh()).projects.get(self.key)
        if found is None:
            raise NotFound(f"There is no project {self.key}, or it is not yours to know.")
        return found


Handler = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One line of the table: who may do it, what it takes and what it answers.

    `echo` is the shape that was read and may be sent back as it is; left out, it is that of the reply. The body's own
    means that nothing else is passed over: what an action does not know is a mistake.
    """

    method: str
    path: str
    action: Action | Reach
    handler: Handler
    about: str
    reply: type | None = None
    status: int = 200
    body: type | None = None
    echo: type | None = None
    query: tuple[Query, ...] = ()
    versioned: bool = False
    refusals: tuple[int, ...] = ()

    @property
    def full_path(self) -> str:
        """The path from the root."""
        return f"{PREFIX}{self.path}"

    @property
    def changes(self) -> bool:
        """Whether it changes something."""
        return self.method != "GET"

    @property
    def of_project(self) -> bool:
        """Whether it works inside one project."""
        return self.path.startswith("/projects/{key}")


async def carry_out(operation: Operation, services: ApiServices, request: Request) -> Response:
    """Find out who asks and whether one may, read the body, and let the handler answer."""
    who = await services.auth.identify(request)
    role = await _permitted(operation, services, request, who)
    body = await _body(operation, request)
    *others, last = expected_of(request)
    call = Call(request=request, services=services, who=who, role=role, body=body, expected=last)
    for one in others:
        # What is stale has changed nothing: the next version may be the present one.
        with contextlib.suppress(Stale):
            return await operation.handler(replace(call, expected=one))
    return await operation.handler(call)


async def _body(operation: Operation, request: Request) -> Mapping[str, object]:
    """The body, without what a reply tells and nobody can set: what was read may be sent back as it is."""
    if operation.body is None:
        return {}
    told = _fields(operation.echo or operation.reply) - _fields(operation.body)
    return {name: value for name, value in (await read_object(request)).items() if name not in told}


@cache
def _fields(shape: type | None) -> frozenset[str]:
    known = None if shape is None or get_origin(shape) else shape
    return frozenset(one.encode_name for one in msgspec.structs.fields(known)) if known else frozenset()


async def _permitted(operation: Operation, services: ApiServices, request: Request, who: Identity) -> Role | None:
    """Raise NotFound or Forbidden unless the sender may do this."""
    match operation.action:
        case Reach():
            if operation.changes:
                who.check_writes()
                who.check_whole()
            return None
        case Action.READ_AUDIT if "project" in request.query_params:
            key = request.query_params["project"]
            return await services.access.project(who, key, Action.READ_PROJECT_AUDIT, changes=False)
        case Action() as action if operation.of_project:
            return await services.access.project(who, request.path_params["key"], action, changes=operation.changes)
        case Action() as action:
            services.access.instance(who, action, changes=operation.changes)
            return None


def answer(value: object, status: int = 200, *, revision: int | None = None, location: str | None = None) -> Response:
    """A JSON reply with its ETag and, for what is new, its address; a browser neither keeps it nor guesses at it."""
    headers = dict(_SAFE) if revision is None else {**_SAFE, "ETag": f'"{revision}"'}
    if location is not None:
        headers["Location"] = f"{PREFIX}{location}"
    return Response(_ENCODE(value), status, headers, media_type=_JSON)


def nothing() -> Response:
    """The reply to a deletion."""
    return Response(status_code=204)
