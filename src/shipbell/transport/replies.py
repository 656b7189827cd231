"""What may be kept of an answer: 64 KiB of body, before and after decompression."""

import zlib
from collections.abc import Mapping

from shipbell.ports.wire import NoReply, Reply, Trouble

MOST_BYTES = 64 * 1024


def answered(status: int, headers: Mapping[str, str], raw: bytes) -> Reply | NoReply:
    """The answer unpacked, or that it is too large; header names are lower case."""
    body: bytes | None = raw
    if "content-encoding" in headers and headers["content-encoding"].lower().strip() in {"gzip", "deflate"}:
        body = _inflated(raw)
    if body is None or len(raw) > MOST_BYTES or len(body) > MOST_BYTES:
        return NoReply(trouble=Trouble.REPLY_TOO_LARGE, sent=True, detail=f"HTTP {status}")
    return Reply(status=status, headers=headers, body=body)


def _inflated(raw: bytes) -> bytes | None:
    """Decompress up to the bound; None for what goes beyond it. What is not compressed stays."""
    try:
        inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        body = inflater.decompress(raw, MOST_BYTES + 1)
    except zlib.error:
        return raw
    return None if len(body) > MOST_BYTES else body
