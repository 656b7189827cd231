"""What a robot refuses of a message, in the order in which it looks."""

from collections.abc import Callable, Mapping

import msgspec

from shipbell.simulator import rich
from shipbell.simulator.answers import EMPTY, NO_TYPE, Refusal, bad_parameter, too_long

_MARKDOWN_BYTES = 4096
_decode = msgspec.json.Decoder().decode

_RICH: Mapping[str, Callable[[Mapping[str, object]], Refusal | None]] = {
    "image": rich.image,
    "news": rich.news,
    "file": rich.media,
    "voice": rich.media,
    "template_card": rich.card,
}


class Taken(msgspec.Struct, frozen=True):
    """A message that passed: what is kept of it."""

    msgtype: str
    content: str
    content_bytes: int
    mentioned: tuple[str, ...]


def judge(body: bytes, text_limit: int) -> Taken | Refusal:
    """The message of a body, or why it is refused."""
    try:
        message = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return NO_TYPE
    msgtype = message.get("msgtype") if isinstance(message, dict) else None
    match msgtype:
        case "text":
            return _text(message.get("text"), text_limit)
        case "markdown" | "markdown_v2":
            return _content(msgtype, message.get(msgtype), _MARKDOWN_BYTES, ())
        case str() if msgtype in _RICH:
            return _rich(msgtype, message.get(msgtype))
        case _:
            return NO_TYPE


def _text(part: object, limit: int) -> Taken | Refusal:
    mentioned: list[str] = []
    if isinstance(part, dict):
        for name in ("mentioned_list", "mentioned_mobile_list"):
            names = part.get(name, [])
            if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
                return bad_parameter(f"text.{name}")
            mentioned += names
    return _content("text", part, limit, tuple(mentioned))


def _content(msgtype: str, part: object, limit: int, mentioned: tuple[str, ...]) -> Taken | Refusal:
    content = part.get("content", "") if isinstance(part, dict) else ""
    if not isinstance(content, str):
        return bad_parameter(f"{msgtype}.content")
    if not content and not mentioned:
        return EMPTY
    size = len(content) if content.isascii() else len(content.encode())
    if size > limit:
        return too_long(msgtype, limit)
    return Taken(msgtype, content, size, mentioned)


def _rich(msgtype: str, part: object) -> Taken | Refusal:
    if not isinstance(part, dict):
        return EMPTY
    refusal = _RICH[msgtype](part)
    if refusal is not None:
        return refusal
    content = msgspec.json.encode(rich.as_shown(msgtype, part))
    return Taken(msgtype, content.decode(), len(content), ())
