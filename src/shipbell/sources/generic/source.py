"""The generic source: one event as JSON, or an array of up to 1,000."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from shipbell.domain.errors import MalformedEvent
from shipbell.domain.events import Event, Ignored
from shipbell.domain.secret import Secret
from shipbell.ports.source import InboundRequest
from shipbell.sources.reading import MOST_EVENTS, EventBody, decoded, event_of
from shipbell.sources.signatures import verify_shared

_ONE = msgspec.json.Decoder(EventBody)
_MANY = msgspec.json.Decoder(list[EventBody])


class GenericSource:
    """Reads Shipbell's own event."""

    kind = "generic"

    def verify(self, request: InboundRequest, secret: Secret) -> None:
        """Raise BadSignature unless the call carries this source's secret."""
        verify_shared(request, secret)

    def parse(self, request: InboundRequest) -> Sequence[Event | Ignored]:
        """Read one event or an array of them, all or nothing."""
        if request.body.lstrip()[:1] == b"[":
            return many(request.body, request.received_at)
        return (event_of(decoded(_ONE, request.body), received_at=request.received_at),)


def many(body: bytes, received_at: datetime) -> list[Event | Ignored]:
    """Read an array; the error names the index."""
    items = decoded(_MANY, body)
    if len(items) > MOST_EVENTS:
        raise MalformedEvent(f"{len(items)} events in one call; at most {MOST_EVENTS}.")
    return [event_of(one, received_at=received_at, place=f"[{index}]") for index, one in enumerate(items)]
