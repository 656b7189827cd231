"""Target: what an address says about a call, read once."""

from base64 import b64encode
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct
from yarl import URL

from shipbell.domain.addresses import usable

HEADERS = {
    "User-Agent": "shipbell",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "Content-Type": "application/json",
}


class Target(Struct, frozen=True, kw_only=True):
    """Where a call goes; `head` is the request up to the value of its Content-Length."""

    url: URL
    host: str
    port: int
    tls: bool
    head: bytes


@lru_cache(maxsize=4_096)
def target(text: str) -> Target | None:
    """What to call; None for an address that cannot be called."""
    url = usable(text)
    if url is None:
        return None
    head = "\r\n".join((*_lines(url), "Content-Length: ")).encode("ascii")
    return Target(url=url, host=url.raw_host or "", port=url.port or 0, tls=url.scheme == "https", head=head)


def _lines(url: URL) -> Iterator[str]:
    yield f"POST {url.raw_path_qs} HTTP/1.1"
    yield f"Host: {url.host_port_subcomponent}"
    yield from (f"{name}: {value}" for name, value in HEADERS.items())
    if url.user is not None or url.password is not None:
        # RFC 7617: what stands before the @ of an address.
        word = f"{url.user or ''}:{url.password or ''}"
        yield f"Authorization: Basic {b64encode(word.encode()).decode()}"
