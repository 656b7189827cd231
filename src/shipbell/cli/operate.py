"""`backup`, `restore` and `audit verify`."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from shipbell.assemble import Parts, database_path
from shipbell.cli.running import REFUSED, fail, say, settings, with_parts
from shipbell.domain.errors import ShipbellError, WrongKey
from shipbell.settings.keys import FILE, secret_keys, write_key
from shipbell.storage import audit
from shipbell.storage.copies import back_up, fingerprint_of, restore

_audit = typer.Typer(no_args_is_help=True, help="The audit log.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(name="backup")(backup_command)
    app.command(name="restore")(restore_command)
    app.add_typer(_audit, name="audit")


def backup_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the back-up goes (tar.gz).")],
    with_key: Annotated[bool, typer.Option("--with-key", help="Put the secret key in as well: keep it safe.")] = False,
) -> None:
    """Copy the database while the server works."""

    async def work(parts: Parts) -> None:
        back_up(parts.opened.database.path, file, parts.keys, with_key=with_key)

    with_parts(work)
    say(f"Backed up to {file}." + ("" if with_key else " Keep the secret key apart: without it, URLs stay shut."))


def restore_command(file: Annotated[Path, typer.Argument(metavar="FILE", help="A back-up.")]) -> None:
    """Put a back-up into an empty data folder."""
    chosen = settings()
    try:
        folder = database_path(chosen).parent
        fingerprint, key = restore(file, folder)
        if key is not None and chosen.secret_key is None:
            write_key(folder / FILE, key)
        keys = secret_keys(chosen)
    except ShipbellError as error:
        fail(error)
    if fingerprint not in {fingerprint_of([one]) for one in keys}:
        fail(
            WrongKey(
                "Restored, but the secret key at hand cannot open it: give the one it was made with in SHIPBELL_SECRET_KEY."
            )
        )
    say(f"Restored into {folder}.")


@_audit.command("verify")
def verify() -> None:
    """Check that no entry of the audit log was changed or taken out."""

    async def work(parts: Parts) -> int | None:
        def read(connection: Connection) -> int | None:
            return audit.broken_at(connection)

        return await parts.opened.database.read(read)

    broken = with_parts(work)
    if broken is None:
        say("The audit log is whole.")
        return
    say(f"Entry {broken} does not fit its place in the chain: it was changed, or one before it was taken out.")
    raise typer.Exit(REFUSED)
