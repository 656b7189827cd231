"""Every message that the console says, read from its templates and code."""

from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract

_CONSOLE = Path(__file__).parents[2] / "src" / "shipbell" / "web" / "console"
_KEYWORDS = {"t": None, "th": None, "en": None, "tn": (1, 2)}


def messages(folder: Path = _CONSOLE) -> Iterator[tuple[str, str]]:
    """Each message in English with the file that says it."""
    for method, pattern in (("jinja2.ext:babel_extract", "*/templates/*.html"), ("python", "**/*.py")):
        for file in sorted(folder.glob(pattern)):
            with file.open("rb") as opened:
                for _, found, _, _ in extract(method, opened, keywords=_KEYWORDS, options={"silent": "false"}):
                    yield (found if isinstance(found, str) else found[0]), file.name
