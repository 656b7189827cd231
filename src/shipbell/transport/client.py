"""Calls to robots: guarded, bounded, without redirects, cookies or surprises."""

from collections.abc import Sequence

from shipbell.ports.wire import Call, NoReply, Reply, Trouble
from shipbell.transport.direct import Direct
from shipbell.transport.guard import Network
from shipbell.transport.proxied import Proxied
from shipbell.transport.target import target


class HttpTransport:
    """The way out for all calls; close it with `aclose`. Must be made inside a running loop."""

    def __init__(self, *, allow: Sequence[Network] = (), proxy: str = "") -> None:
        """Call public addresses and those in `allow`; with a proxy, through it alone."""
        self._way: Direct | Proxied = Proxied(allow, proxy) if proxy else Direct(allow)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._way.aclose()

    async def send(self, call: Call) -> Reply | NoReply:
        """Make one call; never raises for what the network does."""
        found = target(call.url.reveal())
        if found is None:
            return NoReply(trouble=Trouble.BAD_URL, sent=False, detail="The address cannot be read.")
        return await self._way.send(found, call.body)
