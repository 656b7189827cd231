"""The page at `/`: the groups, and the chosen one's messages as its members see them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import assert_never
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from shipbell.channels.wecom import dialect
from shipbell.channels.wecom.dialect import Bold, Code, Colour, Inline, Line, Link, Mention, Plain
from shipbell.simulator.group import Group, Groups, seen
from shipbell.simulator.rules import Taken

_HERE = Path(__file__).parent
_STYLE = (_HERE / "page.css").read_text(encoding="utf-8")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_templates = Environment(loader=FileSystemLoader(_HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True)
_SHOWN = 100
_PREVIEW_CHARACTERS = 60
_VIEWS = {"wecom": "WeCom", "wechat": "Personal WeChat", "preview": "Chat list"}
# What personal WeChat shows in place of a type that it does not know.
_NOT_SUPPORTED = "暂不支持此消息类型，请在企业微信中查看"
_WECHAT_TYPES = frozenset({"text", "news"})


@dataclass(frozen=True, slots=True)
class Page:
    """Makes the page from what the groups hold; it needs no script."""

    groups: Groups

    def routes(self) -> list[web.RouteDef]:
        """The page and its style."""
        return [web.get("/", self.shown), web.get("/page.css", self.style)]

    async def style(self, _request: web.Request) -> web.StreamResponse:
        """The style sheet."""
        return web.Response(text=_STYLE, content_type="text/css", headers=_HEADERS)

    async def shown(self, request: web.Request) -> web.StreamResponse:
        """`?robot=KEY` chooses a group, `&view=wechat` or `preview` how one looks at it, `&every=2` renews it."""
        groups = sorted(self.groups.all(), key=lambda group: group.key)
        key = request.query.get("robot") or (groups[0].key if groups else "")
        view = request.query.get("view", "wecom")
        view = view if view in _VIEWS else "wecom"
        every = request.query.get("every", "")
        chosen = self.groups.look(key) if key else None
        html = _templates.get_template("page.html").render(
            groups=groups,
            chosen=chosen,
            bubbles=_bubbles(chosen, view) if chosen else [],
            view=view,
            views=_VIEWS,
            every=int(every) if every in {"2", "5"} else 0,
            link=_link,
        )
        return web.Response(text=html, content_type="text/html", headers=_HEADERS)


def _link(robot: str, view: str, every: int) -> str:
    return "/?" + urlencode({"robot": robot, "view": view, **({"every": every} if every else {})})


def _bubbles(group: Group, view: str) -> list[dict[str, object]]:
    last = list(group.messages)[-_SHOWN:]
    return [_bubble(at, taken, view) for at, taken in last]


def _bubble(at: float, taken: Taken, view: str) -> dict[str, object]:
    message = seen(at, taken)
    return {
        "clock": f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}",
        "message": message,
        "body": _body(taken, view),
        "alerted": message.mentions,
    }


def _body(taken: Taken, view: str) -> Markup:
    if view == "preview":
        # The chat list renders no markup: it shows the raw text on one line.
        return Markup("<p>{}</p>").format(" ".join(taken.content.split())[:_PREVIEW_CHARACTERS])
    if view == "wechat" and taken.msgtype not in _WECHAT_TYPES:
        return Markup('<p class="unsupported">{}</p>').format(_NOT_SUPPORTED)
    match taken.msgtype:
        case "markdown":
            return Markup("").join(_line(line) for line in dialect.lines(taken.content))
        case "markdown_v2":
            return Markup("").join(_line(line) for line in dialect.lines(taken.content, own=False))
        case "text":
            return _plain(taken)
        case _:
            return Markup("<pre>{}</pre>").format(taken.content)


def _plain(taken: Taken) -> Markup:
    said = Markup(" ").join(Markup('<b class="at">@{}</b>').format(one.removeprefix("@")) for one in taken.mentioned)
    lines = Markup("").join(Markup("<p>{}</p>").format(line) for line in taken.content.split("\n"))
    return lines + (Markup("<p>{}</p>").format(said) if said else Markup(""))


def _line(line: Line) -> Markup:
    inside = Markup("".join(_html(node) for node in line.inside))  # noqa: S704 - every leaf is escaped in _html
    match line.kind:
        case "heading":
            return Markup('<p class="h h{}">{}</p>').format(line.level, inside)
        case "quote":
            return Markup("<blockquote>{}</blockquote>").format(inside)
        case "plain":
            return Markup("<p>{}</p>").format(inside)
        case _:
            assert_never(line.kind)


def _html(node: Inline) -> str:
    match node:
        case Plain():
            return escape(node.text)
        case Code():
            return f"<code>{escape(node.text)}</code>"
        case Bold():
            return f"<strong>{_all(node.inside)}</strong>"
        case Link():
            address = escape(node.url)
            return f'<a href="{address}" rel="noopener noreferrer nofollow" target="_blank">{_all(node.inside)}</a>'
        case Colour():
            return f'<span class="md-{node.name}">{_all(node.inside)}</span>'
        case Mention():
            return f'<b class="at">@{escape(node.user_id)}</b>'
        case _:
            assert_never(node)


def _all(nodes: tuple[Inline, ...]) -> str:
    return "".join(_html(node) for node in nodes)
