"""The command line: one file a noun."""

import errno
import os
import sys
from typing import Annotated

import typer

from shipbell import __version__
from shipbell.cli import (
    accounts,
    configured,
    deliveries,
    demo,
    doctor,
    event_list,
    events,
    files,
    operate,
    robots,
    serving,
    simulate,
    stdio,
)
from shipbell.cli.output import is_text, unwritten
from shipbell.cli.running import DONE, INTERRUPTED, REFUSED, WRONG, code_of, say, tell
from shipbell.cli.settings_help import epilog
from shipbell.domain.errors import BadInput, ShipbellError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
app = typer.Typer(
    name="shipbell",
    help="Tell a team's WeCom group what its CI/CD did.",
    epilog=epilog(),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:  # noqa: FBT001 - typer's own signature
    if asked:
        typer.echo(f"shipbell {__version__}")
        raise typer.Exit


@app.callback()
def _all(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """Tell a team's WeCom group what its CI/CD did."""


_COMMANDS = (serving, files, configured, accounts, events, event_list, deliveries, robots)
for _module in (*_COMMANDS, simulate, operate, doctor, demo):
    _module.register(app)


def main() -> None:
    """Run the command line; what nobody foresaw is told in a sentence, its inside only at log level debug."""
    stdio.opened()
    code = _code()
    lost = stdio.finished()
    if lost is not None:
        fault = unwritten(lost)
        tell(fault)
        code = code or code_of(fault)
    sys.exit(code)


def _code() -> int:
    """The exit code of the command."""
    try:
        app()
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            # Whoever read our output has had enough.
            return DONE
        return end.code if isinstance(end.code, int) else DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except ShipbellError as error:
        tell(error)
        return code_of(error)
    except Exception as error:
        if os.environ.get("SHIPBELL_LOG_LEVEL") == "debug":
            raise
        return _surprised(error)
    return DONE


def _surprised(error: Exception) -> int:
    """Bytes that are no text are a mistake of whoever gave them, a full disk is nobody's; anything else is ours."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        # A text of the command line itself: results are written by `put`.
        tell(unwritten(stdio.finished() or error))
        return REFUSED
    if not all(map(is_text, sys.argv)):
        tell(BadInput("The arguments are no text in UTF-8."))
        return WRONG
    say(f"Something in Shipbell is broken ({type(error).__name__}): SHIPBELL_LOG_LEVEL=debug shows where.")
    return REFUSED
