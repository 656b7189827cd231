"""The only outbound door."""

from shipbell.transport.client import HttpTransport

__all__ = ["HttpTransport"]
