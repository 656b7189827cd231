"""A command of the command line, run in this process: ten times as fast as one of its own."""

from collections.abc import Mapping

from typer.testing import CliRunner

from server import Ran
from shipbell.cli import app


def command(environ: Mapping[str, str], *words: str) -> Ran:
    """Run one command to its end; what nobody foresaw is raised."""
    done = CliRunner().invoke(app, words, env=dict(environ))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Ran(done.exit_code, done.stdout, done.stderr)
