"""The files of others are those that were published, with their licences beside them."""

import hashlib
import re
from pathlib import Path

CONSOLE = Path(__file__).parents[2] / "src" / "shipbell" / "web" / "console"
VENDOR = CONSOLE / "static" / "vendor"


def test_every_vendored_file_has_the_sum_that_is_noted() -> None:
    noted = dict(line.split("  ")[::-1] for line in (VENDOR / "SHA256SUMS").read_text("utf-8").splitlines())
    found = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in VENDOR.glob("*.js")}
    assert found == noted
    assert len(found) == 2


def test_every_vendored_file_has_its_licence_beside_it_and_is_named_in_the_table() -> None:
    told = (VENDOR / "README.md").read_text("utf-8")
    for one in VENDOR.glob("*.js"):
        licence = VENDOR / one.name.replace(".min.js", ".LICENSE.txt")
        assert "Permission to use, copy, modify" in licence.read_text("utf-8")
        assert f"`{one.name}`" in told


def test_pages_load_what_is_vendored_and_only_from_here() -> None:
    loaded = {
        found
        for template in CONSOLE.glob("*/templates/*.html")
        for found in re.findall(r"<script[^>]* src=\"([^\"]*)\"", template.read_text("utf-8"))
    }
    assert {one for one in loaded if not one.startswith("/static/")} == set()
    assert {one.rpartition("/")[2] for one in loaded if "/vendor/" in one} == {one.name for one in VENDOR.glob("*.js")}


def test_htmx_neither_evaluates_nor_styles_nor_keeps_pages() -> None:
    (told,) = re.findall(
        r"name=\"htmx-config\" content='([^']*)'", (CONSOLE / "frame" / "templates" / "_live.html").read_text()
    )
    for wanted in (
        '"allowEval":false',
        '"includeIndicatorStyles":false',
        '"allowScriptTags":false',
        '"historyEnabled":false',
    ):
        assert wanted in told
