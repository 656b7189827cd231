"""The secret keys: given, or made in the data folder."""

import base64
import binascii
import os
import secrets
from pathlib import Path

from shipbell.domain.errors import BadSettings, Unusable
from shipbell.domain.secret import Secret
from shipbell.settings.values import Settings

FILE = "secret.key"
_BYTES = 32
_MODE = 0o600


def secret_keys(settings: Settings) -> tuple[Secret, ...]:
    """The keys, newest first; on SQLite one is made with mode 0600 when there is none."""
    if settings.secret_key is not None:
        return parsed(settings.secret_key.reveal(), "SHIPBELL_SECRET_KEY")
    if settings.database_url is not None and not settings.database_url.reveal().startswith("sqlite"):
        raise BadSettings("SHIPBELL_SECRET_KEY is needed with this database: url-safe base64 of 32 bytes.")
    path = settings.data / FILE
    try:
        if not path.exists():
            _make(path)
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(
            f"{path} cannot be read or written ({type(error).__name__}): check the folder's owner."
        ) from error
    return parsed(text.strip(), str(path))


def parsed(text: str, name: str) -> tuple[Secret, ...]:
    """Keys from text; raises BadSettings."""
    keys: list[Secret] = []
    for part in text.split(","):
        if not part.strip():
            continue
        try:
            key = base64.urlsafe_b64decode(part.strip() + "=" * (-len(part.strip()) % 4))
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != _BYTES:
            raise BadSettings(f"{name} must be url-safe base64 of {_BYTES} bytes; several are separated by commas.")
        # Written anew, so that a key is the same with padding and without.
        keys.append(Secret(base64.urlsafe_b64encode(key).decode()))
    if not keys:
        raise BadSettings(f"{name} is empty.")
    return tuple(keys)


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_key(path, Secret(base64.urlsafe_b64encode(secrets.token_bytes(_BYTES)).decode()))


def write_key(path: Path, key: Secret) -> None:
    """Write a key with mode 0600; one that is there already stays."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as file:
        file.write(key.reveal() + "\n")
