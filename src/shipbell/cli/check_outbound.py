"""The way out, as `doctor` sees it: the hosts of the known robots, looked up and connected through the guard."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

from shipbell.channels import REGISTRY
from shipbell.cli.checks import Check, fault, fine, warn
from shipbell.domain.explanations import explain
from shipbell.domain.secret import Secret
from shipbell.ports.wire import Trouble
from shipbell.settings import Settings
from shipbell.transport.reach import connected, reach

_PORTS = {"http": 80, "https": 443}
# Where the robots of each channel live, for whoever knows none yet.
_PUBLIC = {(one.about.public_host, 443): one.about.name.en for one in REGISTRY}
_MOST = 20
_NAME = "outbound"


async def ways_out(settings: Settings, robots: Sequence[Secret]) -> list[Check]:
    """One line a host (a bounded number of them), and one for the proxy."""
    hosts = sorted({host for url in robots if (host := _host(url)) is not None})
    known = bool(hosts)
    proxied = bool(settings.outbound_proxy)
    tried = hosts[:_MOST] if known else list(_PUBLIC)
    found = await asyncio.gather(
        *(reach(host, port, allow=settings.outbound_allow, connect=not proxied) for host, port in tried)
    )
    lines = [_line(host, port, trouble, known=known) for (host, port), trouble in zip(tried, found, strict=True)]
    if proxied:
        lines.append(await _proxy(settings.outbound_proxy))
    if len(hosts) > _MOST:
        lines.append(fine(_NAME, f"{len(hosts) - _MOST} more hosts were not tried"))
    return lines


def _host(url: Secret) -> tuple[str, int] | None:
    try:
        parts = urlsplit(url.reveal())
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname and port else None


def _line(host: str, port: int, trouble: Trouble | None, *, known: bool) -> Check:
    tried = (
        f"{host}:{port}"
        if known
        else f"{host}:{port} (no robot is known yet; this is where {_PUBLIC[host, port]}'s live)"
    )
    if trouble is None:
        return fine(_NAME, f"{tried} can be reached")
    told = explain(trouble.value)
    say = fault if known else warn
    return say(_NAME, f"{tried}: {told.cause}", told.cure)


async def _proxy(address: str) -> Check:
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    if await connected([host], port) is None:
        return fine(_NAME, f"the proxy {host}:{port} answers")
    return fault(_NAME, f"The proxy {host}:{port} does not answer.", "Check SHIPBELL_OUTBOUND_PROXY.")
