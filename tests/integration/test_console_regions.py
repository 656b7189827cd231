"""A region without a channel is known before a project stands in it, and on the project's overview."""

from pathlib import Path

from api_house import KEY
from console_house import console_house

TRAP = "cn-north-4"
SAID = "No group can be told in this region."


async def test_the_form_of_a_new_project_marks_regions_without_a_channel(tmp_path: Path) -> None:
    async with console_house(tmp_path) as console:
        page = (await console["root"].get("/admin/projects")).text
        marked = [line for line in page.split("<option") if "no group can be told here" in line]
        assert any(f'value="{TRAP}"' in line for line in marked)
        assert not any('value="ap-southeast-3"' in line for line in marked)


async def test_no_region_is_marked_where_the_channel_is_offered_everywhere(tmp_path: Path) -> None:
    async with console_house(tmp_path, SHIPBELL_CHANNEL_REGIONS="wecom=*") as console:
        assert "no group can be told here" not in (await console["root"].get("/admin/projects")).text


async def test_the_overview_of_a_project_without_a_channel_says_so(tmp_path: Path) -> None:
    async with console_house(tmp_path, region=TRAP) as console:
        page = (await console["alice"].get(f"/projects/{KEY}")).text
        assert SAID in page
        assert "SHIPBELL_CHANNEL_REGIONS" in page
        assert "No group is told yet." not in page
        assert "此区域不支持群通知" in (await console["alice"].get(f"/projects/{KEY}?lang=zh-CN")).text


async def test_the_overview_of_a_project_with_a_channel_does_not(tmp_path: Path) -> None:
    async with console_house(tmp_path) as console:
        page = (await console["alice"].get(f"/projects/{KEY}")).text
        assert SAID not in page
        assert "No group is told yet." in page
