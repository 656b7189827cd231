"""The CodeArts source: runs, checks and deployments, their fields flat in one object, or an array of them.

Names and words are those of the public SDK models (huaweicloudsdkcodeartspipeline and -deploy 3.1.219,
huaweicloudsdkcodecheck 3.1.46). The body of CodeArts' own generic webhook is not documented.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from shipbell.domain.errors import MalformedEvent
from shipbell.domain.events import Event, Ignored
from shipbell.domain.secret import Secret
from shipbell.ports.source import InboundRequest
from shipbell.sources.codearts import check, deployment, run
from shipbell.sources.codearts.fields import Fields
from shipbell.sources.reading import MOST_EVENTS, decoded
from shipbell.sources.signatures import verify_shared

_ANY = msgspec.json.Decoder(dict[str, object] | list[object])


class CodeArtsSource:
    """Reads the run, check and deploy objects of CodeArts."""

    kind = "codearts"

    def verify(self, request: InboundRequest, secret: Secret) -> None:
        """Raise BadSignature unless the call carries this source's secret."""
        verify_shared(request, secret)

    def parse(self, request: InboundRequest) -> Sequence[Event | Ignored]:
        """Read one object or an array of them, all or nothing."""
        body = decoded(_ANY, request.body)
        if isinstance(body, dict):
            return (_one(body, "", request.received_at),)
        if len(body) > MOST_EVENTS:
            raise MalformedEvent(f"{len(body)} objects in one call; at most {MOST_EVENTS}.")
        return [_one(item, f"[{index}]", request.received_at) for index, item in enumerate(body)]


def _one(item: object, place: str, received_at: datetime) -> Event | Ignored:
    if not isinstance(item, Mapping):
        raise MalformedEvent(f"Expected an object{f' (at {place})' if place else ''}")
    fields = Fields(item, place, received_at)
    if fields.name("execution_id"):
        return deployment.read(fields)
    if fields.name("task_id"):
        return check.read(fields)
    if item.get("execution_state"):
        return deployment.read(fields)
    if fields.name("pipeline_run_id", "id"):
        return run.read(fields)
    raise MalformedEvent(
        "Expected a run (id or pipeline_run_id), a check (task_id) or a deployment (execution_id)"
        + (f" (at {place})" if place else "")
    )
