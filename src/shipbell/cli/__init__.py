"""The command line: one file a noun."""

import os
import sys
from typing import Annotated

import typer

from shipbell import __version__
from shipbell.cli import accounts, deliveries, demo, doctor, events, files, operate, serving, simulate
from shipbell.cli.epilog import epilog
from shipbell.cli.running import REFUSED, say

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


for _module in (serving, files, accounts, events, deliveries, simulate, operate, doctor, demo):
    _module.register(app)


def main() -> None:
    """Run the command line; what nobody foresaw is told in a sentence, its inside only at log level debug."""
    try:
        app()
    except Exception as error:
        if os.environ.get("SHIPBELL_LOG_LEVEL") == "debug":
            raise
        say(f"Something in Shipbell is broken ({type(error).__name__}): SHIPBELL_LOG_LEVEL=debug shows where.")
        sys.exit(REFUSED)
