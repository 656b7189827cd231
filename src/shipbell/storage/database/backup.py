"""Back-up and restore of a SQLite store: one file, copied while the server works."""

import gzip
import os
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from shipbell.domain.errors import AlreadyServed, Conflict, DatabaseUnusable, InvalidFile
from shipbell.domain.secret import Secret
from shipbell.storage.database.server_lock import fingerprint_of, lock_for_serving

_DATABASE, _FINGERPRINT, _KEY = "shipbell.db", "key.fingerprint", "secret.key"
# What SQLite keeps beside a database: an old one would be written into the new.
_PARTS = ("-wal", "-journal", "-shm")
_PAGES = 4_096
_FOR_ITS_OWNER, _FOLDER_FOR_ITS_OWNER = 0o600, 0o700


def back_up(path: Path, target: Path, keys: Sequence[Secret], *, with_key: bool, force: bool = False) -> None:
    """Write the database, the fingerprint of its key and, if wished, the key itself into one tar file (0600).

    The file is there when it is whole and on the disk; an older one of that name stays until then, and is replaced
    only by `force`. Raises Conflict when something is in the way, InvalidFile when the file cannot be written,
    DatabaseUnusable when the database cannot be read.
    """
    _check_free(target, force=force)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            copy = Path(folder) / _DATABASE
            _copied(path, copy)
            (Path(folder) / _FINGERPRINT).write_text(fingerprint_of(keys) + "\n")
            if with_key:
                (Path(folder) / _KEY).write_text(",".join(key.reveal() for key in keys) + "\n")
            parts, whole = sorted(Path(folder).iterdir()), Path(folder) / "whole"
            handle = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FOR_ITS_OWNER)
            with os.fdopen(handle, "wb") as file:
                with tarfile.open(fileobj=file, mode="w:gz") as archive:
                    for one in parts:
                        archive.add(one, arcname=one.name, filter=_private)
                file.flush()
                os.fsync(file.fileno())
            whole.replace(target)
    except OSError as error:
        raise InvalidFile(f"{target} cannot be written ({type(error).__name__}).") from error
    except sqlite3.Error as error:
        raise DatabaseUnusable(f"{path} cannot be read: {error}.") from error


def _check_free(target: Path, *, force: bool) -> None:
    if target.is_dir() or not os.path.lexists(target):
        # Of a folder, the writing tells.
        return
    if not force:
        raise Conflict(f"{target} exists already: choose another name, or replace it with --force.")
    if not target.is_file():
        raise Conflict(f"{target} is no file that could be replaced: choose another name.")


def _private(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Whoever unpacks it by hand gets files for the owner alone, too."""
    member.mode = _FOR_ITS_OWNER
    return member


def _copied(path: Path, copy: Path) -> None:
    source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        target = sqlite3.connect(copy)
        try:
            source.backup(target, pages=_PAGES)
        finally:
            target.close()
    finally:
        source.close()


def restore(archive_path: Path, target: Path) -> tuple[str, Secret | None]:
    """Put a back-up where no database is yet; the fingerprint of its key, and the key if it came along.

    Raises Conflict when a database or a part of one is there already, or a server runs there; InvalidFile for a file
    that is no whole back-up; then nothing but the server's lock is left in the folder. Raises DatabaseUnusable when the
    folder cannot be written.
    """
    for one in (target, *(target.with_name(f"{target.name}{part}") for part in _PARTS)):
        if os.path.lexists(one):
            raise Conflict(f"{one} exists already: restore into an empty SHIPBELL_DATA.")
    try:
        file = archive_path.open("rb")
    except OSError as error:
        raise InvalidFile(f"{archive_path} cannot be read ({type(error).__name__}).") from error
    with file:
        try:
            target.parent.mkdir(mode=_FOLDER_FOR_ITS_OWNER, parents=True, exist_ok=True)
            with (
                _unserved(target.parent),
                tempfile.TemporaryDirectory(dir=target.parent) as spot,
                tarfile.open(fileobj=file, mode="r:gz") as archive,
            ):
                return _unpacked(archive, Path(spot), target)
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, UnicodeDecodeError) as error:
            raise InvalidFile(f"{archive_path} is no back-up of Shipbell, or only a part of one.") from error
        except OSError as error:
            raise DatabaseUnusable(f"{target.parent} cannot be written ({type(error).__name__}).") from error


@contextmanager
def _unserved(folder: Path) -> Iterator[None]:
    """Keep servers out; raises Conflict while one runs, even if the file that it writes to was moved away."""
    try:
        lock = lock_for_serving(folder, ())
    except AlreadyServed as error:
        raise Conflict(f"A server works on {folder}: stop it first, or restore into another SHIPBELL_DATA.") from error
    try:
        yield
    finally:
        lock.release()


def _unpacked(archive: tarfile.TarFile, spot: Path, target: Path) -> tuple[str, Secret | None]:
    """Unpack into `spot`, and put the whole database into its place."""
    names = set(archive.getnames())
    if not {_DATABASE, _FINGERPRINT} <= names <= {_DATABASE, _FINGERPRINT, _KEY}:
        raise tarfile.ReadError
    archive.extractall(spot, filter="data")
    found = (spot / _FINGERPRINT).read_text("utf-8").strip()
    key = (spot / _KEY).read_text("utf-8").strip() if _KEY in names else None
    (spot / _DATABASE).chmod(_FOR_ITS_OWNER)
    (spot / _DATABASE).replace(target)
    return found, Secret(key) if key else None
