"""From a message to the bytes that a WeCom robot gets.

Limits and dialect: the official page on message pushing (document 99110): 4,096 bytes of `markdown`, 2,048 of
`text`; markdown version 1 knows headings, bold, links, one-line code, quotes, three colours and `<@userid>`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from shipbell.channels.wecom.about import ABOUT
from shipbell.domain.deliveries import Companion
from shipbell.domain.messages import Field, Message, Section, Tone
from shipbell.domain.subscriptions import Format, Locale
from shipbell.domain.text import clean, defuse, defuse_line, defuse_link_text, defuse_text, shorten, size_bytes
from shipbell.ports.channel import Cut, Rendered

ALL = "@all"
_HEADLINE_BYTES = 480
_SHORT_HEADLINE_BYTES = 120
# A number at the end of a headline; compose lets none be longer than 40 bytes.
_NUMBER = re.compile(r" #.{1,40}\Z")
_ELLIPSIS_BYTES = size_bytes("…")
# Long values are shortened first: to this at most, then to less, and only then do fields go.
_LEASTS_BYTES = (960, 480, 240, 96, 24)
_COLOURS = {Tone.BAD: "warning", Tone.WARN: "warning", Tone.GOOD: "info", Tone.NEUTRAL: "comment"}
_ENCODE = msgspec.json.Encoder().encode
_ALERT = {Locale.EN: "For all: {headline}", Locale.ZH_CN: "请注意：{headline}"}
_JOINT = {Locale.EN: ": ", Locale.ZH_CN: "："}


@dataclass(frozen=True, slots=True)
class _Frame:
    """What stays whatever is cut: headline (of which `lost` bytes are cut), link, mentions."""

    head: str
    tail: str
    whole: bool
    lost: int = 0


def render(message: Message) -> Rendered:
    """The exact body of a message; long values are shortened before any field goes."""
    limit = ABOUT.formats[message.format]
    frame = _frame(message, limit)
    if message.sections:
        content = frame.head + _sections(message) + frame.tail
        return _rendered(message, content, limit, whole=frame.whole and size_bytes(content) <= limit, cut=False)
    room = limit - size_bytes(frame.head) - size_bytes(frame.tail)
    lines = "".join([_field(one, message) for one in message.fields])
    cut = size_bytes(lines) > room
    kept: Sequence[Field] = message.fields
    if cut:
        kept = _fitted(message.fields, room, message)
        lines = "".join(_field(one, message) for one in kept)
    content = frame.head + lines + frame.tail
    rendered = _rendered(message, content, limit, whole=frame.whole, cut=cut)
    return _with_cuts(rendered, kept, frame.lost, message) if cut or frame.lost else rendered


def _with_cuts(rendered: Rendered, kept: Sequence[Field], lost: int, message: Message) -> Rendered:
    """Say where it was cut, for the preview."""
    whole = {one.id: size_bytes(_field(one, message)) for one in message.fields}
    shown = {one.id: size_bytes(_field(one, message)) for one in kept}
    shorter = [
        Cut(line=line, lost_bytes=whole[name] - size + _ELLIPSIS_BYTES)
        for line, (name, size) in enumerate(shown.items(), 1)
        if size < whole[name]
    ]
    head = [Cut(line=0, lost_bytes=lost)] if lost else []
    gone = tuple(one.label for one in message.fields if one.id not in shown)
    return replace(rendered, cuts=(*head, *shorter), gone=gone, gone_after=len(shown))


def _rendered(message: Message, content: str, limit: int, *, whole: bool, cut: bool) -> Rendered:
    if message.format is Format.MARKDOWN:
        body: dict[str, object] = {"content": content}
        unsaid = (ALL,) if ALL in message.user_ids else ()
    else:
        body = {"content": content}
        unsaid = ()
        if message.user_ids:
            body["mentioned_list"] = message.user_ids
    return Rendered(
        msgtype=message.format.value,
        body=_ENCODE({"msgtype": message.format.value, message.format.value: body}),
        content=content,
        content_bytes=size_bytes(content),
        limit_bytes=limit,
        whole=whole,
        cut=cut,
        unsaid=unsaid,
    )


def _frame(message: Message, limit: int) -> _Frame:
    """Headline, link and mentions; when even they do not fit, the headline shrinks, then the link goes."""
    safe = defuse_line if message.format is Format.MARKDOWN else defuse_text
    full = safe(message.headline)
    link, mentions = _link(message), _mentions(message)
    tail = link + mentions
    head = _head(full, _HEADLINE_BYTES)
    if size_bytes(head) + size_bytes(tail) <= limit:
        return _Frame(head, tail, whole=True, lost=_lost(full, head))
    head = _head(full, _SHORT_HEADLINE_BYTES)
    lost = _lost(full, head)
    if size_bytes(head) + size_bytes(tail) <= limit:
        return _Frame(head, tail, whole=True, lost=lost)
    if size_bytes(head) + size_bytes(mentions) <= limit:
        return _Frame(head, mentions, whole=False, lost=lost)
    return _Frame(head, "", whole=False, lost=lost)


def _head(full: str, limit: int) -> str:
    """The headline as it fits; a run's number at its end stays."""
    if size_bytes(full) <= limit:
        return full
    number = _NUMBER.search(full)
    end = number.group() if number else ""
    return shorten(full.removesuffix(end), limit - size_bytes(end)) + end


def _lost(full: str, head: str) -> int:
    return 0 if head is full else size_bytes(full) - size_bytes(head) + _ELLIPSIS_BYTES


def _link(message: Message) -> str:
    link = message.link
    if link is None:
        return ""
    if message.format is Format.MARKDOWN:
        return f"\n[{defuse_link_text(link.label)}]({link.url})"
    return f"\n{link.label}{_JOINT[message.locale]}{link.url}"


def _mentions(message: Message) -> str:
    if message.format is not Format.MARKDOWN:
        return ""
    said = " ".join(f"<@{one}>" for one in message.user_ids if one != ALL)
    return f"\n{said}" if said else ""


def _field(one: Field, message: Message) -> str:
    joint = _JOINT[message.locale]
    if message.format is not Format.MARKDOWN:
        return f"\n{one.label}{joint}{defuse_text(one.value)}"
    value = defuse(one.value)
    if one.tone is not None:
        value = f'<font color="{_COLOURS[one.tone]}">{value}</font>'
    return f"\n> {one.label}{joint}{value}"


def _fitted(fields: Sequence[Field], room: int, message: Message) -> list[Field]:
    """The fields as they fit: long values are shortened first, the least important before the others."""
    kept = list(fields)
    over = sum(size_bytes(_field(one, message)) for one in kept) - room
    least_important_first = sorted(range(len(kept)), key=lambda at: -kept[at].rank)
    for least in _LEASTS_BYTES:
        for at in least_important_first:
            if over <= 0:
                return kept
            short = _shorter(kept[at], over, least, message)
            over -= size_bytes(_field(kept[at], message)) - size_bytes(_field(short, message))
            kept[at] = short
    gone = set[int]()
    for at in least_important_first:
        if over <= 0:
            break
        over -= size_bytes(_field(kept[at], message))
        gone.add(at)
    return [one for at, one in enumerate(kept) if at not in gone]


def _shorter(one: Field, over: int, least: int, message: Message) -> Field:
    """The value cut by `over` bytes, but not below `least`; defused first, so that nothing grows again."""
    safe = defuse if message.format is Format.MARKDOWN else defuse_text
    value = safe(one.value)
    return replace(one, value=shorten(value, max(least, size_bytes(value) - over)))


def _sections(message: Message) -> str:
    markdown = message.format is Format.MARKDOWN
    return "".join(_section(one, markdown=markdown) for one in message.sections)


def _section(section: Section, *, markdown: bool) -> str:
    heading = f"\n**{defuse(section.heading)}**" if markdown else f"\n{section.heading}"
    return heading + "".join(f"\n{line_text(one.text, one.url, markdown=markdown)}" for one in section.lines)


def line_text(text: str, url: str | None, *, markdown: bool) -> str:
    """One line of a digest with its link."""
    if markdown:
        return f"[{defuse_link_text(text)}]({url})" if url else defuse_line(text)
    return f"{defuse_text(text)} {url}" if url else defuse_text(text)


def alert(companion: Companion) -> Rendered:
    """A text that alerts members whom markdown cannot; its content is not empty, which is the safer form."""
    limit = ABOUT.formats[Format.TEXT]
    headline = defuse_text(clean(companion.headline))
    content = shorten(_ALERT[companion.locale].format(headline=headline), limit)
    body = {"content": content, "mentioned_list": companion.user_ids}
    return Rendered(
        msgtype="text",
        body=_ENCODE({"msgtype": "text", "text": body}),
        content=content,
        content_bytes=size_bytes(content),
        limit_bytes=limit,
    )
