"""The links of the OpenAPI document: which reply names what another operation takes, read from the table."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import get_origin

from shipbell.web.api.operation import CREATED, Operation
from shipbell.web.api.shapes import Listed

_PARAMETER = re.compile(r"\{(\w+)\}")
_CURSOR = "cursor"
Links = Mapping[str, object]


def operation_id(operation: Operation) -> str:
    """The name that links and generated clients call an operation by."""
    return f"{operation.method.lower()}{re.sub('[^a-z]+', '_', operation.path)}".rstrip("_")


def links_of(operation: Operation, operations: Sequence[Operation]) -> Links:
    """What can be done next with what a reply tells, for clients that walk by themselves."""
    found: dict[str, object] = {}
    if operation.reply is None:
        return found
    listed = get_origin(operation.reply) is Listed
    if any(one.name == _CURSOR for one in operation.query):
        found[operation_id(operation)] = _following(operation)
    for target in _next(operation, operations, listed=listed):
        found[operation_id(target)] = _link(target, {**_kept(operation), **_told(operation, target, listed=listed)})
    return found


def _following(operation: Operation) -> Links:
    """The same call again, for what follows."""
    told = _link(operation, {**_kept(operation), _CURSOR: "$response.body#/next"})
    return {**told, "requestBody": "$request.body"} if operation.body else told


def _next(operation: Operation, operations: Sequence[Operation], *, listed: bool) -> Iterator[Operation]:
    """The operations on the thing that a reply tells of, and on what belongs to it."""
    thing = _thing(operation, listed=listed)
    if thing is None:
        return
    for target in operations:
        if target is not operation and _names(target.path) == _names(thing) and _is_at(target.path, thing):
            yield target


def _thing(operation: Operation, *, listed: bool) -> str | None:
    """The path of the one thing, or of one of the things, that a reply tells of; None when it has none."""
    if listed or operation.status == CREATED:
        name = "key" if operation.path == "/projects" else "user" if operation.path.endswith("/members") else "id"
        return f"{operation.path}/{{{name}}}"
    return operation.path if operation.path.endswith("}") else None


def _is_at(path: str, thing: str) -> bool:
    return path == thing or path.startswith(f"{thing}/")


def _names(path: str) -> list[str]:
    return _PARAMETER.findall(path)


def _kept(operation: Operation) -> dict[str, str]:
    return {name: f"$request.path.{name}" for name in _names(operation.path)}


def _told(operation: Operation, target: Operation, *, listed: bool) -> dict[str, str]:
    """What the reply tells beyond the address that was called."""
    at = "$response.body#/items/0/" if listed else "$response.body#/"
    known = _names(operation.path)
    return {name: f"{at}{name}" for name in _names(target.path) if name not in known}


def _link(target: Operation, parameters: Mapping[str, str]) -> Mapping[str, object]:
    return {"operationId": operation_id(target), "parameters": dict(parameters)}
