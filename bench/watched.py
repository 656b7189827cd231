"""A server that writes down each kind of statement it runs, once: `watched.py FILE serve --port 0`."""

import sys
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine, event

from shipbell.cli import app
from shipbell.storage.database.prepared import Prepared


def watch(file: Path) -> None:
    """Write every statement that is new, with the number of its values, to a file of JSON lines."""
    seen: set[str] = set()
    written = file.open("ab", buffering=0)

    def note(statement: str, many: int) -> None:
        if statement not in seen:
            seen.add(statement)
            written.write(msgspec.json.encode([statement, many]) + b"\n")

    def told(
        _connection: object, _cursor: object, statement: str, values: object, _context: object, _many: object
    ) -> None:
        note(statement, len(values) if isinstance(values, tuple | list) else 0)

    plain = Prepared._for  # noqa: SLF001 - the driver gets these past SQLAlchemy's events

    def noted(prepared: Prepared, connection: Connection) -> object:
        compiled = plain(prepared, connection)
        note(compiled.sql, compiled.sql.count("?"))
        return compiled

    Prepared._for = noted  # type: ignore[method-assign, assignment]  # noqa: SLF001 - as above
    event.listen(Engine, "before_cursor_execute", told)


if __name__ == "__main__":
    watch(Path(sys.argv.pop(1)))
    app()
