"""`backup`, `restore`, `audit` and `secrets`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from shipbell.assemble import Parts, database_path
from shipbell.cli.output import put
from shipbell.cli.running import BY, REFUSED, fail, say, settings, with_parts
from shipbell.domain.errors import ShipbellError, WrongKey
from shipbell.settings.keys import FILE, secret_keys, write_key
from shipbell.storage.audit import chain
from shipbell.storage.database.backup import back_up, restore
from shipbell.storage.database.server_lock import check_served, fingerprint_of
from shipbell.storage.secrets.rotation import SqlRotation
from shipbell.usecases.rotate import Rotate, Rotated

_audit = typer.Typer(no_args_is_help=True, help="The audit log.")
_secrets = typer.Typer(no_args_is_help=True, help="What is encrypted in the database.")
_ENTRIES = 500


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(name="backup")(backup_command)
    app.command(name="restore")(restore_command)
    app.add_typer(_audit, name="audit")
    app.add_typer(_secrets, name="secrets")


def backup_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the back-up goes (tar.gz).")],
    with_key: Annotated[bool, typer.Option("--with-key", help="Put the secret key in as well: keep it safe.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it is there already.")] = False,
) -> None:
    """Copy the database while the server works."""

    async def work(parts: Parts) -> None:
        back_up(parts.opened.database.path, file, parts.keys, with_key=with_key, force=force)

    with_parts(work)
    say(f"Backed up to {file}." + ("" if with_key else " Keep the secret key apart: without it, URLs stay shut."))


def restore_command(file: Annotated[Path, typer.Argument(metavar="FILE", help="A back-up.")]) -> None:
    """Put a back-up into an empty data folder."""
    chosen = settings()
    key_file = chosen.data / FILE
    try:
        path = database_path(chosen)
        fingerprint, key = restore(file, path)
        if key is not None and chosen.secret_key is None:
            chosen.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_key(key_file, key)
        # A key that is made up now would open nothing and stand in the way of the right one.
        keys = secret_keys(chosen) if chosen.secret_key is not None or key_file.exists() else ()
    except ShipbellError as error:
        fail(error)
    if fingerprint not in {fingerprint_of([one]) for one in keys}:
        fail(
            WrongKey(
                "Restored, but the secret key at hand cannot open it:"
                f" give the one it was made with in SHIPBELL_SECRET_KEY or in {key_file}."
            )
        )
    say(f"Restored into {path.parent}.")


@_audit.command("verify", short_help="Check that the audit log is whole.")
def verify() -> None:
    """Check that no entry of the audit log was changed, slipped in or taken out."""

    async def work(parts: Parts) -> chain.Fault | None:
        return await parts.opened.database.read(chain.fault)

    found = with_parts(work)
    if found is None:
        say("The audit log is whole.")
        return
    if found.missing:
        say(f"The audit log ends too early: entry {found.number} and what followed were taken out.")
    else:
        say(
            f"Entry {found.number} does not fit its place in the chain: it was changed, or one before it was taken out."
        )
    raise typer.Exit(REFUSED)


@_audit.command("export")
def export(
    project: Annotated[str | None, typer.Option(help="Only this project's key; left out = all entries.")] = None,
    actor: Annotated[str | None, typer.Option(metavar="NAME", help="Only what this user did.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this kind, such as subscription.updated.")] = None,
) -> None:
    """Write the audit log as JSON Lines, the oldest entry first."""

    async def work(parts: Parts) -> None:
        number = 0
        database, entries = parts.opened.database, chain.wanted(project=project, actor=actor, action=action)
        while rows := await database.read(partial(chain.entries_after, number=number, entries=entries, limit=_ENTRIES)):
            for row in rows:
                put(chain.as_json(row))
            number = rows[-1]["id"]

    with_parts(work)


@_secrets.command("rotate")
def rotate() -> None:
    """Write every secret of the database anew under the newest key.

    Put the new key before the old one in SHIPBELL_SECRET_KEY (new,old) or in the key file, restart the server, run
    this, then take the old key away.
    """

    async def work(parts: Parts) -> Rotated:
        check_served(parts.opened.database.path.parent, parts.keys[0])
        rotation = SqlRotation(parts.opened.database, parts.opened.vault, parts.keys, parts.clock)
        return await Rotate(rotation=rotation)(BY, progress=_progress)

    done = with_parts(work)
    say(f"{done.rewritten} of {done.seen} secrets were written anew; the others were under the newest key already.")


def _progress(done: int, total: int) -> None:
    say(f"{done} of {total} secrets looked at")
