"""The address guard: only public addresses may be called, unless a network is allowed.

Ranges: the IANA special-purpose registries for IPv4 and IPv6, RFC 6052 and 8215 (NAT64), RFC 3056 (6to4),
RFC 4380 (Teredo).
"""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import AddrInfoType

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")
# How many names are looked up at once: one that hangs holds up no other.
_LOOK_UPS = 64
_IPV4_COMPATIBLE = IPv6Network("::/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
_NEVER = tuple(
    ip_network(one)
    for one in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16",
        "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip


class AddressNotAllowed(OSError):
    """The address lies outside the public internet."""


def allowed(text: str, allow: Sequence[Network]) -> bool:
    """Whether an address may be called; each form of it, embedded IPv4 included, must be."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(_allowed(form, allow) for form in _forms(address))


def _allowed(address: Address, allow: Sequence[Network]) -> bool:
    if any(address.version == network.version and address in network for network in allow):
        return True
    if any(address.version == network.version and address in network for network in _NEVER):
        return False
    return address.is_global or _embeds(address)


def _embeds(address: Address) -> bool:
    """IPv6 forms that stand for an IPv4 address, which is judged by itself."""
    return isinstance(address, IPv6Address) and _embedded(address) is not None


def _forms(address: Address) -> tuple[Address, ...]:
    if isinstance(address, IPv4Address):
        return (address,)
    inner = _embedded(address)
    return (address,) if inner is None else (address, *inner) if not address.ipv4_mapped else inner


def _embedded(address: IPv6Address) -> tuple[IPv4Address, ...] | None:
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    if address.sixtofour:
        return (address.sixtofour,)
    if address.teredo:
        return address.teredo
    if any(address in network for network in (_NAT64, _TRANSLATED)) or (
        address in _IPV4_COMPATIBLE and int(address) > 1
    ):
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    return None


AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]
_Key = tuple[str, int, int]


class GuardedResolver(AbstractResolver):
    """Looks names up in threads of its own and keeps only the addresses that may be called."""

    def __init__(self, allow: Sequence[Network]) -> None:
        """Judge by these allowed networks."""
        self._allow = tuple(allow)
        self._threads = ThreadPoolExecutor(_LOOK_UPS, "shipbell-names")
        self._running: dict[_Key, asyncio.Future[list[AddressInfo]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The callable addresses of a name; raises AddressNotAllowed when all others were taken away."""
        found = [_result(host, one) for one in await self._looked_up((host, port, int(family)))]
        kept = [one for one in found if allowed(one["host"], self._allow)]
        if found and not kept:
            raise AddressNotAllowed("The name leads to an address that may not be called.")
        return kept

    async def _looked_up(self, key: _Key) -> list[AddressInfo]:
        """Ask the system; whoever wants the same name at the same time waits for the same answer."""
        running = self._running.get(key)
        if running is None:
            running = asyncio.get_running_loop().run_in_executor(self._threads, _ask, key)
            self._running[key] = running
            running.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(running)

    def _ended(self, key: _Key, done: "asyncio.Future[list[AddressInfo]]") -> None:
        self._running.pop(key, None)
        if not done.cancelled():
            # Whoever waited has heard it; nobody may be left.
            done.exception()

    async def close(self) -> None:
        """Wait for nobody."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _ask(key: _Key) -> list[AddressInfo]:
    host, port, family = key
    return list(socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG))


def _result(host: str, info: AddressInfo) -> ResolveResult:
    family, _, protocol, _, address = info
    scoped = family == socket.AF_INET6 and address[3]
    return ResolveResult(
        hostname=host,
        host=f"{address[0]}%{address[3]}" if scoped else str(address[0]),
        port=address[1],
        family=family,
        proto=protocol,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )


class GuardedSockets:
    """Makes sockets, the last word before each connect: literal addresses never meet a resolver."""

    def __init__(self, allow: Sequence[Network]) -> None:
        """Judge by these allowed networks."""
        self._allow = tuple(allow)

    def __call__(self, info: AddrInfoType) -> socket.socket:
        """A socket for one address; raises AddressNotAllowed."""
        family, kind, protocol, _, address = info
        host: Any = address[0]
        if not allowed(str(host), self._allow):
            raise AddressNotAllowed("This address may not be called.")
        made = socket.socket(family=family, type=kind, proto=protocol)
        made.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
