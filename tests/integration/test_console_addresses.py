"""What an address answers when it is asked wrongly, and what links repeat of it."""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest

from api_house import KEY
from console_house import TAB, ConsoleHouse, console_house
from shipbell.web.console.frame import page
from shipbell.web.console.frame.page import ASKED, known_address

CONSOLE = Path(page.__file__).parents[1]
READ = re.compile(
    r"query(?:_params)?\.get(?:list)?\(\s*\"(\w+)\"|\"(\w+)\" in (?:request\.)?query"
    r"|(?:_counted|_cursor)\(request, \"(\w+)\"|\btext\(\"(\w+)\"\)"
)


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    async with console_house(tmp_path) as made:
        yield made


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_a_wrong_method_at_a_probe_is_told_beside_the_console(console: ConsoleHouse, path: str) -> None:
    http = console.house.http
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "BREW"):
        reply = await http.request(method, path, headers={"Accept": "text/html"})
        assert (reply.status_code, reply.headers["Allow"]) == (405, "GET, HEAD"), method
        assert reply.json()["code"] == "wrong-method"
    assert (await http.head(path)).status_code == (await http.get(path)).status_code == 200


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/v1", "/api/v2/projects", "/hooks", "/hooks/", "/hooks/payments"]
)
async def test_an_unknown_address_of_programs_is_a_problem_whatever_they_accept(
    console: ConsoleHouse, path: str
) -> None:
    for method in ("GET", "POST"):
        reply = await console.house.http.request(method, path, headers={"Accept": "text/html"})
        assert (reply.status_code, reply.headers["content-type"]) == (404, "application/problem+json"), method
        assert reply.json()["code"] == "not-found"


async def test_a_wrong_method_of_the_api_or_a_hook_is_a_problem_with_the_right_ones(console: ConsoleHouse) -> None:
    http = console.house.http
    for method, path, allowed in (
        ("PUT", "/api/v1/projects", {"GET", "HEAD", "POST"}),
        ("POST", "/api/openapi.json", {"GET", "HEAD"}),
        ("GET", f"/hooks/{KEY}/ci", {"POST", "OPTIONS"}),
    ):
        reply = await http.request(method, path, headers={"Accept": "text/html"})
        assert (reply.status_code, reply.headers["content-type"]) == (405, "application/problem+json"), path
        assert set(reply.headers["Allow"].split(", ")) == allowed


async def test_a_wrong_method_at_a_page_is_a_page_that_says_so(console: ConsoleHouse) -> None:
    alice = console["alice"]
    for path, allowed in (
        (f"{TAB}/sub_x/switch", "POST"),
        ("/sign-out", "POST"),
    ):
        reply = await alice.get(path)
        assert (reply.status_code, reply.headers["Allow"]) == (405, allowed), path
        assert "There is nothing to read here" in reply.text
    both = await console.house.http.request("PUT", TAB, headers={"Accept": "text/html"})
    assert (both.status_code, both.headers["Allow"]) == (405, "GET, HEAD, POST")
    assert (await console.house.http.put("/static/console.css")).headers["Allow"] == "GET, HEAD"
    program = await console.house.http.request("PUT", TAB, headers={"Accept": "application/json"})
    assert program.json()["code"] == "wrong-method"


async def test_the_language_link_repeats_no_secret_of_the_address(console: ConsoleHouse) -> None:
    secrets = "&".join(f"{name}=s3cret" for name in ("password", "key", "token", "secret", "url", "unheard-of"))
    for who, path in (("alice", f"/projects/{KEY}/deliveries"), ("alice", TAB), ("alice", "/nothing")):
        page = (await console[who].get(f"{path}?state=dead&{secrets}&q=%E5%8F%91%E5%B8%83")).text
        assert "s3cret" not in page, path
        link = next(one for one in re.findall(r'href="([^"]*)"', page) if "lang=zh-CN" in one)
        assert unescape(link) == f"{path}?state=dead&q=%E5%8F%91%E5%B8%83&lang=zh-CN"
    console.house.http.cookies.clear()
    stranger = await console.house.http.get(f"{TAB}?new=&{secrets}", headers={"Accept": "text/html"})
    assert "s3cret" not in stranger.headers["location"]
    page = (await console.house.http.get(f"/sign-in?{secrets}&next=/workspace?{secrets.replace('&', '%26')}")).text
    link = next(one for one in re.findall(r'href="([^"]*)"', page) if "lang=zh-CN" in one)
    assert "s3cret" not in unescape(link)


async def test_who_sends_a_form_after_the_session_ended_is_led_back_to_its_page(console: ConsoleHouse) -> None:
    http = console.house.http
    http.cookies.clear()
    for path, way in ((TAB, f"/sign-in?next={quote(TAB, safe='')}"), (f"{TAB}/sub_x/switch", "/sign-in")):
        reply = await http.post(path, data={"name": "typed"}, headers={"Accept": "text/html"})
        assert (reply.status_code, reply.headers["location"]) == (303, way)


def test_what_pages_read_of_an_address_is_what_links_repeat() -> None:
    read = {
        name
        for file in CONSOLE.rglob("*.py")
        for found in READ.findall(file.read_text("utf-8"))
        for name in found
        if name
    }
    assert len(read) > 20
    assert read - {"text"} <= ASKED, read - ASKED
    assert known_address("/a", "lang=en&state=dead", lang="zh-CN") == "/a?state=dead&lang=zh-CN"
    assert known_address("/a", "password=x") == "/a"


@pytest.mark.parametrize("path", ["//evil.example/x", "///evil.example", "/%5Cevil.example/x", "/%2F%5C/evil.example"])
async def test_no_link_of_an_unknown_address_leads_to_another_host(console: ConsoleHouse, path: str) -> None:
    page = await console.house.http.get(f"http://shipbell.test{path}", headers={"Accept": "text/html"})
    assert page.status_code == 404
    links = [unescape(one) for one in re.findall(r'(?:href|action)="([^"]*)"', page.text)]
    assert any("evil.example" in one for one in links)
    assert not [one for one in links if re.match(r"[/\\]{2}|\w+:", one)]
