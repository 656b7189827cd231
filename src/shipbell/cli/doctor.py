"""`doctor`: looks at settings, folder, database, disk, clock, keys and the ways out, and says what to do."""

import asyncio
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from shipbell.assemble import check_channels, database_path
from shipbell.cli.check_outbound import ways_out
from shipbell.cli.check_sign_in import identity_provider
from shipbell.cli.checks import Check, Verdict, fault, fine, warn
from shipbell.cli.output import put_json, put_table
from shipbell.cli.running import REFUSED, run
from shipbell.clock import SystemClock
from shipbell.domain.errors import ShipbellError, WrongKey
from shipbell.domain.ids import milliseconds
from shipbell.domain.secret import Secret
from shipbell.settings import Settings, load
from shipbell.settings.keys import FILE, secret_keys
from shipbell.storage.database.engine import Database
from shipbell.storage.secrets.vault import Vault
from shipbell.storage.upkeep import health_checks

_LEAST_FREE = 256 * 1024 * 1024
_LITTLE_FREE = 1024 * 1024 * 1024
_AHEAD = timedelta(seconds=5)
_OTHERS = 0o077


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="doctor", short_help="Check everything, and say what to do.")(doctor)


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False) -> None:
    """Check settings, folder, database, disk, clock, keys, the ways out and sign-in, and say what to do."""
    checks = run(examined())
    if as_json:
        put_json([asdict(one) for one in checks])
    else:
        put_table(
            ["CHECK", "STATE", "FOUND", "WHAT TO DO"], [[one.check, one.state, one.found, one.cure] for one in checks]
        )
    if any(one.state is Verdict.FAULT for one in checks):
        raise typer.Exit(REFUSED)


async def examined() -> list[Check]:
    """Every check that can be made; one that fails keeps no other from being made, where it can be helped."""
    try:
        settings = load(os.environ)
        path = database_path(settings)
        check_channels(settings)
    except ShipbellError as error:
        return [fault("settings", error.sentence, "Mend the setting; docs/reference lists them all.")]
    checks = [fine("settings", "every setting can be used"), _folder(path.parent), _disk(path.parent), _clock()]
    robots: Sequence[Secret] = ()
    # What is in a folder that cannot be entered is not known, and not missing either.
    if os.access(path.parent, os.X_OK) or not _is_there(path.parent):
        found, robots = _inside(settings, path)
        checks += found
    outward = await asyncio.gather(ways_out(settings, (*robots, *_operator(settings))), identity_provider(settings))
    return checks + [one for lines in outward for one in lines]


def _inside(settings: Settings, path: Path) -> tuple[list[Check], Sequence[Secret]]:
    """What the data folder holds: the keys, and the database with its robots."""
    keys = _keys(settings, path)
    if not path.exists():
        return [keys.check, fine("database", f"{path} is not there yet: `shipbell serve` makes it")], ()
    found, robots = _database(path, keys.keys)
    return [keys.check, *found], robots


def _is_there(path: Path) -> bool:
    """Whether it can be seen from here; a folder on the way that is shut hides it."""
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises for what is hidden


def _operator(settings: Settings) -> tuple[Secret, ...]:
    return () if settings.operator_url is None else (settings.operator_url,)


def _folder(folder: Path) -> Check:
    cure = f"Give the user of this process a folder of its own there: mkdir -p {folder}, then chown it."
    present = next(one for one in (folder, *folder.absolute().parents) if _is_there(one))
    if not present.is_dir():
        return fault("data folder", f"{present} is no folder.", cure)
    if not os.access(present, os.R_OK | os.W_OK | os.X_OK):
        return fault("data folder", f"{present} cannot be read and written.", cure)
    return fine("data folder", f"{folder} can be written" if present == folder else f"{folder} can be made")


def _disk(folder: Path) -> Check:
    present = next(one for one in (folder, *folder.absolute().parents) if _is_there(one))
    free = shutil.disk_usage(present).free
    told = f"{free // (1024 * 1024):,} MiB are free"
    if free < _LEAST_FREE:
        return fault("disk", told, "Free some space, or move SHIPBELL_DATA: events are refused when it is full.")
    if free < _LITTLE_FREE:
        return warn("disk", told, "Free some space, or shorten SHIPBELL_RETENTION_DAYS.")
    return fine("disk", told)


def _clock() -> Check:
    now = SystemClock().now()
    if milliseconds(now) < 0:
        return fault("clock", f"It says {now:%Y-%m-%d %H:%M} UTC.", "Set the clock, and keep it by NTP.")
    return fine("clock", f"it says {now:%Y-%m-%d %H:%M:%S} UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    check: Check
    keys: tuple[Secret, ...] = ()


def _keys(settings: Settings, path: Path) -> _Keys:
    """The keys at hand; none is made here."""
    file = settings.data / FILE
    if settings.secret_key is None and not file.exists():
        if path.exists():
            cure = f"Put {FILE} back from a back-up, or give the key in SHIPBELL_SECRET_KEY."
            return _Keys(check=fault("keys", f"{path} is there, but {file}, its key, is not.", cure))
        return _Keys(check=fine("keys", f"{file} is not there yet: `shipbell serve` makes it"))
    try:
        keys = secret_keys(settings)
    except ShipbellError as error:
        return _Keys(check=fault("keys", error.sentence))
    if settings.secret_key is None and file.stat().st_mode & _OTHERS:
        return _Keys(check=warn("keys", f"{file} can be read by others.", f"chmod 600 {file}"), keys=keys)
    return _Keys(check=fine("keys", f"{len(keys)} at hand"), keys=keys)


def _database(path: Path, keys: Sequence[Secret]) -> tuple[list[Check], Sequence[Secret]]:
    """The database as it is; nothing is migrated or changed."""
    try:
        database = Database.open(path)
    except ShipbellError as error:
        return [fault("database", error.sentence)], ()
    try:
        return _looked_at(database, keys)
    except ShipbellError as error:
        return [fault("database", error.sentence)], ()
    finally:
        database.close()


def _looked_at(database: Database, keys: Sequence[Secret]) -> tuple[list[Check], Sequence[Secret]]:
    if not database.read_here(health_checks.schema_is_present):
        cure = "Run `shipbell migrate` with the version that you want to use."
        return [fault("database", "Its schema is of another version.", cure)], ()
    broken = database.read_here(health_checks.faults)
    if broken:
        cure = "Stop the server, keep the file, and restore the last back-up."
        return [fault("database", f"It is damaged: {'; '.join(broken)}", cure)], ()
    database.write_here(health_checks.touch)
    checks = [fine("database", f"{database.path} is whole, of this version, and can be written"), _newest(database)]
    if not keys:
        return checks, ()
    try:
        vault = database.read_here(lambda connection: Vault.open(connection, keys))
    except WrongKey as error:
        return [*checks, fault("keys", error.sentence)], ()
    secrets = database.read_here(lambda connection: health_checks.secrets(connection, vault))
    if secrets.shut:
        cure = "Add the key that they were written under to SHIPBELL_SECRET_KEY, after the newest."
        checks.append(fault("secrets", f"{secrets.shut} secrets cannot be opened.", cure))
    else:
        checks.append(fine("secrets", f"the keys open all {secrets.opened}"))
    return checks, secrets.robots


def _newest(database: Database) -> Check:
    newest_at, now = database.read_here(health_checks.newest_at), SystemClock().now()
    if newest_at is not None and newest_at > now + _AHEAD:
        told = f"The newest id is from {newest_at:%Y-%m-%d %H:%M:%S} UTC, which is still to come: the clock went back."
        return fault("clock", told, "Set the clock, and keep it by NTP; until then the order of events may suffer.")
    return fine("clock", "no id of the database is from the future")
