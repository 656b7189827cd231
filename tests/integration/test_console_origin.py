"""Where a form may come from: our own host or the public URL; else page and log say what differs."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from console_house import Person, console_house, field_of
from shipbell.web.sessions import CSRF_FIELD

PUBLIC = "https://127.0.0.1:8443"
PASSWORD = "correct-horse-battery"
PREFERENCES = {"locale": "en", "time_zone": ""}


async def saved(person: Person, origin: str) -> int:
    """The status of a form that comes from an origin."""
    return (await person.post("/account/preferences", PREFERENCES, Origin=origin)).status_code


async def test_a_form_of_the_public_url_is_taken_behind_a_proxy_that_changes_the_host(tmp_path: Path) -> None:
    async with console_house(tmp_path, SHIPBELL_PUBLIC_URL=PUBLIC) as console:
        http, alice = console.house.http, console["alice"]
        assert await saved(alice, PUBLIC) == 303
        assert await saved(alice, "http://shipbell.test") == 303
        http.cookies.clear()
        token = field_of((await http.get("/sign-in")).text, CSRF_FIELD)
        fields = {CSRF_FIELD: token, "username": "nobody", "password": "x"}
        headers = {"Origin": PUBLIC, "Cookie": f"shipbell_form={token}"}
        assert (await http.post("/sign-in", data=fields, headers=headers)).status_code == 401


async def test_the_port_that_a_scheme_has_anyway_makes_no_difference(tmp_path: Path) -> None:
    async with console_house(tmp_path, SHIPBELL_PUBLIC_URL="https://bell.example:443/ship") as console:
        assert await saved(console["alice"], "https://bell.example") == 303


@pytest.mark.parametrize("origin", ["https://evil.example", "https://127.0.0.1", "http://127.0.0.1:8443", "http://["])
async def test_a_form_of_another_address_is_refused_with_its_own_code(tmp_path: Path, origin: str) -> None:
    async with console_house(tmp_path, SHIPBELL_PUBLIC_URL=PUBLIC) as console:
        with capture_logs() as lines:
            reply = await console["alice"].post("/account/preferences", PREFERENCES, Origin=origin)
        assert reply.status_code == 403
        assert "SHIPBELL_PUBLIC_URL" in reply.text
        refused = next(one for one in lines if one["event"] == "form.refused")
        assert refused["why"] == f"Origin {origin} is not Host shipbell.test"
        assert next(one for one in lines if one["event"] == "request.answered")["code"] == "foreign-origin"


async def test_a_sign_in_from_another_address_says_what_to_set(tmp_path: Path) -> None:
    async with console_house(tmp_path) as console:
        http = console.house.http
        with capture_logs() as lines:
            reply = await http.post("/sign-in", data={"username": "admin"}, headers={"Origin": "https://bell.example"})
            chinese = await http.post(
                "/sign-in?lang=zh-CN", data={"username": "x"}, headers={"Origin": "https://bell.example"}
            )
        assert reply.status_code == 403
        assert "https://bell.example" in reply.text
        assert "SHIPBELL_PUBLIC_URL" in reply.text
        assert "浏览器从 https://bell.example 提交了此表单" in chinese.text
        assert next(one for one in lines if one["event"] == "request.answered")["code"] == "foreign-origin"
