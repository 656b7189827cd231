"""The vault: secrets at rest, the random key that names lanes, and seals of what browsers carry."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, select

from shipbell.domain.errors import WrongKey
from shipbell.domain.secret import Secret
from shipbell.storage.database.dialect import insert_new
from shipbell.storage.tables.flow import vault

_DATA_KEY = "data-key"
_SEAL = "shipbell seal"
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

    def opened(self, token: bytes | None) -> Secret | None:
        """Read a secret of the database; None when there is none, or no key at hand opens it."""
        try:
            return None if token is None else _decrypted(self.keys, token)
        except WrongKey:
            return None

    def fingerprint(self, channel: str, lane: Secret) -> bytes:
        """Know a lane again without its address."""
        return hmac.new(self.data_key, f"{channel} {lane.reveal()}".encode(), hashlib.sha256).digest()

    def rotated(self, token: bytes) -> bytes:
        """The same secret under the newest key; raises WrongKey."""
        try:
            return self.keys.rotate(token)
        except InvalidToken as error:
            raise WrongKey(_WRONG) from error


@dataclass(frozen=True, slots=True)
class Seal:
    """Encrypts what a browser carries for one purpose: nothing sealed for another opens, nor a secret of the database.

    Strangers can choose what is sealed for them, so its keys are not those of the database.
    """

    keys: MultiFernet

    @classmethod
    def of(cls, purpose: str, secret_keys: Sequence[Secret]) -> Self:
        """Derive the keys of a purpose from the secret keys."""
        return cls(MultiFernet([Fernet(_derived(key, purpose)) for key in secret_keys]))

    def seal(self, secret: Secret) -> bytes:
        """Write what a browser is to carry."""
        return self.keys.encrypt(secret.reveal().encode())

    def unseal(self, token: bytes) -> Secret:
        """Read what a browser carried; raises WrongKey."""
        try:
            return Secret(self.keys.decrypt(token).decode())
        except InvalidToken as error:
            raise WrongKey(_WRONG) from error


def _derived(key: Secret, purpose: str) -> bytes:
    """A key of its own, from which the secret key cannot be told (HKDF, RFC 5869)."""
    derivation = HKDF(algorithm=SHA256(), length=_BYTES, salt=None, info=f"{_SEAL} {purpose}".encode())
    return urlsafe_b64encode(derivation.derive(urlsafe_b64decode(key.reveal())))


@lru_cache(maxsize=16_384)
def _decrypted(keys: MultiFernet, token: bytes) -> Secret:
    """Decrypting costs more than sending: what was read once is remembered."""
    try:
        return Secret(keys.decrypt(token).decode())
    except InvalidToken as error:
        raise WrongKey(_WRONG) from error
