"""What a PUT or a PATCH makes of the thing that is known."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from shipbell.usecases.merge_patch import merged_object
from shipbell.web.api.operation import Call

T = TypeVar("T")


def replaced(call: Call) -> Callable[[object], Mapping[str, object]]:
    """The body as it is; what it leaves out takes its default."""
    return lambda _known: call.body


def patched(call: Call, facts: Callable[[T], Mapping[str, object]]) -> Callable[[T], Mapping[str, object]]:
    """What is known, in the words of the file, with the body as a merge patch over it."""
    return lambda known: merged_object(facts(known), call.body)
