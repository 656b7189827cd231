"""Proxied: calls through the explicit proxy, over aiohttp; the target is resolved and judged here first."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp

from shipbell.ports.wire import NoReply, Reply, Trouble
from shipbell.transport.direct import CONNECT_SECONDS, TOTAL_SECONDS
from shipbell.transport.guard import AddressNotAllowed, GuardedResolver, Network
from shipbell.transport.replies import MOST_BYTES, answered
from shipbell.transport.target import HEADERS, Target

_LEAST_CONNECT_SECONDS = 0.1
_OPEN = 1_200
_PROXY_WANTS_A_PASSWORD = 407


@dataclass(slots=True)
class _Way:
    """How far a call came: nothing of it is sent before there is a connection, its tunnel included."""

    stands: bool = False


class Proxied:
    """One session for all calls; close it with `aclose`. The proxy's own address is exempt from the guard."""

    def __init__(self, allow: Sequence[Network], proxy: str) -> None:
        """Call what the guard lets pass through this proxy alone."""
        self._resolver = GuardedResolver(allow)
        self._proxy = proxy
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_OPEN, limit_per_host=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            headers=HEADERS,
            trace_configs=[_watched()],
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._session.close()
        await self._resolver.close()

    async def send(self, target: Target, body: bytes) -> Reply | NoReply:
        """Make one call; ten seconds at most, of which looking up and connecting may take five."""
        clock = asyncio.get_running_loop().time
        began, way = clock(), _Way()
        try:
            if (refused := await self._checked(target)) is not None:
                return refused
            patience = _patience(clock() - began)
            async with self._session.post(
                target.url,
                data=body,
                allow_redirects=False,
                proxy=self._proxy,
                timeout=patience,
                trace_request_ctx=way,
            ) as response:
                if response.status == _PROXY_WANTS_A_PASSWORD:
                    return NoReply(trouble=Trouble.PROXY, sent=False, detail="HTTP 407")
                return await _read(response)
        except Exception as error:  # noqa: BLE001 - whatever the network does is an answer, never a crash
            return _trouble(error, way, waited=clock() - began)

    async def _checked(self, target: Target) -> NoReply | None:
        """Resolve the very name that the proxy will be asked for, and refuse what may not be called."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._resolver.resolve(target.host, target.port, socket.AF_UNSPEC)
        except AddressNotAllowed as error:
            return NoReply(trouble=Trouble.NOT_ALLOWED, sent=False, detail=str(error))
        except (OSError, TimeoutError) as error:
            return NoReply(trouble=Trouble.NAME_NOT_FOUND, sent=False, detail=type(error).__name__)
        return None


def _watched() -> aiohttp.TraceConfig:
    """Notes in the call's own `_Way` that its connection stands."""

    async def stands(_session: aiohttp.ClientSession, context: SimpleNamespace, _told: object) -> None:
        context.trace_request_ctx.stands = True

    watched = aiohttp.TraceConfig()
    watched.on_connection_create_end.append(stands)
    watched.on_connection_reuseconn.append(stands)
    return watched


def _patience(spent: float) -> aiohttp.ClientTimeout:
    """What is left of the seconds for connecting (looking the name up included) and for the whole call."""
    return aiohttp.ClientTimeout(
        total=TOTAL_SECONDS - spent,
        connect=max(_LEAST_CONNECT_SECONDS, CONNECT_SECONDS - spent),
        # Above this, timers are rounded up to whole seconds: never.
        ceil_threshold=TOTAL_SECONDS + 1,
    )


async def _read(response: aiohttp.ClientResponse) -> Reply | NoReply:
    raw = await response.content.read(MOST_BYTES + 1)
    while len(raw) <= MOST_BYTES and (more := await response.content.read(MOST_BYTES + 1 - len(raw))):
        raw += more
    reply = answered(response.status, {name.lower(): value for name, value in response.headers.items()}, raw)
    if isinstance(reply, NoReply):
        response.close()
    return reply


def _trouble(error: Exception, way: _Way, *, waited: float) -> NoReply:  # noqa: PLR0911 - one return a meaning
    """Say what an exception means: above all whether the call may have arrived."""
    told = type(error).__name__
    match error:
        case aiohttp.ClientHttpProxyError() | aiohttp.ClientProxyConnectionError() | aiohttp.ConnectionTimeoutError():
            return NoReply(trouble=Trouble.PROXY, sent=False, detail=told)
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError() | ssl.SSLError():
            return NoReply(trouble=Trouble.CERTIFICATE, sent=False, detail=told)
        case aiohttp.ClientConnectorDNSError():
            return NoReply(trouble=Trouble.PROXY, sent=False, detail=told)
        case aiohttp.ClientConnectorError():
            return NoReply(trouble=Trouble.NOT_CONNECTED, sent=False, detail=told)
        case aiohttp.InvalidURL() | UnicodeError():
            return NoReply(trouble=Trouble.BAD_URL, sent=False, detail=told)
        case _ if not way.stands:
            return NoReply(trouble=Trouble.PROXY, sent=False, detail=told)
        case TimeoutError():
            return NoReply(trouble=Trouble.TIMED_OUT, sent=True, detail=f"no answer within {waited:.0f} s")
        case _:
            return NoReply(trouble=Trouble.CUT_OFF, sent=True, detail=told)
