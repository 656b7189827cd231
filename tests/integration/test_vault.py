"""Secrets lie encrypted under the secret key, and a robot is known again without its address."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy import select

from hand_clock import HandClock
from settings_store import KEY_A, ROBOT, new_key, process
from shipbell.assemble import assembled
from shipbell.domain.errors import WrongKey
from shipbell.domain.secret import Secret
from shipbell.serve import console_services
from shipbell.settings import load
from shipbell.storage.database.engine import Database
from shipbell.storage.open import open_store
from shipbell.storage.secrets.vault import Seal, Vault
from shipbell.storage.tables.flow import METADATA, vault

ROBOT_A = Secret(f"qyapi.weixin.qq.com:443 key={KEY_A}")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database.open(tmp_path / "vault.db")
    made.write_here(METADATA.create_all)
    yield made
    made.close()


def opened(database: Database, *keys: Secret) -> Vault:
    return database.write_here(lambda connection: Vault.open(connection, keys))


def data_key_as_kept(database: Database) -> bytes:
    kept: bytes = database.read_here(lambda connection: connection.execute(select(vault.c.value)).scalar_one())
    return kept


def test_a_secret_comes_back_and_its_cipher_text_tells_nothing(database: Database) -> None:
    made = opened(database, new_key())
    written = made.encrypt(Secret(ROBOT + KEY_A))
    assert made.decrypt(written) == Secret(ROBOT + KEY_A)
    assert KEY_A.encode() not in written
    assert made.encrypt(Secret(ROBOT + KEY_A)) != written


def test_the_same_robot_has_the_same_fingerprint_after_a_restart(database: Database) -> None:
    key = new_key()
    before = opened(database, key).fingerprint("wecom", ROBOT_A)
    assert opened(database, key).fingerprint("wecom", ROBOT_A) == before
    assert len(before) == 32


def test_another_robot_channel_or_database_has_another_fingerprint(database: Database, tmp_path: Path) -> None:
    key = new_key()
    made = opened(database, key)
    other = Database.open(tmp_path / "other.db")
    other.write_here(METADATA.create_all)
    elsewhere = opened(other, key)
    other.close()
    fingerprints = {
        made.fingerprint("wecom", ROBOT_A),
        made.fingerprint("wecom", Secret("qyapi.weixin.qq.com:443 key=other")),
        made.fingerprint("other", ROBOT_A),
        elsewhere.fingerprint("wecom", ROBOT_A),
    }
    assert len(fingerprints) == 4


def test_the_data_key_is_kept_wrapped_and_is_not_the_secret_key(database: Database) -> None:
    key = new_key()
    made = opened(database, key)
    kept = data_key_as_kept(database)
    assert made.data_key not in kept
    assert key.reveal().encode() not in kept
    assert len(made.data_key) == 32


def test_a_new_key_in_front_reads_what_the_old_one_wrote_and_writes_under_itself(database: Database) -> None:
    old, new = new_key(), new_key()
    before = opened(database, old)
    written = before.encrypt(Secret("s3cret"))
    both = opened(database, new, old)
    assert both.decrypt(written) == Secret("s3cret")
    assert both.fingerprint("wecom", ROBOT_A) == before.fingerprint("wecom", ROBOT_A)
    with pytest.raises(WrongKey):
        before.decrypt(both.encrypt(Secret("newer")))


def test_what_was_rotated_needs_the_old_key_no_longer(database: Database) -> None:
    old, new = new_key(), new_key()
    written = opened(database, old).encrypt(Secret("s3cret"))
    both = opened(database, new, old)
    rotated = both.rotated(written)
    assert Vault(keys=MultiFernet([Fernet(new.reveal())]), data_key=both.data_key).decrypt(rotated) == Secret("s3cret")


def test_another_key_does_not_open_the_database_and_says_the_cure(tmp_path: Path) -> None:
    with process(tmp_path, new_key(), HandClock()):
        pass
    with pytest.raises(WrongKey) as refused:
        open_store(tmp_path / "shipbell.db", [new_key()])
    assert "SHIPBELL_SECRET_KEY" in refused.value.sentence


def test_a_wrong_key_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    key = new_key()
    with process(tmp_path, key, HandClock()) as store:
        written = store.opened.vault.encrypt(Secret("s3cret"))
    with pytest.raises(WrongKey):
        open_store(tmp_path / "shipbell.db", [new_key()])
    with process(tmp_path, key, HandClock()) as store:
        assert store.opened.vault.decrypt(written) == Secret("s3cret")


def test_a_spoilt_cipher_text_is_told_as_a_wrong_key(database: Database) -> None:
    made = opened(database, new_key())
    for spoilt in (b"", b"not a token", made.encrypt(Secret("x"))[:-2] + b"AA"):
        with pytest.raises(WrongKey):
            made.decrypt(spoilt)
        with pytest.raises(WrongKey):
            made.rotated(spoilt)


def test_what_is_sealed_for_one_purpose_opens_for_no_other_and_is_no_secret_of_the_database(database: Database) -> None:
    key = new_key()
    at_rest = opened(database, key)
    forms, trips = Seal.of("kept form", [key]), Seal.of("openid trip", [key])
    chosen = forms.seal(Secret('{"state": "chosen by a stranger"}'))
    assert forms.unseal(chosen) == Seal.of("kept form", [key]).unseal(chosen)
    for other in (trips.unseal, at_rest.decrypt, at_rest.rotated):
        with pytest.raises(WrongKey):
            other(chosen)
    for seal in (forms, trips):
        with pytest.raises(WrongKey):
            seal.unseal(at_rest.encrypt(Secret("s3cret")))
        with pytest.raises(WrongKey):
            seal.unseal(b"not a token")


def test_what_was_sealed_under_the_old_key_opens_until_the_old_key_goes() -> None:
    old, new = new_key(), new_key()
    carried = Seal.of("kept form", [old]).seal(Secret("typed"))
    assert Seal.of("kept form", [new, old]).unseal(carried) == Secret("typed")
    with pytest.raises(WrongKey):
        Seal.of("kept form", [new]).unseal(carried)


async def test_a_running_server_seals_forms_and_trips_under_keys_of_their_own(tmp_path: Path) -> None:
    async with assembled(load({"SHIPBELL_DATA": str(tmp_path)})) as parts:
        services = console_services(parts)
        box = services.sealed(Secret("typed"))
        assert services.opened(box) == Secret("typed")
        for other in (parts.opened.vault.decrypt, parts.seal("openid trip").unseal):
            with pytest.raises(WrongKey):
                other(box)
