"""A house whose people come through a provider, as a browser would bring them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from api_house import House, house
from openid_provider import Provider, settings
from shipbell.storage.audit.chain import fault
from shipbell.web.sessions import COOKIE


@asynccontextmanager
async def openid_house(folder: Path, provider: Provider, **more: str) -> AsyncIterator[House]:
    """A house of this provider."""
    async with house(folder, **settings(provider, **more)) as made:
        yield made


async def went(house: House, next_page: str = "/workspace", *, lang: str | None = None) -> str:
    """Start a sign-in and let the provider answer: the address it sends the browser back to."""
    asked = {"next": next_page} | ({"lang": lang} if lang else {})
    start = await house.http.get("/sign-in/openid", params=asked)
    assert start.status_code == 303, start.text
    async with httpx.AsyncClient(timeout=60) as browser:
        answer = await browser.get(start.headers["location"])
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


async def came_back(house: House, next_page: str = "/workspace") -> httpx.Response:
    """A whole sign-in of a browser without a session: the last answer."""
    house.http.cookies.clear()
    return await house.http.get(await went(house, next_page))


def signed_in(reply: httpx.Response) -> bool:
    """Whether a session began."""
    return COOKIE in reply.cookies


def refusal(reply: httpx.Response) -> str | None:
    """Why a sign-in was refused, by its code."""
    assert not signed_in(reply)
    address = httpx.URL(reply.headers["location"])
    assert address.path == "/sign-in"
    code: str | None = address.params.get("openid")
    return code


async def audited(house: House) -> Sequence[tuple[str, str, str]]:
    """The audit log as action, target and actor; its chain holds."""
    assert await house.parts.opened.database.read(fault) is None
    reply = await house.ask("GET", "/audit?limit=200")
    return [(one["action"], one["target"], one["actor"]) for one in reversed(reply.json()["items"])]


async def turned_back(house: House) -> Sequence[tuple[str, int]]:
    """The sign-ins that failed, as the API tells them: account and number."""
    reply = await house.ask("GET", "/refused-sign-ins")
    return [(one["name"], one["count"]) for one in reply.json()["items"]]
