"""`serve` and `migrate`."""

from enum import StrEnum
from typing import Annotated

import typer

from shipbell.cli.running import fail, run, say, settings, with_parts
from shipbell.cli.settings_help import epilog
from shipbell.domain.errors import BadSettings
from shipbell.serve import Address, serve


class ServeRole(StrEnum):
    """Which half of the server runs here."""

    ALL = "all"
    API = "api"
    WORKER = "worker"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(name="serve", epilog=epilog(), short_help="Run the server.")(serve_command)
    app.command(name="migrate")(migrate_command)


def serve_command(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 = a free one.")] = 8080,
    role: Annotated[ServeRole, typer.Option(help="Which half runs here; SQLite wants all.")] = ServeRole.ALL,
) -> None:
    """Take events in, bring them to the groups, and show the console."""
    chosen = settings()
    if role is not ServeRole.ALL:
        fail(BadSettings("On SQLite the role is all: one process does both."))
    run(serve(chosen, Address(host=host, port=port)))


def migrate_command() -> None:
    """Bring the database to the present schema; a new one is made."""
    with_parts(_nothing, makes=True)
    say("The database has the present schema.")


async def _nothing(_parts: object) -> None:
    """Opening the store has migrated it."""
