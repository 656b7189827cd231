"""A message as WeCom shows it: markdown of version 1, or text with its mentions, as safe HTML."""

import re

from markupsafe import Markup, escape

from shipbell.domain.messages import Message
from shipbell.domain.subscriptions import Format
from shipbell.ports.channel import Rendered

_PIECES = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|\*\*(?P<bold>[^\n]+?)\*\*"
    r"|\[(?P<label>[^\[\]\n]+)\]\((?P<url>https?://[^()\s]+)\)"
    r'|<font color="(?P<colour>info|comment|warning)">(?P<coloured>[^\n]*?)</font>'
    r"|<@(?P<user>[0-9A-Za-z._@-]+)>"
)
_QUOTE = "> "
_DEPTH = 3


def bubble(rendered: Rendered, message: Message) -> Markup:
    """The inside of the bubble; every piece of text is escaped."""
    markdown = message.format is Format.MARKDOWN
    first, *rest = rendered.content.split("\n")
    parts = [Markup('<p class="lead">{}</p>').format(_inline(first) if markdown else first)]
    quoted: list[Markup] = []
    for line in rest:
        if markdown and line.startswith(_QUOTE):
            quoted.append(Markup("<p>{}</p>").format(_inline(line.removeprefix(_QUOTE))))
            continue
        parts += _quote(quoted)
        quoted = []
        parts.append(Markup("<p>{}</p>").format(_inline(line) if markdown else line))
    parts += _quote(quoted)
    if not markdown and message.user_ids:
        parts.append(Markup("<p>{}</p>").format(mentions(message.user_ids)))
    return Markup("").join(parts)


def mentions(user_ids: tuple[str, ...]) -> Markup:
    """Members who are alerted, as they stand in a bubble."""
    return Markup(" ").join(Markup('<span class="at">@{}</span>').format(one.removeprefix("@")) for one in user_ids)


def _quote(lines: list[Markup]) -> list[Markup]:
    return [Markup("<blockquote>{}</blockquote>").format(Markup("").join(lines))] if lines else []


def _inline(text: str, depth: int = 0) -> Markup:
    if depth == _DEPTH:
        return escape(text)
    found: list[Markup] = []
    end = 0
    for match in _PIECES.finditer(text):
        found += [escape(text[end : match.start()]), _piece(match, depth + 1)]
        end = match.end()
    found.append(escape(text[end:]))
    return Markup("").join(found)


def _piece(match: re.Match[str], depth: int) -> Markup:
    parts = match.groupdict()
    if parts["code"] is not None:
        return Markup("<code>{}</code>").format(parts["code"])
    if parts["bold"] is not None:
        return Markup("<strong>{}</strong>").format(_inline(parts["bold"], depth))
    if parts["label"] is not None:
        return Markup('<a href="{}" rel="noopener noreferrer nofollow">{}</a>').format(parts["url"], parts["label"])
    if parts["colour"] is not None:
        return Markup('<span class="md-{}">{}</span>').format(parts["colour"], _inline(parts["coloured"], depth))
    return Markup('<span class="at">@{}</span> ').format(parts["user"])
