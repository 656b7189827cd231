"""The page about the settings file says what the code takes."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from apply_files import file_of, lines
from settings_store import Store, opened_store
from shipbell.usecases.validate import PROJECT_KEYS, SOURCE_KEYS, SUBSCRIPTION_KEYS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "file.md").read_text("utf-8")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened_store(tmp_path / "data") as made:
        yield made


async def test_the_example_of_the_page_can_be_applied(store: Store, tmp_path: Path) -> None:
    [example] = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert (await lines(store, file_of(tmp_path, example)))[-1] == "+ subscription payments/release group"


@pytest.mark.parametrize(
    ("section", "keys"),
    [
        ("The file", ("defaults", "projects")),
        ("A project", PROJECT_KEYS),
        ("A source", SOURCE_KEYS),
        ("A subscription", SUBSCRIPTION_KEYS),
    ],
)
def test_the_page_tells_every_key_and_no_other(section: str, keys: tuple[str, ...]) -> None:
    part = PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)) == keys
