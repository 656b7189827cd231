"""Results on stdout: tables for people, JSON for programs; no colour or wrapping off a terminal."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shipbell.domain.errors import NotPossible
from shipbell.domain.text import clean


def put(text: str) -> None:
    """One line of result; raises NotPossible where it cannot be written."""
    try:
        print(text)  # noqa: T201 - a command speaks
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritten(error) from error


def unwritten(error: OSError) -> NotPossible:
    """Why a result did not reach whoever asked for it."""
    return NotPossible(f"The result cannot be written ({error.strerror}).")


def is_text(given: str) -> bool:
    """Whether what was given came as UTF-8; other bytes come as lone surrogates."""
    return not any("\ud800" <= sign <= "\udfff" for sign in given)


def put_json(value: object) -> None:
    """A result for programs."""
    put(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def put_table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; on a terminal it is drawn, elsewhere its columns are separated by tabs."""
    if not sys.stdout.isatty():
        put("\t".join(heads))
        for row in rows:
            put("\t".join(_cell(one) for one in row))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head)
    for row in rows:
        table.add_row(*(escape(_cell(one)) for one in row))
    Console().print(table)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return moment(value)
    return clean(str(value))


def moment(time: datetime | None) -> str:
    """A time as `2026-11-24T03:04:12Z`; `-` when unknown."""
    return "-" if time is None else time.strftime("%Y-%m-%dT%H:%M:%SZ")
