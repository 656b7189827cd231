"""The addresses of WeCom robots: which robot one names, and how it may be shown."""

from urllib.parse import SplitResult, parse_qsl, urlsplit

from shipbell.domain.secret import Secret

_PORTS = {"http": 80, "https": 443}
_SHOWN = 4
_SHOWN_FROM = 16
_HIDDEN = "********"


def _split(url: Secret) -> tuple[SplitResult, str, int]:
    parts = urlsplit(url.reveal().strip())
    host = (parts.hostname or "").rstrip(".").lower()
    return parts, host, parts.port or _PORTS.get(parts.scheme.lower(), 0)


def lane(url: Secret) -> Secret:
    """Name the robot: host, port and key; without a key host, port, path and query."""
    parts, host, port = _split(url)
    key = next((value for name, value in parse_qsl(parts.query) if name == "key"), None)
    rest = f"key={key}" if key else f"{parts.path or '/'}?{parts.query}"
    return Secret(f"{host}:{port} {rest}")


def address(url: Secret) -> str:
    """Where a call goes: scheme, host, port and path."""
    parts, host, port = _split(url)
    return f"{parts.scheme.lower()}://{host}:{port}{parts.path or '/'}"


def mask(url: Secret) -> str:
    """Show scheme, host and path, and of the key at most the last 4 characters; what may be a secret is hidden."""
    try:
        parts, host, _ = _split(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return _HIDDEN
    shown_host = f"[{host}]" if ":" in host else host
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = "&".join(f"{_shown(name)}={_hidden(value) if name == 'key' else _HIDDEN}" for name, value in pairs)
    keyed = any(name == "key" and value for name, value in pairs)
    path = parts.path if keyed or len(parts.path) < _SHOWN_FROM else _masked_path(parts.path)
    return f"{parts.scheme.lower()}://{shown_host}{port}{path}{'?' + query if query else ''}"


def _shown(name: str) -> str:
    """A name without a value may be the secret itself."""
    return name if len(name) < _SHOWN_FROM and name.isascii() else _HIDDEN


def _hidden(value: str) -> str:
    return _HIDDEN + (value[-_SHOWN:] if len(value) >= _SHOWN_FROM else "")


def _masked_path(path: str) -> str:
    """A path without a key beside it may be the secret itself: only its beginning is shown."""
    head, _, tail = path.rpartition("/")
    return f"{head}/{_HIDDEN if tail else ''}"
