"""Run a command: settings, parts, and every error as a sentence with an exit code."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

import typer
import uvloop

from shipbell.assemble import Parts, assembled, database_path
from shipbell.domain.errors import BadInput, DatabaseUnusable, InvalidValue, ShipbellError, Unusable
from shipbell.domain.ids import Prefix, decode
from shipbell.domain.text import clean
from shipbell.ports.directory import By
from shipbell.settings import Settings, load

T = TypeVar("T")

DONE, REFUSED, WRONG, UNUSABLE, INTERRUPTED = 0, 1, 2, 3, 130
BY = By(actor="command line", via="cli")


def settings() -> Settings:
    """The settings of this process; ends the command when they cannot be used."""
    try:
        return load(os.environ)
    except ShipbellError as error:
        fail(error)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end; ends the command with a sentence when it fails."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except ShipbellError as error:
        fail(error)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def with_parts(work: Callable[[Parts], Awaitable[T]], *, makes: bool = False) -> T:
    """Run `work` on the store of the settings; only with `makes` is a database made where there is none."""
    chosen = settings()

    async def inside() -> T:
        if not makes:
            _check_there(chosen)
        async with assembled(chosen) as parts:
            return await work(parts)

    return run(inside())


def _check_there(chosen: Settings) -> None:
    """Raise DatabaseUnusable where there is no database; what cannot be looked at is told when it is opened."""
    path = database_path(chosen)
    try:
        path.stat()
    except FileNotFoundError:
        raise DatabaseUnusable(
            f"There is no database in {path.parent.absolute()}: set SHIPBELL_DATA to the folder of the server"
            " (`shipbell serve`, `apply`, `migrate`, `restore` and `user add` make a new one)."
        ) from None
    except OSError:
        return


def number_of(prefix: Prefix, text: str, noun: str) -> int:
    """The number behind a public id; ends the command for what is none."""
    number = decode(prefix, text)
    if number is None:
        fail(BadInput(f"“{text}” is no {noun} id: one is {prefix.value}_ and 13 letters and digits after it."))
    return number


def fail(error: ShipbellError) -> NoReturn:
    """Say what is wrong and end the command."""
    tell(error)
    raise typer.Exit(code_of(error)) from None


def tell(error: ShipbellError) -> None:
    """Say what is wrong, with the fields at fault where there are some."""
    if isinstance(error, InvalidValue):
        for one in error.problems:
            say(clean(f"{one.field}: {one.message} [{one.code}]"))
    else:
        say(clean(f"{error.sentence} [{error.code}]"))


def code_of(error: ShipbellError) -> int:
    """The exit code of an error."""
    if isinstance(error, Unusable):
        return UNUSABLE
    return WRONG if isinstance(error, BadInput) else REFUSED


def say(text: str) -> None:
    """Tell people something, on stderr; where nobody can hear it, the exit code speaks."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - a command speaks
