"""Calls to an identity provider over aiohttp: bounded, without redirects and cookies, never through a proxy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

import aiohttp
import msgspec

from shipbell.domain.errors import SignInRefused
from shipbell.domain.openid import Refusal
from shipbell.transport.guard import GuardedResolver, GuardedSockets, Network

T = TypeVar("T")
OK = 200
_MOST_BYTES = 512 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=10.0, sock_connect=5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCalls:
    """Calls the issuer's own host whatever its address, and other hosts only on allowed addresses."""

    issuer: str
    allow: Sequence[Network]

    async def got(self, url: str, headers: Mapping[str, str] | None = None) -> bytes:
        """What stands at an address; raises SignInRefused."""
        status, answer = await self.asked("GET", url, headers or {"Accept": "application/json"}, None)
        if status != OK:
            raise unreachable(url, f"HTTP {status}")
        return answer

    async def asked(self, method: str, url: str, headers: Mapping[str, str], body: str | None) -> tuple[int, bytes]:
        """The status and the body of an answer, at most 512 KiB; raises SignInRefused."""
        session = aiohttp.ClientSession(
            connector=self._connector(url),
            timeout=_TIMEOUT,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            headers={"User-Agent": "shipbell"},
        )
        try:
            async with (
                session,
                session.request(method, url, data=body, headers=headers, allow_redirects=False) as reply,
            ):
                answer = bytearray()
                async for chunk in reply.content.iter_chunked(65_536):
                    answer += chunk
                    if len(answer) > _MOST_BYTES:
                        raise unreachable(url, "an answer over 512 KiB")
                return reply.status, bytes(answer)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise unreachable(url, type(error).__name__) from error

    def _connector(self, url: str) -> aiohttp.TCPConnector:
        """The issuer is the operator's choice, and is often on a private address; what it names is not."""
        if urlsplit(url).hostname == urlsplit(self.issuer).hostname:
            return aiohttp.TCPConnector()
        return aiohttp.TCPConnector(resolver=GuardedResolver(self.allow), socket_factory=GuardedSockets(self.allow))


def read(body: bytes, shape: type[T], what: str) -> T:
    """A document of the provider; raises SignInRefused."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.MsgspecError as error:
        raise misconfigured(f"The provider's {what} is not what OpenID Connect says.") from error


def misconfigured(sentence: str) -> SignInRefused:
    """A refusal that whoever runs Shipbell or the provider can cure."""
    return SignInRefused(sentence, Refusal.MISCONFIGURED)


def unreachable(url: str, what: str) -> SignInRefused:
    """A refusal that may go away by itself."""
    return SignInRefused(f"{urlsplit(url).hostname} does not answer as it should: {what}.", Refusal.UNREACHABLE)
