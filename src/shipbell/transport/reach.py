"""Whether a host can be reached from here: looked up, judged by the guard, connected, and nothing sent."""

import asyncio
import socket
from collections.abc import Sequence

from shipbell.domain.addresses import usable
from shipbell.ports.wire import Trouble
from shipbell.transport.guard import AddressNotAllowed, GuardedResolver, Network, allowed

_SECONDS = 5.0


async def reach(host: str, port: int, *, allow: Sequence[Network], connect: bool = True) -> Trouble | None:
    """What stands in the way of a call, judged as sending does; None when nothing does.

    Without `connect` it is only looked up.
    """
    address = usable(f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/")
    if address is None:
        return Trouble.BAD_URL
    host = (address.raw_host or host).replace("%25", "%")
    if ":" in host and not allowed(host, allow):
        return Trouble.NOT_ALLOWED
    resolver = GuardedResolver(allow)
    try:
        async with asyncio.timeout(_SECONDS):
            found = await resolver.resolve(host, port, socket.AF_UNSPEC)
    except AddressNotAllowed:
        return Trouble.NOT_ALLOWED
    except (OSError, TimeoutError):
        return Trouble.NAME_NOT_FOUND
    except UnicodeError:
        return Trouble.BAD_URL
    finally:
        await resolver.close()
    return await connected([one["host"] for one in found], port) if connect else None


async def connected(hosts: Sequence[str], port: int) -> Trouble | None:
    """Connect to the first of some addresses (or names) that answers, and hang up."""
    for host in hosts:
        try:
            async with asyncio.timeout(_SECONDS):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            continue
        writer.transport.abort()
        return None
    return Trouble.NOT_CONNECTED
