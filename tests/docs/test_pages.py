"""What the pages say can be found, and what can be used stands in the pages."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

import reference
from shipbell.channels import REGISTRY as CHANNELS
from shipbell.cli import app
from shipbell.domain.catalog import EVENT_TYPES, SERVICES
from shipbell.settings import SETTINGS
from shipbell.sources import REGISTRY as SOURCES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "src").rglob("*.md")])
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"`(shipbell [a-z][^`]*)`")


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_link_leads_to_something_that_is_there(page: Path) -> None:
    broken = []
    for link in _LINK.findall(_FENCE.sub("", page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", [one for one in PAGES if one.is_relative_to(DOCS)], ids=shown)
def test_every_page_is_reached_from_the_index(page: Path) -> None:
    index = DOCS / "index.md"
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in _LINK.findall(index.read_text("utf-8"))}
    assert page == index or page in linked


def test_every_file_that_a_page_names_exists() -> None:
    named = re.compile(r"`((?:src|tests|tools|docs|requirements)/[\w./-]+)`")
    missing = [
        (shown(page), name)
        for page in PAGES
        for name in named.findall(page.read_text("utf-8"))
        if not (ROOT / name).exists() and "KIND" not in name
    ]
    assert missing == []


@pytest.mark.parametrize("name", sorted(reference.PAGES))
def test_a_reference_page_says_what_the_code_says(name: str) -> None:
    assert (reference.FOLDER / name).read_text("utf-8") == reference.PAGES[name](), "make docs writes it again"


def test_every_setting_stands_in_the_reference() -> None:
    page = (reference.FOLDER / "settings.md").read_text("utf-8")
    assert [one.name for one in SETTINGS if f"| `{one.name}` |" not in page] == []


def command_words() -> set[str]:
    root = typer.main.get_command(app)
    groups = {name: getattr(one, "commands", None) for name, one in getattr(root, "commands", {}).items()}
    return {f"{name} {word}" for name, inner in groups.items() if inner for word in inner} | {
        name for name, inner in groups.items() if not inner
    }


def test_every_command_stands_in_the_reference() -> None:
    page = (reference.FOLDER / "cli.md").read_text("utf-8")
    assert [words for words in sorted(command_words()) if f"## shipbell {words}\n" not in page] == []


def test_every_error_code_stands_in_the_reference() -> None:
    page = (reference.FOLDER / "errors.md").read_text("utf-8")
    codes = {one.code for one in reference.error_classes()} | set(reference.rule_codes())
    assert len(codes) > len(reference.rule_codes()) > 0
    assert [code for code in sorted(codes) if f"| `{code}` |" not in page] == []


def test_every_event_type_and_content_field_stands_in_the_reference() -> None:
    page = (reference.FOLDER / "events.md").read_text("utf-8")
    fields = {field for service in SERVICES.values() for field in service.field_ids}
    assert [one for one in [*EVENT_TYPES, *sorted(fields)] if f"| `{one}` |" not in page] == []


@pytest.mark.parametrize(("name", "kinds"), [("sources", SOURCES), ("channels", [one.about for one in CHANNELS])])
def test_every_source_and_channel_stands_in_the_reference(name: str, kinds: tuple[object, ...]) -> None:
    page = (reference.FOLDER / f"{name}.md").read_text("utf-8")
    assert [one for one in kinds if f"| `{getattr(one, 'kind', one)}` |" not in page] == []


def told_commands(page: Path) -> Iterator[list[str]]:
    """The words of each `shipbell …` command of a page, in its sentences and its shell blocks."""
    text = page.read_text("utf-8")
    shell = [block.replace("\\\n", " ") for language, block in _FENCE.findall(text) if language in {"sh", "console"}]
    for told in [*_COMMAND.findall(_FENCE.sub("", text)), *shell]:
        for words in re.findall(r"(?<![\w./-])shipbell ([a-z][^|;&\n]*)", told):
            yield words.split()


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_a_page_tells_only_commands_and_options_that_exist(page: Path) -> None:
    root: object = typer.main.get_command(app)
    unknown = [" ".join(words) for words in told_commands(page) if not known(root, words)]
    assert unknown == []


def known(command: object, words: list[str]) -> bool:
    """Whether these words name a command and options of it."""
    inner: dict[str, object] = getattr(command, "commands", {})
    if inner and words and not words[0].startswith("-"):
        return words[0] in inner and known(inner[words[0]], words[1:])
    options = {option for one in getattr(command, "params", []) for option in one.opts} | {"--help"}
    return all(word.partition("=")[0] in options for word in words if word.startswith("--"))


def test_the_settings_that_pages_name_exist() -> None:
    names = {one.name for one in SETTINGS} | {f"{one.name}_FILE" for one in SETTINGS if one.from_file}
    told = {
        (shown(page), name)
        for page in PAGES
        for name in re.findall(r"\bSHIPBELL_[A-Z_]*[A-Z]\b", page.read_text("utf-8"))
    }
    assert {one for one in told if one[1] not in names | {"SHIPBELL_CONFIG"}} == set()


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert "\n## Unreleased\n" in text


def test_the_readme_tells_the_commands_that_the_menu_has() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    menu = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    told = set(re.findall(r"^make ([a-z]+)$", readme, re.MULTILINE))
    assert {"demo", "run", "test"} <= told <= menu
    assert re.search(r"exec make test\b", (ROOT / ".ci/run").read_text("utf-8"))
