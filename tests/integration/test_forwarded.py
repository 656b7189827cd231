"""How people and tools reach us through a proxy: the scheme and host of hook addresses, cookies and redirects."""

from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from api_house import KEY
from console_house import TAB, ConsoleHouse, console_house
from shipbell.web.forwarded import as_sent

TRUSTED = (ip_network("127.0.0.1/32"),)
BY_HTTPS = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "bell.example"}


@pytest.fixture
async def behind(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    async with console_house(tmp_path, SHIPBELL_TRUSTED_PROXIES="127.0.0.1/32") as made:
        yield made


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    async with console_house(tmp_path) as made:
        yield made


async def hook_of(console: ConsoleHouse) -> str:
    reply = await console.house.ask("GET", f"/projects/{KEY}/sources", headers=BY_HTTPS)
    hook: str = reply.json()["items"][0]["hook"]
    return hook


async def test_cookies_and_hook_addresses_are_https_when_a_trusted_proxy_says_so(behind: ConsoleHouse) -> None:
    http = behind.house.http
    assert "Secure" in (await http.get("/sign-in", headers=BY_HTTPS)).headers["set-cookie"]
    assert "Secure" not in (await http.get("/sign-in")).headers["set-cookie"]
    assert await hook_of(behind) == f"https://bell.example/hooks/{KEY}/ci"


async def test_nobody_else_is_believed(alone: ConsoleHouse) -> None:
    assert "Secure" not in (await alone.house.http.get("/sign-in", headers=BY_HTTPS)).headers["set-cookie"]
    assert await hook_of(alone) == f"http://shipbell.test/hooks/{KEY}/ci"


@pytest.mark.parametrize(
    ("headers", "scheme", "host"),
    [
        ([], "http", "inside"),
        ([("x-forwarded-proto", "https")], "https", "inside"),
        ([("x-forwarded-proto", "http, HTTPS")], "https", "inside"),
        ([("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")], "http", "inside"),
        ([("x-forwarded-proto", "javascript")], "http", "inside"),
        ([("x-forwarded-host", "evil.example, bell.example:8443")], "http", "bell.example:8443"),
        ([("x-forwarded-host", "[2001:db8::1]:8443")], "http", "[2001:db8::1]:8443"),
        ([("x-forwarded-host", "a b"), ("x-forwarded-proto", "")], "http", "inside"),
        ([("x-forwarded-host", "bell.example/path?#")], "http", "inside"),
    ],
)
def test_the_nearest_proxy_has_the_word(headers: list[tuple[str, str]], scheme: str, host: str) -> None:
    pairs = [(b"host", b"inside"), *((name.encode(), value.encode()) for name, value in headers)]
    scope = {"type": "http", "scheme": "http", "client": ("127.0.0.1", 1), "headers": pairs}
    seen = as_sent(scope, TRUSTED)
    assert (seen["scheme"], dict(seen["headers"])[b"host"]) == (scheme, host.encode())
    assert as_sent({**scope, "client": ("203.0.113.9", 1)}, TRUSTED)["scheme"] == "http"


async def test_a_slash_too_many_leads_to_the_page_without_naming_a_host(alone: ConsoleHouse) -> None:
    reply = await alone["alice"].get(f"{TAB}/?lang=en", Host="evil.example")
    assert (reply.status_code, reply.headers["location"]) == (303, f"{TAB}?lang=en")
    assert (await alone["alice"].get("/nothing/")).status_code == 404
