"""The first steps of a newcomer: a project, a test with the simulator, and a sample that can be sent again."""

import re
from html import unescape
from pathlib import Path

import pytest

from api_house import KEY
from console_house import TAB, console_house, wish

README = Path(__file__).parents[2] / "README.md"
LOOPBACK = "http://127.0.0.1:9/cgi-bin/webhook/send?key=first-group"


async def test_a_new_project_is_followed_by_a_way_into_it(tmp_path: Path) -> None:
    async with console_house(tmp_path) as console:
        root = console["root"]
        made = await root.post("/admin/projects", {"key": "shop"})
        page = (await root.get(made.headers["location"])).text
        assert 'Open it: <a href="/projects/shop">shop</a>.' in page
        assert "/projects/nowhere" not in (await root.get("/admin/projects?done=created&new=nowhere")).text


async def test_a_test_of_an_address_that_is_not_allowed_says_so_once(tmp_path: Path) -> None:
    async with console_house(tmp_path, SHIPBELL_OUTBOUND_ALLOW="") as console:
        reply = await console["alice"].post(TAB, [*wish(url=LOOPBACK), ("action", "test")])
        assert reply.text.count("may not be called") == 1
        assert "SHIPBELL_OUTBOUND_ALLOW" in reply.text


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("kind", ["generic", "cloudevents"])
async def test_a_sample_call_has_a_fresh_id_each_time(tmp_path: Path, kind: str, language: str) -> None:
    async with console_house(tmp_path) as console:
        fields = {"kind": kind, "name": "fresh"}
        page = unescape((await console["alice"].post(f"/projects/{KEY}/sources/new?lang={language}", fields)).text)
        call = re.search(r"curl -sS.*?-d '.*?</", page, re.DOTALL)
        assert call is not None
        assert re.search(r"""\"id": "[a-z-]*'\$\(date \+%s\)'\"""", call[0])


def test_the_readme_says_how_to_try_with_the_simulator() -> None:
    readme = README.read_text("utf-8")
    assert "SHIPBELL_OUTBOUND_ALLOW=127.0.0.0/8 make run" in readme
    assert "shipbell robot" in readme
