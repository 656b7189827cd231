"""Time zones: a project is made with one, and every page names the zone of its times once."""

import re
from pathlib import Path

import pytest

from api_house import KEY
from console_house import TAB, console_house
from shipbell.domain.errors import BadSettings
from shipbell.settings import load

SHANGHAI = {"SHIPBELL_TIME_ZONE": "Asia/Shanghai"}


def chosen(page: str) -> str:
    """The zone that the form of a new project begins with."""
    form = page.partition('id="f-time_zone"')[2].partition("</select>")[0]
    found = re.search(r"<option selected>([^<]+)</option>", form)
    return found[1] if found else ""


async def test_a_new_project_has_the_zone_that_was_chosen_for_it(tmp_path: Path) -> None:
    async with console_house(tmp_path) as console:
        assert chosen((await console["root"].get("/admin/projects")).text) == "UTC"
        made = await console["root"].post("/admin/projects", {"key": "shop", "time_zone": "Asia/Tokyo"})
        assert made.status_code == 303
        broken = await console["root"].post("/admin/projects", {"key": "mill", "time_zone": "Asia/Nowhere"})
        assert broken.status_code == 422
        assert chosen(broken.text) == "Asia/Nowhere"
        whole = await console.house.parts.directory.whole("shop")
        assert whole is not None
        assert whole.project.time_zone == "Asia/Tokyo"


async def test_a_project_that_names_no_zone_has_that_of_the_settings(tmp_path: Path) -> None:
    async with console_house(tmp_path, **SHANGHAI) as console:
        assert chosen((await console["root"].get("/admin/projects")).text) == "Asia/Shanghai"
        await console["root"].post("/admin/projects", {"key": "shop"})
        await console.house.ask("POST", "/projects", {"key": "mill"}, who="root")
        for key in ("shop", "mill"):
            whole = await console.house.parts.directory.whole(key)
            assert whole is not None
            assert whole.project.time_zone == "Asia/Shanghai"


async def test_every_page_names_the_zone_of_its_times_once(tmp_path: Path) -> None:
    async with console_house(tmp_path, **SHANGHAI) as console:
        for path, zone in (
            ("/", "Asia/Shanghai"),
            ("/workspace", "Asia/Shanghai"),
            ("/account", "Asia/Shanghai"),
            ("/admin/users", "Asia/Shanghai"),
            (f"/projects/{KEY}", "UTC"),
            (f"/projects/{KEY}/deliveries", "UTC"),
            (f"/projects/{KEY}/settings/audit", "UTC"),
            (TAB, "UTC"),
        ):
            page = (await console["root"].get(path)).text
            assert page.count(f"Times are in {zone}.") == page.count("Times are in") == 1, path
        await console["alice"].post("/account/preferences", {"locale": "en", "time_zone": "Asia/Tokyo"})
        assert "Times are in Asia/Tokyo." in (await console["alice"].get(f"/projects/{KEY}")).text
        assert "Times are in" not in (await console.house.http.get("/sign-in")).text


def test_a_zone_that_does_not_exist_is_told_with_its_setting() -> None:
    with pytest.raises(BadSettings, match="SHIPBELL_TIME_ZONE must be a time zone such as Asia/Shanghai"):
        load({"SHIPBELL_TIME_ZONE": "Beijing"})
