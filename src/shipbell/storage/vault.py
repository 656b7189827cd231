"""The vault: secrets at rest, and the random key that names lanes."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Connection, select

from shipbell.domain.errors import WrongKey
from shipbell.domain.secret import Secret
from shipbell.storage.dialect import insert_new
from shipbell.storage.schema import vault

_DATA_KEY = "data-key"
_BYTES = 32
_WRONG = "The secret key does not open this database: give the key that it was made with in SHIPBELL_SECRET_KEY."


@dataclass(frozen=True, slots=True)
class Vault:
    """Encrypts under the newest secret key, decrypts under any."""

    keys: MultiFernet
    data_key: bytes

    @classmethod
    def open(cls, connection: Connection, secret_keys: Sequence[Secret]) -> Self:
        """Read the data key, or make it in a new database; raises WrongKey."""
        keys = MultiFernet([Fernet(key.reveal()) for key in secret_keys])
        wrapped = connection.execute(select(vault.c.value).where(vault.c.name == _DATA_KEY)).scalar()
        if wrapped is None:
            made = keys.encrypt(secrets.token_bytes(_BYTES))
            connection.execute(insert_new(connection, vault).values(name=_DATA_KEY, value=made))
            wrapped = connection.execute(select(vault.c.value).where(vault.c.name == _DATA_KEY)).scalar_one()
        try:
            return cls(keys, keys.decrypt(wrapped))
        except InvalidToken as error:
            raise WrongKey(_WRONG) from error

    def encrypt(self, secret: Secret) -> bytes:
        """Write a secret for the database."""
        return self.keys.encrypt(secret.reveal().encode())

    def decrypt(self, token: bytes) -> Secret:
        """Read a secret of the database; raises WrongKey."""
        return _decrypted(self.keys, token)

    def fingerprint(self, channel: str, lane: Secret) -> bytes:
        """Know a lane again without its address."""
        return hmac.new(self.data_key, f"{channel} {lane.reveal()}".encode(), hashlib.sha256).digest()

    def rotated(self, token: bytes) -> bytes:
        """The same secret under the newest key; raises WrongKey."""
        try:
            return self.keys.rotate(token)
        except InvalidToken as error:
            raise WrongKey(_WRONG) from error


@lru_cache(maxsize=16_384)
def _decrypted(keys: MultiFernet, token: bytes) -> Secret:
    """Decrypting costs more than sending: what was read once is remembered."""
    try:
        return Secret(keys.decrypt(token).decode())
    except InvalidToken as error:
        raise WrongKey(_WRONG) from error
