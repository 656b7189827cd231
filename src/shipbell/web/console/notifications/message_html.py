"""A message as WeCom shows it: markdown of version 1, or text with its mentions, as safe HTML."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from markupsafe import Markup, escape

from shipbell.channels.wecom.dialect import Bold, Code, Colour, Inline, Link, Mention, Plain, lines
from shipbell.domain.messages import Message
from shipbell.domain.subscriptions import Format
from shipbell.ports.channel import Rendered

_QUOTE = "> "
_ELLIPSIS = "…"
_LINE, _LEAD = Markup("<p>{}</p>"), Markup('<p class="lead">{}</p>')


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What to say where something is missing, in the reader's words: by the line's number, and below a line."""

    cut: Mapping[int, str]
    gone: str = ""
    gone_after: int = 0
    language: str = "en"


def bubble(rendered: Rendered, message: Message, marks: Marks) -> Markup:
    """The inside of the bubble; every piece of text is escaped, and the marks are not sent."""
    markdown = message.format is Format.MARKDOWN
    parts: list[Markup] = []
    quoted: list[Markup] = []
    for number, line in enumerate(rendered.content.split("\n")):
        quotes = markdown and number > 0 and line.startswith(_QUOTE)
        said = _inline(line.removeprefix(_QUOTE) if quotes else line) if markdown else escape(line)
        if number in marks.cut:
            said = _cut(said, marks.cut[number], marks.language)
        shown = (_LINE if number else _LEAD).format(said)
        if not quotes:
            parts += _quote(quoted)
            quoted = []
        (quoted if quotes else parts).append(shown)
        if marks.gone and number == marks.gone_after:
            (quoted if quotes else parts).append(_LINE.format(_mark(marks.gone, marks.language)))
    parts += _quote(quoted)
    if not markdown and message.user_ids:
        parts.append(Markup("<p>{}</p>").format(mentions(message.user_ids)))
    return Markup("").join(parts)


def mentions(user_ids: tuple[str, ...]) -> Markup:
    """Members who are alerted, as they stand in a bubble."""
    return Markup(" ").join(Markup('<span class="at">@{}</span>').format(one.removeprefix("@")) for one in user_ids)


def _cut(said: Markup, words: str, language: str) -> Markup:
    """The line with a mark where it ends early: after its last ellipsis, which is the cut's own."""
    before, found, after = said.rpartition(_ELLIPSIS)
    mark = _mark(words, language)
    return before + found + Markup(" ") + mark + after if found else said + Markup(" ") + mark


def _mark(words: str, language: str) -> Markup:
    return Markup('<span class="cut" lang="{}">{}</span>').format(language, words)


def _quote(lines: list[Markup]) -> list[Markup]:
    return [Markup("<blockquote>{}</blockquote>").format(Markup("").join(lines))] if lines else []


def _inline(text: str) -> Markup:
    (line,) = lines(text)
    return _nodes(line.inside)


def _nodes(nodes: tuple[Inline, ...]) -> Markup:
    return Markup("").join(_node(one) for one in nodes)


def _node(node: Inline) -> Markup:
    match node:
        case Plain():
            return escape(node.text)
        case Code():
            return Markup("<code>{}</code>").format(node.text)
        case Bold():
            return Markup("<strong>{}</strong>").format(_nodes(node.inside))
        case Link():
            link = Markup('<a href="{}" rel="noopener noreferrer nofollow">{}</a>')
            return link.format(node.url, _nodes(node.inside))
        case Colour():
            return Markup('<span class="md-{}">{}</span>').format(node.name, _nodes(node.inside))
        case Mention():
            return Markup('<span class="at">@{}</span> ').format(node.user_id)
        case _:
            assert_never(node)
