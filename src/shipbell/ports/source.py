"""EventSource: the reader of one tool's calls (pure)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from shipbell.domain.events import Event, Ignored
from shipbell.domain.secret import Secret


class InboundRequest(Struct, frozen=True, kw_only=True):
    """What knocked at a hook; header names are lower case, `query` holds the first value of each name."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    received_at: datetime


class EventSource(Protocol):
    """Checks and reads one tool's calls."""

    @property
    def kind(self) -> str:
        """The word for it in files, paths and the registry."""
        ...

    def verify(self, request: InboundRequest, secret: Secret) -> None:
        """Raise BadSignature unless the call carries this source's secret."""
        ...

    def parse(self, request: InboundRequest) -> Sequence[Event | Ignored]:
        """Read the events of a call, in order; raises MalformedEvent and names the place at fault."""
        ...
