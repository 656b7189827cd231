"""A value that must not be seen by accident."""

import hmac
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that must not reach a log; reading it takes a deliberate call."""

    _value: str

    def reveal(self) -> str:
        """Give the value itself."""
        return self._value

    def matches(self, other: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self._value.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))

    def __repr__(self) -> str:
        """Hide the value."""
        return "Secret(***)"

    def __str__(self) -> str:
        """Hide the value."""
        return "***"
