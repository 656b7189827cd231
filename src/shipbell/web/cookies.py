"""Cookies: read plainly. Ours hold url-safe signs: nothing is unquoted, which took CPython seconds a request."""

from starlette.requests import Request

# What browsers send to one site; of a longer header nothing is read.
_MOST_BYTES = 8 * 1024


def cookie_of(request: Request, name: str) -> str | None:
    """The value of a cookie as the browser sent it; the first of several, which is that of the closest path."""
    wanted = name.encode() + b"="
    for header, value in request.scope["headers"]:
        if header != b"cookie" or len(value) > _MOST_BYTES:
            continue
        for pair in value.split(b";"):
            if pair.strip(b" \t").startswith(wanted):
                return str(_bare(pair.strip(b" \t")[len(wanted) :]).decode("latin-1"))
    return None


def _bare(value: bytes) -> bytes:
    """A value without the quotes that Set-Cookie puts around one with `=`."""
    quoted = len(value) > 1 and value.startswith(b'"') and value.endswith(b'"')
    return value[1:-1] if quoted else value
