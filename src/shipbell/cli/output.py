"""Results on stdout: tables for people, JSON for programs; no colour or wrapping off a terminal."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shipbell.domain.errors import NotPossible
from shipbell.domain.text import clean

_GAP = 2


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
    """A table; on a terminal it is drawn, elsewhere its columns are separated by tabs.

    Where a terminal is too narrow for the words of a row, each row is a list: no id is ever cut.
    """
    cells = [[_cell(one) for one in row] for row in rows]
    if not sys.stdout.isatty():
        for row in [list(heads), *cells]:
            put("\t".join(row))
        return
    console = Console()
    if sum(_longest_words([heads, *cells])) + _GAP * (len(heads) - 1) > console.width:
        _put_lists(heads, cells)
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP, 0, 0))
    for head, *column in zip(heads, *cells, strict=True):
        table.add_column(head, no_wrap=not any(" " in one for one in column))
    for row in cells:
        table.add_row(*map(escape, row))
    console.print(table)


def _longest_words(rows: Sequence[Sequence[str]]) -> list[int]:
    """The cells on the screen that each column wants at least."""
    return [max(cell_len(word) for one in column for word in one.split() or [""]) for column in zip(*rows, strict=True)]


def _put_lists(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Each row as a list of what is known of it, under its first cell."""
    width = max(map(len, heads))
    for first, *others in rows:
        put(first)
        for head, one in zip(heads[1:], others, strict=True):
            if one not in {"", "-"}:
                put(f"  {head.lower():{width}}  {one}")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return moment(value)
    return clean(str(value))


def moment(time: datetime | None) -> str:
    """A time as `2026-11-24T03:04:12Z`; `-` when unknown."""
    return "-" if time is None else time.strftime("%Y-%m-%dT%H:%M:%SZ")
