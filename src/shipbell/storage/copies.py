"""Back-up and restore of a SQLite store: one file, copied while the server works."""

import hashlib
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from shipbell.domain.errors import DatabaseUnusable, InvalidFile
from shipbell.domain.secret import Secret

_DATABASE, _FINGERPRINT, _KEY = "shipbell.db", "key.fingerprint", "secret.key"
_PAGES = 4_096


def fingerprint_of(keys: Sequence[Secret]) -> str:
    """Know a key again without holding it: a hash of the newest one."""
    return hashlib.sha256(f"shipbell key {keys[0].reveal()}".encode()).hexdigest()[:32]


def back_up(path: Path, target: Path, keys: Sequence[Secret], *, with_key: bool) -> None:
    """Write the database, the fingerprint of its key and, if wished, the key itself into one tar file (0600)."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        copy = Path(folder) / _DATABASE
        try:
            _copied(path, copy)
            (Path(folder) / _FINGERPRINT).write_text(fingerprint_of(keys) + "\n")
            if with_key:
                (Path(folder) / _KEY).write_text(",".join(key.reveal() for key in keys) + "\n")
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
                for one in sorted(Path(folder).iterdir()):
                    archive.add(one, arcname=one.name)
        except (OSError, sqlite3.Error) as error:
            raise DatabaseUnusable(f"{target} cannot be written: {error}.") from error


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


def restore(archive_path: Path, folder: Path) -> tuple[str, Secret | None]:
    """Put a back-up into an empty data folder; the fingerprint of its key, and the key if it came along."""
    target = folder / _DATABASE
    if target.exists():
        raise DatabaseUnusable(f"{target} exists already: restore into an empty SHIPBELL_DATA.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive_path, "r:gz") as archive:
            names = set(archive.getnames())
            if not {_DATABASE, _FINGERPRINT} <= names <= {_DATABASE, _FINGERPRINT, _KEY}:
                raise InvalidFile(f"{archive_path} is no back-up of Shipbell.")
            archive.extract(_DATABASE, folder, filter="data")
            found = (archive.extractfile(_FINGERPRINT) or _nothing()).read().decode().strip()
            key = archive.extractfile(_KEY).read().decode().strip() if _KEY in names else None  # type: ignore[union-attr]
    except (tarfile.TarError, EOFError) as error:
        raise InvalidFile(f"{archive_path} is no back-up of Shipbell.") from error
    except OSError as error:
        raise DatabaseUnusable(f"{archive_path} cannot be restored: {error}.") from error
    return found, Secret(key) if key else None


def _nothing() -> "tarfile.ExFileObject":
    raise InvalidFile("The back-up lacks the fingerprint of its key.")
