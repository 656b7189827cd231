"""Direct: calls over connections of our own, kept open between calls and guarded at every connect (ADR 0017)."""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address

from aiohappyeyeballs import start_connection
from aiohappyeyeballs.types import AddrInfoType

from shipbell.ports.wire import NoReply, Reply, Trouble
from shipbell.transport.connection import Connection
from shipbell.transport.guard import AddressNotAllowed, GuardedResolver, GuardedSockets, Network
from shipbell.transport.target import Target

TOTAL_SECONDS = 10.0
CONNECT_SECONDS = 5.0
_IDLE_SECONDS = 30.0
# RFC 8305: how long one address has before the next is tried beside it.
_NEXT_ADDRESS_SECONDS = 0.25
_Origin = tuple[bool, str, int]


class Direct:
    """Connections by host and port; close them with `aclose`."""

    def __init__(self, allow: Sequence[Network], *, idle_seconds: float = _IDLE_SECONDS) -> None:
        """Call public addresses and those in `allow`; a connection without a call is kept so long."""
        self._idle_seconds = idle_seconds
        self._resolver = GuardedResolver(allow)
        self._sockets = GuardedSockets(allow)
        self._tls = ssl.create_default_context()
        self._idle: dict[_Origin, deque[Connection]] = {}
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    async def aclose(self) -> None:
        """Close what is idle; calls in the air keep theirs until they end."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in (one for kept in self._idle.values() for one in kept):
            connection.close()
        self._idle.clear()
        await self._resolver.close()

    async def send(self, target: Target, body: bytes) -> Reply | NoReply:
        """Make one call; ten seconds at most, of which connecting may take five."""
        began = asyncio.get_running_loop().time()
        origin = (target.tls, target.host, target.port)
        connection = self._kept(origin, began)
        if connection is None:
            opened = await self._opened(target, began + CONNECT_SECONDS)
            if isinstance(opened, NoReply):
                return opened
            connection = opened
        reply = await connection.ask(b"%b%d\r\n\r\n%b" % (target.head, len(body), body), until=began + TOTAL_SECONDS)
        if self._closed:
            connection.close()
        elif connection.open:
            self._keep(origin, connection)
        return reply

    # --- connections between calls ----------------------------------------------------------------

    def _kept(self, origin: _Origin, now: float) -> Connection | None:
        """The connection that was used last, if it still stands."""
        kept = self._idle.get(origin)
        while kept:
            connection = kept.pop()
            if connection.open and now - connection.idle_since < self._idle_seconds:
                return connection
            connection.close()
        return None

    def _keep(self, origin: _Origin, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        kept = self._idle.get(origin)
        if kept is None:
            kept = self._idle[origin] = deque()
        kept.append(connection)
        if self._sweep is None:
            self._sweep = loop.call_later(self._idle_seconds, self._sweep_up)

    def _sweep_up(self) -> None:
        """Close what has been idle too long."""
        loop = asyncio.get_running_loop()
        last = loop.time() - self._idle_seconds
        for origin, kept in list(self._idle.items()):
            while kept and (not kept[0].open or kept[0].idle_since <= last):
                kept.popleft().close()
            if not kept:
                del self._idle[origin]
        self._sweep = loop.call_later(self._idle_seconds, self._sweep_up) if self._idle else None

    # --- new connections --------------------------------------------------------------------------

    async def _opened(self, target: Target, until: float) -> Connection | NoReply:
        """Look up, judge, connect and shake hands; nothing of the call is sent."""
        try:
            async with asyncio.timeout_at(until):
                return await self._connected(target, await self._addresses(target.host, target.port))
        except AddressNotAllowed as error:
            return _not_sent(Trouble.NOT_ALLOWED, str(error))
        except ssl.SSLError as error:
            return _not_sent(Trouble.CERTIFICATE, type(error).__name__)
        except socket.gaierror as error:
            return _not_sent(Trouble.NAME_NOT_FOUND, type(error).__name__)
        except UnicodeError as error:
            return _not_sent(Trouble.BAD_URL, type(error).__name__)
        except Exception as error:  # noqa: BLE001 - whatever the network does is an answer, never a crash
            return _not_sent(Trouble.NOT_CONNECTED, type(error).__name__)

    async def _addresses(self, host: str, port: int) -> list[AddrInfoType]:
        try:
            family = socket.AF_INET if ip_address(host.partition("%")[0]).version == 4 else socket.AF_INET6  # noqa: PLR2004 - IPv4
        except ValueError:
            found = await self._resolver.resolve(host, port, socket.AF_UNSPEC)
            return [_info(one["family"], one["host"], one["port"]) for one in found]
        return [_info(family, host, port)]

    async def _connected(self, target: Target, addresses: Sequence[AddrInfoType]) -> Connection:
        made = await start_connection(
            addresses, happy_eyeballs_delay=_NEXT_ADDRESS_SECONDS, interleave=1, socket_factory=self._sockets
        )
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                Connection,
                sock=made,
                ssl=self._tls if target.tls else None,
                server_hostname=target.host.rstrip(".") if target.tls else None,
            )
        except BaseException:
            # The loop has the socket and closes it; were it closed here, its number could go to another call meanwhile.
            with suppress(OSError):
                made.shutdown(socket.SHUT_RDWR)
            raise
        return connection


def _info(family: int, host: str, port: int) -> AddrInfoType:
    address = (host, port) if family == socket.AF_INET else (host, port, 0, 0)
    return (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)


def _not_sent(trouble: Trouble, detail: str) -> NoReply:
    return NoReply(trouble=trouble, sent=False, detail=detail)
