"""The page that walks through the code names files and functions that are there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/explanation/life-of-an-event.md"
_ROW = re.compile(r"^\| `(src/[^`]+\.py)` \| `([^`]+)` \| [^|]+ \| [^|]+ \|$", re.MULTILINE)
_FILE = re.compile(r"^\| `src/", re.MULTILINE)


def defined(body: list[ast.stmt], within: str = "") -> Iterator[str]:
    """Every function and class of a module, methods as `Class.method`."""
    for one in body:
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield within + one.name
            if isinstance(one, ast.ClassDef):
                yield from defined(one.body, f"{one.name}.")


def test_every_row_of_the_page_names_a_file_and_its_function() -> None:
    text = PAGE.read_text("utf-8")
    assert len(_ROW.findall(text)) == len(_FILE.findall(text)) > 20


def test_every_function_of_the_page_is_in_the_file_beside_it() -> None:
    missing = [
        f"{path}: {name}"
        for path, name in _ROW.findall(PAGE.read_text("utf-8"))
        if not (ROOT / path).exists() or name not in set(defined(ast.parse((ROOT / path).read_text("utf-8")).body))
    ]
    assert missing == []
