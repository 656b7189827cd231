"""The reference pages are written from the code; with --check they are compared and nothing is written."""

import ast
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import typer
from prometheus_client.metrics import MetricWrapperBase

from reference_api import api_parts
from shipbell.channels import REGISTRY as CHANNELS
from shipbell.cli import app
from shipbell.cli.running import code_of
from shipbell.domain.catalog import GATES, REGIONS, SERVICES
from shipbell.domain.errors import InvalidValue, ShipbellError
from shipbell.domain.explanations import CAUSES
from shipbell.domain.subscriptions import Locale
from shipbell.settings import SETTINGS
from shipbell.settings.table import CONFIG
from shipbell.sources import REGISTRY as SOURCES
from shipbell.telemetry import Metrics
from shipbell.web.problems import status_of

ROOT = Path(__file__).parent.parent
SOURCE_TREE = ROOT / "src" / "shipbell"
FOLDER = ROOT / "docs" / "reference"
_MADE = "<!-- Written by `make docs` from the code; change the code instead. -->"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table."""
    lines = [list(heads), ["---"] * len(heads), *(list(row) for row in rows)]
    return ["| " + " | ".join(_cell(one) for one in line) + " |" for line in lines]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").strip()


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _page(title: str, *parts: Iterable[str]) -> str:
    lines = [f"# {title}", "", _MADE]
    for part in parts:
        lines += ["", *part]
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    """Every setting with its default."""
    rows = ((_code(one.name), _code(one.default), one.help, "yes" if one.from_file else "") for one in SETTINGS)
    return _page(
        "Settings",
        [
            f"Settings come from the environment, or from a TOML file that `{CONFIG}` names, with the same names in",
            "lower case. The environment wins. Where the last column says yes, the name with `_FILE` behind it may",
            "name a file that holds the value. A setting that cannot be used ends the command with exit code 3.",
        ],
        table(("Setting", "Default", "What it is", "`_FILE`"), rows),
    )


def _commands() -> Iterator[tuple[str, Any]]:
    """Every command with its words, the groups' own commands after their name."""
    root: Any = typer.main.get_command(app)
    for name, command in root.commands.items():
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name, command
        else:
            yield from ((f"{name} {word}", one) for word, one in inner.items())


def _parameter(one: Any) -> tuple[str, str, str]:  # noqa: ANN401 - typer's own classes are private
    if one.param_type_name == "argument":
        words = _code(one.metavar or one.name.upper())
    else:
        value = "" if one.is_flag else f" {one.metavar or one.name.upper()}"
        words = ", ".join(_code(f"{option}{value}") for option in (*one.opts, *one.secondary_opts))
    default = one.default
    if default is None or one.required or getattr(one, "is_flag", False):
        shown = "required" if one.required else ""
    else:
        shown = _code(str(default.value if isinstance(default, Enum) else default))
    return words, shown, one.help or ""


def cli_page() -> str:
    """Every command with its arguments and options."""
    parts: list[list[str]] = []
    for words, command in sorted(_commands(), key=lambda one: one[0]):
        parts.append([f"## shipbell {words}", "", (command.help or "").strip()])
        shown = [one for one in command.params if one.name != "help" and not getattr(one, "hidden", False)]
        if shown:
            parts.append(table(("Argument or option", "Default", "What it is"), map(_parameter, shown)))
    intro = [
        "Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 failed or refused (a port that",
        "is taken, too), 2 wrong usage or an invalid file, 3 settings, key or database unusable. `shipbell --version`",
        "shows the version.",
    ]
    return _page("Command line", intro, *parts)


def events_page() -> str:
    """The catalog: services, event types, content fields, gate choices and regions."""
    parts: list[list[str]] = []
    for service in SERVICES.values():
        parts.append([f"## {service.label.en} ({service.label.zh})", "", f"In files and requests: `{service.id}`."])
        parts.append(
            table(("Event type", "English", "中文"), ((_code(e.id), e.label.en, e.label.zh) for e in service.events))
        )
        parts.append(
            table(("Content field", "English", "中文"), ((_code(f.id), f.label.en, f.label.zh) for f in service.fields))
        )
    parts.append(["## Gate", "", "`gate` narrows `check.task.completed`."])
    parts.append(table(("Gate", "English", "中文"), ((_code(name), one.en, one.zh) for name, one in GATES.items())))
    parts.append(["## Regions", "", "Other codes are allowed, too."])
    parts.append(table(("Region", "English", "中文"), ((_code(name), one.en, one.zh) for name, one in REGIONS.items())))
    return _page("Event types and content fields", *parts)


def _first_line(readme: Path) -> str:
    return readme.read_text("utf-8").splitlines()[0].lstrip("# ").strip()


def _registry_page(title: str, intro: str, package: str, kinds: Iterable[str]) -> str:
    rows = []
    for kind in kinds:
        readme = SOURCE_TREE / package / kind / "README.md"
        rows.append((_code(kind), f"[{_first_line(readme)}](../../src/shipbell/{package}/{kind}/README.md)"))
    return _page(title, [intro], table(("Kind", "Page"), rows))


def sources_page() -> str:
    """Every kind of source with its own page."""
    intro = "A source is a configured sender. Its kind says which tool's calls it reads, and how its secret is checked."
    return _registry_page("Sources", intro, "sources", (one.kind for one in SOURCES))


def channels_page() -> str:
    """Every channel with its own page."""
    intro = "A channel is code for one chat system. A subscription names its channel and the URL of a robot there."
    return _registry_page("Channels", intro, "channels", (one.about.kind for one in CHANNELS))


def error_classes(root: type[ShipbellError] = ShipbellError) -> Iterator[type[ShipbellError]]:
    """The tree of errors, each before its children."""
    yield root
    for child in root.__subclasses__():
        yield from error_classes(child)


def _made(kind: type[ShipbellError]) -> ShipbellError:
    return kind([]) if issubclass(kind, InvalidValue) else kind("")


def rule_codes(tree: Path = SOURCE_TREE) -> dict[str, str]:
    """Codes of broken rules with a message each, read where the code notes them."""
    found: dict[str, str] = {}
    for path in sorted(tree.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for code, message in _noted(node):
                found.setdefault(code, message)
    return dict(sorted(found.items()))


def _noted(node: ast.AST) -> Iterator[tuple[str, str]]:
    """The code and message of `found.add(field, code, message)`, `Problem(…)` or `code, message = …`."""
    match node:
        case ast.Call(func=ast.Attribute(attr="add"), args=[_, ast.Constant(value=str(code)), said]):
            yield code, _said(said)
        case ast.Call(func=ast.Name(id="Problem"), keywords=keywords):
            given = {one.arg: one.value for one in keywords}
            match given.get("code"):
                case ast.Constant(value=str(code)):
                    yield code, _said(given["message"])
        case ast.Assign(
            targets=[ast.Tuple(elts=[ast.Name(id="code"), ast.Name(id="message")])],
            value=ast.Tuple(elts=[ast.Constant(value=str(code)), said]),
        ):
            yield code, _said(said)


def _said(message: ast.expr) -> str:
    match message:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(str(one.value) if isinstance(one, ast.Constant) else "…" for one in values)
        case _:
            return "…"


def errors_page() -> str:
    """Every error code, every code of a broken rule, and every cause of a delivery's end."""
    seen = [_made(one) for one in error_classes()]
    causes = {**CAUSES, **{code: told for one in CHANNELS for code, told in one.about.causes.known.items()}}
    return _page(
        "Errors",
        [
            "Errors have a sentence for people and a code for programs. Over HTTP they are problem documents (RFC",
            "9457); the command line writes the sentence with the code to stderr.",
        ],
        table(
            ("Code", "HTTP", "Exit", "What it says"),
            ((_code(one.code), str(status_of(one)), str(code_of(one)), _title(one)) for one in seen),
        ),
        [
            "## Broken rules",
            "",
            "`invalid-value` lists each broken rule with its field, one of these codes and a sentence.",
        ],
        table(("Code", "For example"), ((_code(code), said) for code, said in rule_codes().items())),
        [
            "## Causes",
            "",
            "Why an attempt or a delivery ended as it did, and what helps; other codes are the robot's own. A replay",
            "that is refused (409) has its cause as the code, such as `robot-closed`.",
        ],
        table(
            ("Code", "Cause", "Cure"),
            ((_code(code), cause.read(Locale.EN), cure.read(Locale.EN)) for code, (cause, cure) in causes.items()),
        ),
    )


def metrics_page() -> str:
    """The metrics that `/metrics` gives."""
    return _page(
        "Metrics",
        [
            "`GET /metrics` answers in the text format of Prometheus. Labels have values of closed sets alone: no",
            "project, no robot and no person is named.",
        ],
        table(
            ("Metric", "Kind", "Labels", "What it tells"),
            (_metric_row(one) for one in vars(Metrics()).values() if isinstance(one, MetricWrapperBase)),
        ),
    )


def _metric_row(one: MetricWrapperBase) -> tuple[str, ...]:
    [family] = one.describe()
    ending = "_total" if family.type == "counter" else ""
    labels = ", ".join(_code(label) for label in one._labelnames) or "-"  # noqa: SLF001 - told nowhere else
    return _code(f"{family.name}{ending}"), family.type, labels, family.documentation


def _title(error: ShipbellError) -> str:
    return (type(error).__doc__ or "").partition("\n")[0]


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "cli.md": cli_page,
    "events.md": events_page,
    "sources.md": sources_page,
    "channels.md": channels_page,
    "errors.md": errors_page,
    "metrics.md": metrics_page,
    "api.md": lambda: _page("REST API", *api_parts()),
}


def main(*, check: bool) -> int:
    """Write the pages, or name those that differ; 1 when one does."""
    differ = []
    for name, written in PAGES.items():
        path, text = FOLDER / name, written()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        differ.append(name)
        if not check:
            path.write_text(text, "utf-8")
    for name in differ:
        print(f"docs/reference/{name} " + ("is not what the code says: make docs" if check else "written"))
    return 1 if check and differ else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
