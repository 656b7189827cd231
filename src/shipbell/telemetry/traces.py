"""Traces: what is told to a collector of requests and attempts."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from shipbell.ports.lanes import Settlement


class Answered(Protocol):
    """Says how a request ended."""

    def __call__(self, status: int, code: str | None, request_id: str | None) -> None:
        """Keep the status, the code of an error and the id of the request."""
        ...


class Traces(Protocol):
    """Spans of requests and attempts; no span holds a query, a body, a header or the URL of a robot."""

    def request(self, method: str, path: str) -> AbstractContextManager[Answered]:
        """One request, from here to the end of the block."""
        ...

    def accepted(self, event_ids: Sequence[int]) -> None:
        """The request that runs now accepted these events."""
        ...

    def called(self, settlement: Settlement) -> None:
        """One call to a robot, linked with the requests that brought its events."""
        ...

    def close(self) -> None:
        """Send what waits, for some seconds at most."""
        ...
