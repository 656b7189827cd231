"""The OpenAPI document, written from the table of operations."""

import re
from collections.abc import Sequence
from functools import cache

import msgspec

from shipbell import __version__
from shipbell.domain.access import Action, Reach
from shipbell.web.api.links import links_of, operation_id
from shipbell.web.api.operation import CREATED, Operation
from shipbell.web.api.shapes import ProblemShape
from shipbell.web.api.table import OPERATIONS

PATH = "/api/openapi.json"
_REF = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"\{(\w+)\}")
_ABOUT = {
    "key": "The project's key.",
    "user": "The user's name.",
    "id": "The id, as lists tell it.",
}
_REFUSALS = {
    400: "The body is not JSON.",
    401: "No token or session, or a wrong one.",
    403: "It is not yours to change.",
    404: "There is no such thing, or it is not yours to know.",
    409: "Something else stands in the way.",
    412: "Somebody changed it after you read it.",
    413: "The body is over 1 MiB.",
    422: "A rule is broken; `errors` names each field.",
    503: "The database cannot be used, or is busy.",
}
Json = dict[str, object]


def document() -> bytes:
    """The document as JSON."""
    return msgspec.json.format(msgspec.json.encode(_document()), indent=2)


@cache
def _document() -> Json:
    types = [one for operation in OPERATIONS for one in (operation.reply, operation.body) if one is not None]
    schemas, components = msgspec.json.schema_components([*dict.fromkeys(types), ProblemShape], ref_template=_REF)
    known = dict(zip([*dict.fromkeys(types), ProblemShape], schemas, strict=True))
    paths: dict[str, Json] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.full_path, {})[operation.method.lower()] = _operation(operation, known)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Shipbell",
            "version": __version__,
            "description": "Who wants to hear what of CI/CD in which WeCom group, and what became of it.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "shipbell_session"},
            },
        },
        "security": [{"token": []}, {"session": []}],
    }


def _operation(operation: Operation, known: dict[type, Json]) -> Json:
    told: Json = {
        "operationId": operation_id(operation),
        "summary": operation.about,
        "tags": [noun_of(operation)],
        "parameters": _parameters(operation),
        "responses": _responses(operation, known),
        "x-may": operation.action.value,
    }
    if operation.body is not None:
        told["requestBody"] = {"content": {"application/json": {"schema": known[operation.body]}}, "required": True}
    return told


def noun_of(operation: Operation) -> str:
    """What an operation is about: the noun of its address."""
    return operation.path.removeprefix("/projects/{key}/").strip("/").partition("/")[0]


def _parameters(operation: Operation) -> Sequence[Json]:
    in_path: list[Json] = [
        {"name": name, "in": "path", "required": True, "description": _ABOUT[name],
         "schema": {"type": "string", "minLength": 1}}
        for name in _PARAMETER.findall(operation.path)
    ]  # fmt: skip
    in_query: list[Json] = [
        {"name": one.name, "in": "query", "description": one.about, "schema": one.schema}
        for one in operation.query
    ]  # fmt: skip
    in_header: list[Json] = []
    if operation.versioned:
        in_header = [
            {"name": "If-Match", "in": "header", "description": "The ETag of what was read; a stale one gives 412.",
             "schema": {"type": "string", "examples": ['"1"']}}
        ]  # fmt: skip
    return [*in_path, *in_query, *in_header]


def good_of(operation: Operation) -> tuple[int, ...]:
    """The statuses of an operation that went well."""
    if operation.method == "PUT" and operation.path.endswith("/members/{user}"):
        return (operation.status, CREATED)
    return (operation.status,)


def refusals_of(operation: Operation) -> tuple[int, ...]:
    """The error statuses that an operation may answer with."""
    found = {401, 503, *operation.refusals}
    if operation.changes or (operation.action is not Reach.SIGNED_IN and operation.action is not Action.LOOK):
        found.add(403)
    if "{" in operation.path:
        found.add(404)
    if operation.body is not None:
        found |= {400, 413, 422}
    if operation.query:
        found.add(422)
    if operation.versioned:
        found.add(412)
    return tuple(sorted(found))


def _responses(operation: Operation, known: dict[type, Json]) -> Json:
    good: Json = {"description": "Done."}
    if operation.reply is not None:
        good["content"] = {"application/json": {"schema": known[operation.reply]}}
        good["description"] = "The reply."
    links = links_of(operation, OPERATIONS)
    if links:
        good["links"] = links
    responses: Json = {str(status): good for status in good_of(operation)}
    content = {"application/problem+json": {"schema": known[ProblemShape]}}
    for status in refusals_of(operation):
        responses[str(status)] = {"description": _REFUSALS[status], "content": content}
    return responses
