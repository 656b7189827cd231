"""People in front of the console: a browser without scripts, as far as forms and links go."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import httpx

from api_house import FAR_URL, KEY, ROLES, SECRET, SYSTEM, House, house
from shipbell.domain.secret import Secret
from shipbell.ports.directory import PutSource, SourceRecord
from shipbell.web.sessions import COOKIE, CSRF_FIELD

TAB = f"/projects/{KEY}/settings/general/notifications/wecom"
Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who is signed in."""

    http: httpx.AsyncClient
    cookie: str
    csrf: str

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Open a page."""
        return await self.http.get(path, headers={"Accept": "text/html", "Cookie": self._cookie(), **headers})

    async def post(self, path: str, fields: Fields | Mapping[str, str] = (), **headers: str) -> httpx.Response:
        """Send a form with its token."""
        pairs = list(fields.items()) if isinstance(fields, Mapping) else list(fields)
        return await self.bare_post(path, [(CSRF_FIELD, self.csrf), *pairs], **headers)

    async def bare_post(self, path: str, fields: Fields, **headers: str) -> httpx.Response:
        """Send a form as it is."""
        content = str(httpx.QueryParams(list(fields))).encode()
        sent = {
            "Accept": "text/html",
            "Cookie": self._cookie(),
            "Content-Type": "application/x-www-form-urlencoded",
            **headers,
        }
        return await self.http.post(path, content=content, headers=sent)

    def _cookie(self) -> str:
        return f"{COOKIE}={self.cookie}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleHouse:
    """A house with the project `payments` and one person of each role, an outsider and the instance's administrator."""

    house: House
    people: Mapping[str, Person]

    def __getitem__(self, who: str) -> Person:
        """One of the people."""
        return self.people[who]


@asynccontextmanager
async def console_house(
    folder: Path, *, region: str = "ap-southeast-3", **settings: str
) -> AsyncIterator[ConsoleHouse]:
    """A console with people in front of it; `alice` administers, `bob` manages, `carol` develops, `dave` views."""
    async with house(folder, **settings) as made:
        roles = {"alice": "administrator", "bob": "manager", "carol": "developer", "dave": "viewer"}
        for who in (*roles, "mallory"):
            await made.parts.accounts.add_user(who, None, is_admin=False, by=SYSTEM)
        await made.project(KEY, {who: ROLES[role] for who, role in roles.items()}, region=region)
        source = SourceRecord(name="ci", kind="generic", secret=Secret(SECRET))
        await made.parts.directory.change([PutSource(project=KEY, source=source)], SYSTEM)
        people = {}
        for who in (*roles, "mallory", "root"):
            cookie, csrf = await made.sign_in(who)
            people[who] = Person(http=made.http, cookie=cookie, csrf=csrf)
        yield ConsoleHouse(house=made, people=people)


def wish(**changes: str | Sequence[str]) -> list[tuple[str, str]]:
    """The fields of a good form, with changes; a list stands for several ticks."""
    fields: dict[str, str | Sequence[str]] = {
        "name": "release group",
        "url": FAR_URL,
        "events": ["pipeline.run.failed", "check.task.completed"],
        "gate": "failed",
        "content.pipeline": ["pipeline_name", "trigger"],
        "content.check": ["check_result"],
        "user_ids": "zhang.san;li.si",
        "locale": "en",
        "format": "markdown",
        "enabled": "true",
        **changes,
    }
    return [(name, one) for name, value in fields.items() for one in ([value] if isinstance(value, str) else value)]


def field_of(page: str, name: str) -> str:
    """The value of an input on a page."""
    found = re.search(rf'<input[^>]* name="{re.escape(name)}" value="([^"]*)"', page)
    assert found is not None, name
    return unescape(found[1])


def ticked(page: str, name: str) -> set[str]:
    """The ticked values of check boxes or radios of a name."""
    boxes = re.findall(rf'<input type="(?:checkbox|radio)" name="{re.escape(name)}" value="([^"]*)" checked>', page)
    return {unescape(one) for one in boxes}


def text_of(page: str, element_id: str) -> str:
    """The text of a `pre` on a page."""
    found = re.search(rf'<pre[^>]* id="{element_id}"[^>]*><code>(.*?)</code></pre>', page, re.DOTALL)
    assert found is not None, element_id
    return unescape(found[1])
