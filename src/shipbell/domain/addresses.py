"""Which addresses can be called at all: their host can be looked up, and they can be written in a request."""

import re
from ipaddress import IPv4Address

from yarl import URL

_LABEL, _NAME = 63, 253
_NUMBERS = re.compile(r"[0-9.]+")
# A zone of IPv6 may hold anything; a Host header holds nothing else than this (RFC 9112).
_WRITABLE = re.compile("[!-~]+")


def usable(text: str) -> URL | None:
    """The address without its fragment; None for one that cannot be called."""
    url = written(text)
    host = "" if url is None else url.raw_host or ""
    return None if _NUMBERS.fullmatch(host) and not _canonical(host) else url


def written(text: str) -> URL | None:
    """The address as a request carries it; None for one that no request can carry."""
    try:
        url = URL(text)
        host = url.raw_host or ""
        # Reading it as people write it finds labels that no name can have.
        readable = bool(url.host)
    except (ValueError, IndexError):
        # yarl reads past the end of `[]@`.
        return None
    if url.scheme not in {"http", "https"} or not readable or not _WRITABLE.fullmatch(host):
        return None
    name = host.removesuffix(".")
    if ":" not in host and (len(name) > _NAME or not all(0 < len(one) <= _LABEL for one in name.split("."))):
        return None
    return url.with_fragment(None)


def _canonical(host: str) -> bool:
    """Whether it is four numbers as everybody reads them; other forms mean another address to each reader."""
    try:
        return str(IPv4Address(host)) == host
    except ValueError:
        return False
