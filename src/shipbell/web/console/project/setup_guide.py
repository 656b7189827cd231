"""Instructions of a source kind: the section “Connect it” (接入) of its page, as safe HTML with address and secret."""

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

_SECTION = re.compile(r"^## (?:Connect it|接入)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r"^(?:[-*]|\d+\.) ")
_CODE = Markup('<div class="code"><pre class="wrap" tabindex="0"><code>{}</code></pre></div>')
_ORDERED = Markup('<ol class="bullets">{}</ol>')
_UNORDERED = Markup('<ul class="bullets">{}</ul>')
_INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)]*)\)")


def connect(page: str, *, hook_url: str, secret: str) -> Markup:
    """The steps that connect a tool; what is not understood is shown as plain text."""
    found = _SECTION.search(page)
    text = found.group(1).strip() if found else ""
    text = text.replace("{hook_url}", hook_url).replace("{secret}", secret)
    return Markup("\n").join(_blocks(text))


def _blocks(text: str) -> Iterator[Markup]:
    last = 0
    for fence in _FENCE.finditer(text):
        yield from _prose(text[last : fence.start()])
        yield _CODE.format(fence.group(1).rstrip())
        last = fence.end()
    yield from _prose(text[last:])


def _prose(text: str) -> Iterator[Markup]:
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = paragraph.splitlines()
        if not lines:
            continue
        if _ITEM.match(lines[0]):
            items = Markup("").join(Markup("<li>{}</li>").format(_inline(one)) for one in _items(lines))
            form = _ORDERED if lines[0][0].isdigit() else _UNORDERED
            yield form.format(items)
        else:
            yield Markup("<p>{}</p>").format(_inline(" ".join(lines)))


def _items(lines: list[str]) -> list[str]:
    """The items of a list; a line that begins none goes on with the one before."""
    items: list[str] = []
    for line in lines:
        if _ITEM.match(line):
            items.append(_ITEM.sub("", line))
        else:
            items[-1] += f" {line.strip()}"
    return items


def _inline(text: str) -> Markup:
    parts: list[Markup] = []
    last = 0
    for match in _INLINE.finditer(text):
        parts.append(escape(text[last : match.start()]))
        code, strong, label, _ = match.groups()
        if code:
            parts.append(Markup("<code>{}</code>").format(code))
        elif strong:
            parts.append(Markup("<b>{}</b>").format(strong))
        else:
            parts.append(escape(label))
        last = match.end()
    parts.append(escape(text[last:]))
    return Markup("").join(parts)
