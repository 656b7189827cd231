"""The one server of a SQLite database: what keeps a second one out, and which keys it opens secrets with."""

import fcntl
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shipbell.domain.errors import AlreadyServed, Conflict, DatabaseUnusable
from shipbell.domain.secret import Secret

_LOCK = "serve.lock"
_MOST_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class ServeLock:
    """The one server of a SQLite database; it ends with the process."""

    handle: int

    def release(self) -> None:
        """Let another server come."""
        os.close(self.handle)


def fingerprint_of(keys: Sequence[Secret]) -> str:
    """Know a key again without holding it: a hash of the newest one."""
    return hashlib.sha256(f"shipbell key {keys[0].reveal()}".encode()).hexdigest()[:32]


def lock_for_serving(folder: Path, keys: Sequence[Secret]) -> ServeLock:
    """Keep a second server out, and leave the fingerprints of these keys for `check_served`; raises AlreadyServed."""
    try:
        handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise AlreadyServed(
            f"Another server works on {folder} already: stop it, or give this one its own SHIPBELL_DATA."
        ) from error
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, "".join(f"{fingerprint_of([key])}\n" for key in keys).encode(), 0)
    except OSError as error:
        os.close(handle)
        raise _unwritable(folder, error) from error
    return ServeLock(handle)


def check_served(folder: Path, newest: Secret) -> None:
    """Raise Conflict while a server works that could not open what is written under this key."""
    try:
        handle = os.open(folder / _LOCK, os.O_RDONLY)
    except OSError:
        # No server was ever here, or not one that this user may know of.
        return
    try:
        known = os.read(handle, _MOST_BYTES).decode("ascii", "replace").split()
        # To ask for the lock keeps out a server that begins just now: only where its keys are others.
        if fingerprint_of([newest]) in known or not _is_held(handle):
            return
    finally:
        os.close(handle)
    raise Conflict(
        "The server that runs has no newest key of yours yet, and could not open what is written under it:"
        " start it again with the same keys first. Nothing was changed."
    )


def _is_held(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


def _unwritable(folder: Path, error: OSError) -> DatabaseUnusable:
    return DatabaseUnusable(f"{folder} cannot be written ({type(error).__name__}): check the folder's owner.")
