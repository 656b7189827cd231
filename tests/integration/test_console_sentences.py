"""What a rule says is told in the reader's language, whichever rule it is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import shipbell
from shipbell.domain.subscriptions import Locale
from shipbell.web.console.frame.words import Words

SOURCE = Path(shipbell.__file__).parent
# Where rules and refusals are said that a page shows as they are.
SAID_IN = (
    "domain/validation.py",
    "usecases/accounts.py",
    "usecases/validate.py",
    "usecases/manage.py",
    "usecases/manage_sources.py",
    "usecases/manage_subscriptions.py",
    "usecases/throttle.py",
    "storage/settings/accounts.py",
    "storage/settings/edit_rows.py",
    "web/console/frame/forms.py",
)
# These have pages of their own, with words of their own.
OWN_PAGES = {"NotFound", "Forbidden", "Unauthenticated"}
ZH = Words(language=Locale.ZH_CN, zone="Asia/Singapore")


def sentences(file: str) -> Iterator[str]:
    """Each sentence that a module can say, a word in the place of each value."""
    tree = ast.parse((SOURCE / file).read_text("utf-8"))
    passed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            passed |= {id(one) for one in node.values}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OWN_PAGES:
            passed |= {id(one) for one in node.args}
    for node in ast.walk(tree):
        said = None if id(node) in passed else literal(node)
        if said and " " in said and said.endswith("."):
            yield re.sub(r"\{\w+\}", "7", said)


def literal(node: ast.AST) -> str | None:
    """The text of a literal; None for anything else."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(str(one.value) if isinstance(one, ast.Constant) else "7" for one in parts)
        case _:
            return None


@pytest.mark.parametrize("file", SAID_IN)
def test_every_sentence_of_a_rule_is_told_in_chinese(file: str) -> None:
    said = list(sentences(file))
    assert said
    for one in said:
        told = ZH.told(one)
        assert re.search(r"[\u4e00-\u9fff]", told), one
        assert told.count("7") >= one.count("7"), one


def test_the_walk_sees_the_rules() -> None:
    assert len(list(sentences("domain/validation.py"))) > 20


def test_a_value_of_many_lines_is_told_as_well() -> None:
    assert ZH.told("The catalog has no event type “a\nb”.") == "没有事件类型“a\nb”。"
