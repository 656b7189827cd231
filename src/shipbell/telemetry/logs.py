"""Logs: one structured line per request and attempt, without secrets."""

import json
import re
import secrets
import sys
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from shipbell.domain.secret import Secret

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_HIDDEN = "***"
# What stands after such a word is a secret, in addresses (encoded or not), headers, JSON and Python alike; so is an API
# token, wherever it stands.
_WORDS = re.compile(
    r"""((?:key|token|secret|password)(?:=|%3D|\\*["']\s*:\s*\\*["'])|Bearer(?:\s|\+|%20)+)[^\s&"'<>,;(){}\[\]\\]{6,}"""
    r"|(sb_)[0-9A-Za-z_-]{20,}",
    re.IGNORECASE,
)
_MASKED = rf"\1\2{_HIDDEN}"
_SECRET_NAMES = frozenset({"token", "secret", "password", "authorization", "cookie", "set-cookie", "secret_key"})
# A member named `key` may be a project's; a robot's is long and has digits.
_ROBOT_KEY = re.compile(r"(?=.*\d).{16,}")
_DEEPEST = 8
# Most values of a line are plain: they are let through without a closer look.
_PLAIN = frozenset({bool, int, float, type(None)})
_WATCHED = _SECRET_NAMES | {"key"}
_SUSPECT = re.compile(r"[=%\"']|[Ee][Aa][Rr][Ee][Rr]|[Ss][Bb]_").search
# What a terminal would obey, what turns a line around, and what hides in it; line ends are told apart by their place.
_OBEYED = re.compile(
    "[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


@cache
def log() -> FilteringBoundLogger:
    """The logger, as `set_up_logs` has made it; bound once, since binding costs more than a line that is left out."""
    logger: FilteringBoundLogger = structlog.get_logger().bind()
    return logger


def new_request_id() -> str:
    """An id for one request, 16 characters."""
    return secrets.token_hex(8)


@dataclass(frozen=True, eq=False)
class Lossy:
    """A stream that may be on a full disk, or read no further: then its lines are lost, and nothing else is."""

    stream: Any

    def write(self, line: object) -> None:
        """Write a line if it can be written."""
        with suppress(OSError):
            self.stream.write(line)

    def flush(self) -> None:
        """Bring it out if that can be done; what stays is tried with the next line."""
        with suppress(OSError):
            self.stream.flush()


def set_up_logs(*, level: str = "info", form: str = "json") -> None:
    """Write logs to stderr, as JSON lines or for people."""
    render: structlog.typing.Processor
    logger: Callable[..., Any]
    if form == "json":
        render = structlog.processors.JSONRenderer(serializer=_json)
        lines: Any = Lossy(sys.stderr.buffer)
        logger = structlog.BytesLoggerFactory(lines)
    else:
        # Values are written as Python writes them, which escapes what nobody can see.
        render = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, repr_native_str=True
        )
        lines = Lossy(sys.stderr)
        logger = structlog.PrintLoggerFactory(lines)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            # The last before rendering: a traceback may quote what must not be seen.
            redact,
            *(() if form == "json" else (_tame,)),
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=logger,
        cache_logger_on_first_use=True,
    )
    log.cache_clear()


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide secrets and robot keys, wherever they come from."""
    for name, value in event.items():
        kind = type(value)
        if kind in _PLAIN or (kind is str and name not in _WATCHED and not _SUSPECT(value)):
            continue
        event[name] = _shown(name, value, _DEEPEST)
    return event


def _shown(name: str, value: object, depth: int) -> object:  # noqa: PLR0911 - one return a shape
    """A value as plain data, without its secrets."""
    match value:
        case None | int() | float():
            return value
        case str():
            hidden = name.lower() in _SECRET_NAMES or (name == "key" and _ROBOT_KEY.fullmatch(value))
            return _HIDDEN if hidden and value else _WORDS.sub(_MASKED, value)
        case bytes():
            return _shown(name, value.decode("utf-8", "replace"), depth)
        case Secret():
            return _HIDDEN
        case _ if depth == 0:
            return "…"
        case Mapping():
            return {_text(key): _shown(_text(key), one, depth - 1) for key, one in value.items()}
        case list() | tuple() | AbstractSet():
            return [_shown(name, one, depth - 1) for one in value]
        case msgspec.Struct():
            return {one: _shown(one, getattr(value, one), depth - 1) for one in value.__struct_fields__}
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {one.name: _shown(one.name, getattr(value, one.name), depth - 1) for one in fields(value)}
        case _:
            return _text(value)


def without_secrets(text: str) -> str:
    """A text, each secret in it hidden."""
    return _text(text)


def _text(value: object) -> str:
    return _WORDS.sub(_MASKED, str(value))


def _tame(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Escape what the form for people writes as it stands: what happened, and tracebacks, whose lines stay lines."""
    event["event"] = _escaped(str(event["event"]).replace("\n", "\\n"))
    for name in ("exception", "stack"):
        if name in event:
            event[name] = _escaped(str(event[name]))
    return event


def _json(event: EventDict, **_options: object) -> bytes:
    try:
        line = msgspec.json.encode(event, enc_hook=str)
    except UnicodeEncodeError:
        # Half a surrogate pair.
        return json.dumps(event, default=str).encode()
    return line if line.isascii() and b"\x7f" not in line else _escaped(line.decode()).encode()


def _escaped(text: str) -> str:
    """The text with an escape, as JSON and Python read it, for each sign that a reader's terminal might obey."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
