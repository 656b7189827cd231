"""The markdown of WeCom, version 1: headings, bold, links, one-line code, one level of quote, three colours, mentions.

Version 2 has neither colours nor mentions; what it adds (lists, tables, pictures) is left as it was typed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

Inline: TypeAlias = "Plain | Bold | Code | Link | Colour | Mention"


@dataclass(frozen=True, slots=True)
class Plain:
    """Text as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Bold:
    """Text between two stars on either side."""

    inside: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Text between backticks, on one line."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A text that opens an address."""

    inside: tuple[Inline, ...]
    url: str


@dataclass(frozen=True, slots=True)
class Colour:
    """Text in one of the three colours."""

    name: str
    inside: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """A member who is alerted."""

    user_id: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a heading of level 1 to 6, a quote or plain."""

    kind: Literal["heading", "quote", "plain"]
    inside: tuple[Inline, ...]
    level: int = 0


_SHARED = r"`(?P<code>[^`\n]+)`|\*\*(?P<bold>[^\n]+?)\*\*|\[(?P<label>[^\[\]\n]+)\]\((?P<url>https?://[^()\s]+)\)"
_OWN = (
    r'|<font color="(?P<colour>info|comment|warning)">(?P<coloured>[^\n]*?)</font>'
    r"|<@(?P<user>(?!@?all>)[0-9A-Za-z._@-]+)>"
)
_V1 = re.compile(_SHARED + _OWN)
_V2 = re.compile(_SHARED)
_HEADING = re.compile(r"(#{1,6}) +(.*)")
_QUOTE = re.compile(r"> ?(.*)")
# Deeper nesting is shown as it was typed; nobody writes it and it costs time.
_DEPTH = 4


def lines(content: str, *, own: bool = True) -> tuple[Line, ...]:
    """The content line by line; `own` = with colours and mentions, which version 2 lacks."""
    pattern = _V1 if own else _V2
    return tuple(_line(text, pattern) for text in content.split("\n"))


def mentions(content: str) -> tuple[str, ...]:
    """Who is alerted, in order and once each; a mention inside code alerts nobody."""
    found = (user for line in lines(content) for user in _mentioned(line.inside))
    return tuple(dict.fromkeys(found))


def as_text(content: str, *, own: bool = True) -> str:
    """The message without its markup: `│` before a quote, the address after a link's text."""
    return "\n".join(_line_text(line) for line in lines(content, own=own))


def _line(text: str, pattern: re.Pattern[str]) -> Line:
    if heading := _HEADING.fullmatch(text):
        return Line("heading", _inline(heading[2], pattern), len(heading[1]))
    if quote := _QUOTE.fullmatch(text):
        return Line("quote", _inline(quote[1], pattern))
    return Line("plain", _inline(text, pattern))


def _inline(text: str, pattern: re.Pattern[str], depth: int = 0) -> tuple[Inline, ...]:
    if depth == _DEPTH:
        return (Plain(text),)
    found: list[Inline] = []
    end = 0
    for match in pattern.finditer(text):
        if match.start() > end:
            found.append(Plain(text[end : match.start()]))
        found.append(_node(match, pattern, depth + 1))
        end = match.end()
    if end < len(text):
        found.append(Plain(text[end:]))
    return tuple(found)


def _node(match: re.Match[str], pattern: re.Pattern[str], depth: int) -> Inline:
    parts = match.groupdict()
    if parts["code"] is not None:
        return Code(parts["code"])
    if parts["bold"] is not None:
        return Bold(_inline(parts["bold"], pattern, depth))
    if parts["label"] is not None:
        return Link(_inline(parts["label"], pattern, depth), parts["url"])
    if parts["colour"] is not None:
        return Colour(parts["colour"], _inline(parts["coloured"], pattern, depth))
    return Mention(parts["user"])


def _mentioned(nodes: tuple[Inline, ...]) -> Iterator[str]:
    for node in nodes:
        match node:
            case Mention():
                yield node.user_id
            case Bold() | Link() | Colour():
                yield from _mentioned(node.inside)
            case Plain() | Code():
                continue
            case _:
                assert_never(node)


def _line_text(line: Line) -> str:
    text = "".join(_text(node) for node in line.inside)
    return f"│ {text}" if line.kind == "quote" else text


def _text(node: Inline) -> str:
    match node:
        case Plain() | Code():
            return node.text
        case Bold() | Colour():
            return "".join(_text(one) for one in node.inside)
        case Link():
            return "".join(_text(one) for one in node.inside) + f" ({node.url})"
        case Mention():
            return f"@{node.user_id}"
        case _:
            assert_never(node)
