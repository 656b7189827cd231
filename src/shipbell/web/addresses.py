"""Who calls: the client's address, through proxies that are trusted."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from starlette.types import Scope

Network = IPv4Network | IPv6Network


def client_address(scope: Scope, trusted: Sequence[Network]) -> str:
    """The nearest address that is not a trusted proxy's (X-Forwarded-For is read from its end)."""
    address = _peer(scope)
    if not by_trusted(scope, trusted):
        return address
    for hop in reversed(_forwarded(scope)):
        address = hop
        if not _within(hop, trusted):
            break
    return address


def by_trusted(scope: Scope, trusted: Sequence[Network]) -> bool:
    """Whether a trusted proxy hands this call over."""
    return bool(trusted) and _within(_peer(scope), trusted)


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _forwarded(scope: Scope) -> list[str]:
    hops: list[str] = []
    for name, value in scope["headers"]:
        if name == b"x-forwarded-for":
            hops += [hop.strip() for hop in value.decode("latin-1").split(",")]
    return [hop for hop in hops if _readable(hop)]


def _readable(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _within(text: str, networks: Sequence[Network]) -> bool:
    if not _readable(text):
        return False
    address = ip_address(text)
    return any(address.version == network.version and address in network for network in networks)
