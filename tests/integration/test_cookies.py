"""Cookies are read plainly: nobody makes the server chew on one."""

import time
from pathlib import Path

import pytest
from starlette.requests import Request

from console_house import ConsoleHouse, console_house
from shipbell import web
from shipbell.web.cookies import cookie_of
from shipbell.web.sessions import COOKIE

# 60 kB of these took three seconds where they were unquoted, and milliseconds where they are not.
_CHEWY = 'a="' + '\\"' * 30_000 + '"'
_SOON_SECONDS = 1.0


def asking(*headers: str) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", one.encode("latin-1")) for one in headers]})


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("a=1", "1"),
        ("b=2; a=1", "1"),
        ("b=2;\ta=1 ;c", "1"),
        ("a=1; a=2", "1"),
        ("a=x=y==", "x=y=="),
        ('a="gAAA=="', "gAAA=="),
        ('a="', '"'),
        ("a=", ""),
        ("A=1; aa=2; b=a=3", None),
        ("a", None),
        ("", None),
        (f"a=1; b={'x' * 9_000}", None),
    ],
)
def test_a_cookie_is_what_the_browser_sent(header: str, value: str | None) -> None:
    assert cookie_of(asking(header), "a") == value


def test_a_cookie_may_stand_in_a_second_header() -> None:
    assert cookie_of(asking("b=1", "a=2"), "a") == "2"
    assert cookie_of(asking(), "a") is None


async def _answered(made: ConsoleHouse, path: str, cookie: str) -> tuple[int, float]:
    began = time.perf_counter()
    reply = await made["alice"].http.get(path, headers={"Accept": "text/html", "Cookie": cookie})
    return reply.status_code, time.perf_counter() - began


async def test_a_cookie_full_of_quotes_is_answered_as_fast_as_any(tmp_path: Path) -> None:
    async with console_house(tmp_path) as made:
        for path in ("/sign-in", "/", "/api/v1/projects"):
            status, seconds = await _answered(made, path, f"{COOKIE}=x; {_CHEWY}")
            assert status in {200, 303, 401}, path
            assert seconds < _SOON_SECONDS, path


def test_nobody_here_lets_a_cookie_be_unquoted() -> None:
    sources = Path(web.__file__).parent.rglob("*.py")
    assert [one.name for one in sources if "request.cookies" in one.read_text("utf-8")] == []
