"""Chains of calls that follow the document's links, as somebody: each step takes what the one before told."""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.generation.stateful.state_machine import APIStateMachine
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    use_after_free,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    use_after_free,
]
_AT_ONCE = 3
# Ids and keys that a reply may have told; what schemathesis makes up seldom looks so.
_TOLD = re.compile(r"[a-z]{3}_[0-9a-z]{13}|[a-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many chains, and how long each may be."""

    chains: int
    steps: int


@dataclass(slots=True)
class Walked:
    """What was called, operations by what was answered, and which promises were broken."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    @property
    def calls(self) -> int:
        """How many calls."""
        return self.answers.total()

    def went_well(self, *methods: str) -> set[str]:
        """The operations that were carried out."""
        return {label for (label, status) in self.answers if status < 300 and label.split()[0] in methods}

    @property
    def statuses(self) -> set[int]:
        """Every status that was answered."""
        return {status for _, status in self.answers}


@dataclass(frozen=True, slots=True, kw_only=True)
class Walker:
    """Who walks, and the real names of what is there: `path` by parameter, `ids` by noun; what is `own` is let be."""

    headers: Mapping[str, str]
    path: Mapping[str, str]
    ids: Mapping[str, str]
    own: frozenset[str]


async def walk(root: str, walker: Walker, size: Size, chance: int = 20261124) -> Walked:
    """Walk as somebody; broken promises are gathered, for a chain cannot be walked again to see them once more."""
    walked = Walked()
    document = (await asyncio.to_thread(requests.get, f"{root}/api/openapi.json", timeout=60)).json()
    machine = _machine(schemathesis.openapi.from_dict(document).as_state_machine(), root, walker, walked)
    told = settings(
        max_examples=_AT_ONCE,
        stateful_step_count=size.steps,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for number in range(0, size.chains, _AT_ONCE):
        # What a chain left behind changes what the next one finds: to hypothesis that is flaky, here it is meant.
        with suppress(Flaky):
            await asyncio.to_thread(seed(chance + number)(machine).run, settings=told)
    return walked


def _machine(base: type[APIStateMachine], root: str, walker: Walker, walked: Walked) -> type[APIStateMachine]:
    """The walk that schemathesis reads from the links, with real names where it has none."""

    class Walk(base):  # type: ignore[misc, valid-type]
        def before_call(self, case: Case[Any]) -> None:
            super().before_call(case)
            given = dict(case.path_parameters)
            if walked.calls % 8:
                given = {name: _real(name, value, case.path, walker) for name, value in given.items()}
            if given.get("id") in walker.own:
                # Who ends the own token or account walks on as nobody.
                given["id"] = "tok_0000000000001"
            case.path_parameters = given

        def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
            return {"base_url": root, "headers": dict(walker.headers), "timeout": 60}

        def after_call(self, response: Response, case: Case[Any]) -> None:
            walked.answers[case.operation.label, response.status_code] += 1
            super().after_call(response, case)

        def validate_response(self, response: Response, case: Case[Any], **kwargs: object) -> None:
            try:
                case.validate_response(response, checks=CHECKS, recorder=self.recorder, transport_kwargs=kwargs)
            except FailureGroup as failures:
                walked.broken += [f"{case.operation.label}: {one}" for one in failures.exceptions]

    return Walk


def _real(name: str, value: object, path: str, walker: Walker) -> object:
    """What a link told stays; what was made up becomes the name of something that is there."""
    if _TOLD.fullmatch(str(value)):
        return value
    noun = path.removeprefix("/api/v1").removeprefix("/projects/{key}").strip("/").partition("/")[0]
    return walker.path.get(name) or walker.ids.get(noun, value)
