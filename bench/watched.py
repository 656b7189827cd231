"""A server that writes down each kind of statement it runs, once: `watched.py FILE serve --port 0`."""

import sys
from pathlib import Path

import msgspec
from sqlalchemy import Engine, event

from shipbell.cli import app


def watch(file: Path) -> None:
    """Write every statement that is new, with the number of its values, to a file of JSON lines."""
    seen: set[str] = set()
    written = file.open("ab", buffering=0)

    def note(
        _connection: object, _cursor: object, statement: str, values: object, _context: object, _many: object
    ) -> None:
        if statement not in seen:
            seen.add(statement)
            many = len(values) if isinstance(values, tuple | list) else 0
            written.write(msgspec.json.encode([statement, many]) + b"\n")

    event.listen(Engine, "before_cursor_execute", note)


if __name__ == "__main__":
    watch(Path(sys.argv.pop(1)))
    app()
