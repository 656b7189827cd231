"""Somebody who follows every link of the console and reads every form on the way."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

from console_house import Person

_ID = re.compile(r"\b[a-z]{3}_[0-9a-hjkmnp-tv-z]{6,}\b")
_VOID = {"area", "br", "hr", "img", "input", "link", "meta", "path", "rect", "circle", "line", "polyline", "use"}
_SAID = ("aria-label", "placeholder", "title", "alt", "data-label")


@dataclass(slots=True, kw_only=True)
class SeenForm:
    """A form: where it goes, and its fields as a browser would send them."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class SeenPage:
    """A page as it was read."""

    path: str
    status: int
    headers: Mapping[str, str]
    html: str
    links: list[str] = field(default_factory=list)
    forms: list[SeenForm] = field(default_factory=list)
    # Each text with the elements around it, outermost first, each as `tag.class#id`.
    texts: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    # What came in as markup that no template of ours holds.
    foreign: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, page: SeenPage) -> None:
        super().__init__()
        self.page = page
        self.around: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        self._suspect(tag, facts)
        place = f"{tag}.{facts.get('class', '')}#{facts.get('id', '')}[{facts.get('lang', '')}]"
        for name in _SAID:
            if facts.get(name):
                self.page.texts.append((facts[name], (*self.around, place)))
        if tag == "a" and facts.get("href", "").startswith("/"):
            self.page.links.append(facts["href"])
        if tag == "form":
            self.page.forms.append(SeenForm(action=facts["action"], method=facts.get("method", "get")))
        if tag in {"input", "select", "textarea", "button"} and facts.get("name") and self.page.forms:
            self._field(tag, facts)
        if tag not in _VOID:
            self.tags.append(tag)
            self.around.append(place)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.tags:
            while self.tags.pop() != tag:
                self.around.pop()
            self.around.pop()

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.page.texts.append((data.strip(), tuple(self.around)))

    def _field(self, tag: str, facts: Mapping[str, str]) -> None:
        kept = self.page.forms[-1].fields.setdefault(facts["name"], [])
        loose = facts.get("type") in {"checkbox", "radio"} and "checked" not in facts
        if tag == "input" and not loose:
            kept.append(facts.get("value", ""))

    def _suspect(self, tag: str, facts: Mapping[str, str]) -> None:
        inside = tag in {"style", "zq"} or (tag == "script" and not facts.get("src", "").startswith("/static/"))
        handlers = [name for name in facts if name.startswith("on") or name == "style"]
        ways = [facts[name] for name in ("href", "action", "formaction", "src") if name in facts]
        if inside or handlers or any(not one.startswith(("/", "#", "http://", "https://")) for one in ways):
            self.page.foreign.append(f"<{tag} {facts}>")


def read(path: str, status: int, headers: Mapping[str, str], html: str) -> SeenPage:
    """The page as a browser reads it."""
    page = SeenPage(path=path, status=status, headers=headers, html=html)
    reader = _Reader(page)
    reader.feed(html)
    reader.close()
    return page


async def opened(person: Person, path: str, **headers: str) -> SeenPage:
    """Open one page."""
    reply = await person.get(path, **headers)
    return read(path, reply.status_code, reply.headers, reply.text)


async def sent(person: Person, path: str, fields: Sequence[tuple[str, str]]) -> SeenPage:
    """Send a form."""
    reply = await person.post(path, fields)
    return read(path, reply.status_code, reply.headers, reply.text)


async def crawled(person: Person, start: Sequence[str] = ("/",), **headers: str) -> list[SeenPage]:
    """Every page that links lead to, one of each kind: the same path but for ids, with the same names in its query."""
    waiting, known, pages = list(start), set(map(kind_of, start)), []
    while waiting:
        page = await opened(person, waiting.pop(0), **headers)
        pages.append(page)
        for link in [*page.links, *_searches(page)]:
            if (kind := kind_of(link)) not in known and not link.startswith("/static/"):
                known.add(kind)
                waiting.append(link)
    return pages


def kind_of(link: str) -> str:
    """What a link has in common with those to other things of its kind."""
    parts = urlsplit(link)
    names = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)} - {"lang"})
    return f"{_ID.sub('…', parts.path)}?{'&'.join(names)}"


def _searches(page: SeenPage) -> Iterator[str]:
    for form in page.forms:
        if form.method == "get":
            yield form.action
