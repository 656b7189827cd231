"""Calls to robots over aiohttp: guarded, bounded, without redirects, cookies or surprises."""

import asyncio
import re
import socket
import ssl
import zlib
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address

import aiohttp
from yarl import URL

from shipbell.ports.wire import Call, NoReply, Reply, Trouble
from shipbell.transport.guard import AddressNotAllowed, GuardedResolver, GuardedSockets, Network

MOST_REPLY_BYTES = 64 * 1024
_TOTAL_SECONDS = 10.0
_CONNECT_SECONDS = 5.0
_LEAST_CONNECT_SECONDS = 0.1
_OPEN = 1_200
_PROXY_WANTS_A_PASSWORD = 407
_LABEL, _NAME = 63, 253
_NUMBERS = re.compile(r"[0-9.]+")
_HEADERS = {"Content-Type": "application/json", "User-Agent": "shipbell", "Accept-Encoding": "gzip, deflate"}


class HttpTransport:
    """One session for all calls; close it with `aclose`. Must be made inside a running loop."""

    def __init__(self, *, allow: Sequence[Network] = (), proxy: str = "") -> None:
        """Call public addresses and those in `allow`; with a proxy, through it alone."""
        self._resolver = GuardedResolver(allow)
        self._proxy = proxy or None
        self._sockets = GuardedSockets(allow)
        self._session = aiohttp.ClientSession(
            connector=self._connector(),
            timeout=_patience(),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            headers=_HEADERS,
        )

    def _connector(self) -> aiohttp.TCPConnector:
        if self._proxy:
            # The proxy's own address is exempt; the target is resolved and checked before each call.
            return aiohttp.TCPConnector(limit=_OPEN, limit_per_host=0)
        return aiohttp.TCPConnector(
            limit=_OPEN,
            limit_per_host=0,
            resolver=self._resolver,
            socket_factory=self._sockets,
            use_dns_cache=False,
            keepalive_timeout=30,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._session.close()
        await self._resolver.close()

    async def send(self, call: Call) -> Reply | NoReply:
        """Make one call; never raises for what the network does."""
        url = usable(call.url.reveal())
        if url is None:
            return NoReply(trouble=Trouble.BAD_URL, sent=False, detail="The address cannot be read.")
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            patience = _WHOLE
            if self._proxy:
                if (refused := await self._checked(url)) is not None:
                    return refused
                patience = _patience(clock() - began)
            async with self._session.post(
                url, data=call.body, allow_redirects=False, proxy=self._proxy, timeout=patience
            ) as response:
                if self._proxy and response.status == _PROXY_WANTS_A_PASSWORD:
                    return NoReply(trouble=Trouble.PROXY, sent=False, detail="HTTP 407")
                return await _read(response)
        except Exception as error:  # noqa: BLE001 - whatever the network does is an answer, never a crash
            return _trouble(error, proxied=self._proxy is not None, waited=clock() - began)

    async def _checked(self, url: URL) -> NoReply | None:
        """Behind a proxy: resolve the target here, and refuse what may not be called."""
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._resolver.resolve(url.host or "", url.port or 0, socket.AF_UNSPEC)
        except AddressNotAllowed as error:
            return NoReply(trouble=Trouble.NOT_ALLOWED, sent=False, detail=str(error))
        except (OSError, TimeoutError) as error:
            return NoReply(trouble=Trouble.NAME_NOT_FOUND, sent=False, detail=type(error).__name__)
        return None


def _patience(spent: float = 0.0) -> aiohttp.ClientTimeout:
    """What is left of the seconds for connecting (looking the name up included) and for the whole call."""
    return aiohttp.ClientTimeout(
        total=_TOTAL_SECONDS - spent,
        connect=max(_LEAST_CONNECT_SECONDS, _CONNECT_SECONDS - spent),
        # Above this, timers are rounded up to whole seconds: never.
        ceil_threshold=_TOTAL_SECONDS + 1,
    )


_WHOLE = _patience()


def _canonical(host: str) -> bool:
    """Whether it is four numbers as everybody reads them; other forms mean another address to each reader."""
    try:
        return str(IPv4Address(host)) == host
    except ValueError:
        return False


@lru_cache(maxsize=4_096)
def usable(text: str) -> URL | None:
    """The address without its fragment; None for one that cannot be called."""
    try:
        url = URL(text)
        host = url.raw_host or ""
        # Reading it as people write it finds labels that no name can have.
        readable = bool(url.host)
    except ValueError:
        return None
    if url.scheme not in {"http", "https"} or not readable:
        return None
    name = host.removesuffix(".")
    if _NUMBERS.fullmatch(host) and not _canonical(host):
        return None
    if ":" not in host and (len(name) > _NAME or not all(0 < len(one) <= _LABEL for one in name.split("."))):
        return None
    return url.with_fragment(None)


async def _read(response: aiohttp.ClientResponse) -> Reply | NoReply:
    """At most 64 KiB, before and after decompression."""
    raw = await response.content.read(MOST_REPLY_BYTES + 1)
    while len(raw) <= MOST_REPLY_BYTES and (more := await response.content.read(MOST_REPLY_BYTES + 1 - len(raw))):
        raw += more
    headers = {name.lower(): value for name, value in response.headers.items()}
    encoding = headers.get("content-encoding", "").lower().strip()
    body: bytes | None = raw
    if encoding in {"gzip", "deflate"}:
        body = _inflated(raw)
    if body is None or len(raw) > MOST_REPLY_BYTES or len(body) > MOST_REPLY_BYTES:
        response.close()
        return NoReply(trouble=Trouble.REPLY_TOO_LARGE, sent=True, detail=f"HTTP {response.status}")
    return Reply(status=response.status, headers=headers, body=body)


def _inflated(raw: bytes) -> bytes | None:
    """Decompress up to the bound; None for what goes beyond it. What is not compressed stays."""
    try:
        inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        body = inflater.decompress(raw, MOST_REPLY_BYTES + 1)
    except zlib.error:
        return raw
    return None if len(body) > MOST_REPLY_BYTES else body


def _trouble(error: Exception, *, proxied: bool, waited: float) -> NoReply:  # noqa: PLR0911 - one return a meaning
    """Say what an exception means: above all whether the call may have arrived."""
    cause = _root(error)
    if isinstance(cause, AddressNotAllowed):
        return NoReply(trouble=Trouble.NOT_ALLOWED, sent=False, detail=str(cause))
    told = type(error).__name__
    match error:
        case aiohttp.ClientHttpProxyError() | aiohttp.ClientProxyConnectionError():
            return NoReply(trouble=Trouble.PROXY, sent=False, detail=told)
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError() | ssl.SSLError():
            return NoReply(trouble=Trouble.CERTIFICATE, sent=False, detail=told)
        case aiohttp.ClientConnectorDNSError():
            trouble = Trouble.PROXY if proxied else Trouble.NAME_NOT_FOUND
            return NoReply(trouble=trouble, sent=False, detail=told)
        case aiohttp.ConnectionTimeoutError() if proxied:
            return NoReply(trouble=Trouble.PROXY, sent=False, detail=told)
        case aiohttp.ConnectionTimeoutError() | aiohttp.ClientConnectorError():
            return NoReply(trouble=Trouble.NOT_CONNECTED, sent=False, detail=told)
        case aiohttp.InvalidURL() | UnicodeError():
            return NoReply(trouble=Trouble.BAD_URL, sent=False, detail=told)
        case TimeoutError():
            return NoReply(trouble=Trouble.TIMED_OUT, sent=True, detail=f"no answer within {waited:.0f} s")
        case _:
            return NoReply(trouble=Trouble.CUT_OFF, sent=True, detail=told)


def _root(error: BaseException) -> BaseException:
    """The innermost cause of a chain."""
    seen = {id(error)}
    while (inner := getattr(error, "os_error", None) or error.__cause__ or error.__context__) is not None:
        if id(inner) in seen:
            break
        seen.add(id(inner))
        error = inner
    return error
