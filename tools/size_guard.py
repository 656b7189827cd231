"""The size guard names every file and function that has outgrown the limits of CONTRIBUTING."""

import ast
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FILE_LINES, FILE_USUAL = 300, 200
FUNCTION_LINES, FUNCTION_USUAL = 50, 30
USUAL_SHARE = 0.9
BESIDE = ("tests", "tools", "bench")
FORBIDDEN_NAMES = frozenset({"utils", "common", "helpers", "core", "base", "manager"})

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """A file or function with its number of lines; `where` is what an editor can jump to."""

    what: str
    where: str
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one module holds."""

    file: Sized
    functions: tuple[Sized, ...]
    inner_imports: tuple[str, ...]


def measure(path: Path, shown: str) -> Measured:
    """Read one module; raises SyntaxError when it is none."""
    text = path.read_text("utf-8")
    functions = [node for node in ast.walk(ast.parse(text, shown)) if isinstance(node, FunctionNode)]
    return Measured(
        file=Sized(what="file", where=shown, lines=len(text.splitlines())),
        functions=tuple(
            Sized(
                what=f"function {one.name}",
                where=f"{shown}:{one.lineno}",
                lines=(one.end_lineno or one.lineno) - one.lineno + 1,
            )
            for one in functions
        ),
        inner_imports=tuple(
            f"{shown}:{line}: an import stands inside a function" for line in _inner_imports(functions)
        ),
    )


def _inner_imports(functions: Sequence[FunctionNode]) -> list[int]:
    nodes = (node for one in functions for node in ast.walk(one))
    return sorted({node.lineno for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)})


def too_long(found: Sequence[Sized], limit: int) -> list[str]:
    """A sentence for each one over the limit."""
    return [f"{one.where}: {one.what} has {one.lines} lines; {limit} are allowed" for one in found if one.lines > limit]


def too_often_long(found: Sequence[Sized], usual: int) -> list[str]:
    """A sentence, with the longest ones, when fewer than nine in ten stay within the usual size."""
    longer = sorted((one for one in found if one.lines > usual), key=lambda one: -one.lines)
    if not found or len(longer) <= len(found) * (1 - USUAL_SHARE) + 1e-9:
        return []
    named = ", ".join(f"{one.where} ({one.lines})" for one in longer[:10])
    kind = found[0].what.split()[0]
    return [f"{len(longer)} of {len(found)} {kind}s have more than {usual} lines; one in ten may: {named}"]


def forbidden(path: Path, shown: str) -> list[str]:
    """A sentence when a file or folder is named for nothing."""
    parts = {*path.parts[:-1], path.stem}
    return [
        f"{shown}: a module needs a name that says its role, not {part!r}" for part in sorted(parts & FORBIDDEN_NAMES)
    ]


def judge(root: Path) -> list[str]:
    """Everything under the root that breaks a limit, in sentences; src/ also by its functions and the usual sizes."""
    said: list[str] = []
    modules: list[Measured] = []
    for path in sorted((root / "src").rglob("*.py")):
        shown = path.relative_to(root)
        said += forbidden(shown, str(shown))
        modules.append(measure(path, str(shown)))
    files = [one.file for one in modules]
    functions = [function for one in modules for function in one.functions]
    beside = [path for folder in BESIDE for path in sorted((root / folder).rglob("*.py"))]
    others = [measure(path, str(path.relative_to(root))).file for path in beside]
    said += [sentence for one in modules for sentence in one.inner_imports]
    said += too_long([*files, *others], FILE_LINES) + too_long(functions, FUNCTION_LINES)
    return said + too_often_long(files, FILE_USUAL) + too_often_long(functions, FUNCTION_USUAL)


def main(root: Path) -> int:
    """Print what breaks a limit; 1 when anything does."""
    said = judge(root)
    for sentence in said:
        print(sentence)
    print("size guard: " + (f"{len(said)} to mend" if said else "every file and function is within its limits"))
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parent.parent))
