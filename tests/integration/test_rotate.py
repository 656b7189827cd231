"""Rotation: every secret at rest is written anew under the newest key, once, and a wrong key is a sentence."""

import base64
import fcntl
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, InvalidToken

from commands import command as shipbell
from server import Ran, environment, settings_file
from shipbell.domain.secret import Secret
from shipbell.storage.database.server_lock import check_served, lock_for_serving
from shipbell.storage.secrets import rotation
from shipbell.storage.tables.flow import METADATA

OLD, NEW = (base64.urlsafe_b64encode(bytes([filler]) * 32).decode() for filler in (1, 2))
ROBOT = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=robot-{}-4bc4-97a0"
TOKENS = """
    SELECT url FROM subscriptions UNION ALL SELECT secret FROM sources
    UNION ALL SELECT old_secret FROM sources WHERE old_secret IS NOT NULL UNION ALL SELECT value FROM vault
"""


def run(folder: Path, keys: str, *words: str) -> Ran:
    return shipbell(environment(folder / "data", {"SHIPBELL_SECRET_KEY": keys}), *words)


def tokens(folder: Path) -> list[bytes]:
    with closing(sqlite3.connect(folder / "data" / "shipbell.db")) as connection:
        return [row[0] for row in connection.execute(TOKENS)]


def opens(key: str, token: bytes) -> bool:
    try:
        Fernet(key).decrypt(token)
    except InvalidToken:
        return False
    return True


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database under the old key, with an old secret of a source in it."""
    folder = tmp_path_factory.mktemp("old")
    robots = {f"group {number}": {"url": ROBOT.format(number)} for number in range(210)}
    assert run(folder, OLD, "apply", str(settings_file(folder, {"payments": robots}))).code == 0
    change(folder, "UPDATE sources SET old_secret = secret")
    return folder


@pytest.fixture
def folder(furnished: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(furnished, tmp_path / "copy")
    return tmp_path / "copy"


def change(folder: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / "data" / "shipbell.db")) as connection:
        connection.execute(statement, values)
        connection.commit()


def test_every_secret_is_written_anew_and_the_old_key_may_go(folder: Path) -> None:
    before = run(folder, OLD, "export", "--with-secrets").out
    ran = run(folder, f"{NEW},{OLD}", "secrets", "rotate")
    assert ran.code == 0, ran.err
    found = tokens(folder)
    assert len(found) == 210 + 1 + 1 + 1
    assert all(opens(NEW, token) and not opens(OLD, token) for token in found)
    assert "213 of 213" in ran.err
    assert ran.out == ""
    assert run(folder, NEW, "export", "--with-secrets").out == before
    assert run(folder, NEW, "audit", "verify").code == 0
    assert "secrets.rotated" in run(folder, NEW, "audit", "export").out


def test_progress_is_told_on_stderr(folder: Path) -> None:
    ran = run(folder, f"{NEW},{OLD}", "secrets", "rotate")
    told = [line for line in ran.err.splitlines() if "looked at" in line]
    assert len(told) >= 3
    assert told[-1].startswith("213 of 213 ")


def test_rotating_twice_changes_nothing(folder: Path) -> None:
    run(folder, f"{NEW},{OLD}", "secrets", "rotate")
    before = tokens(folder)
    ran = run(folder, f"{NEW},{OLD}", "secrets", "rotate")
    assert ran.code == 0
    assert "0 of 213" in ran.err
    assert tokens(folder) == before
    assert run(folder, NEW, "audit", "export").out.count("secrets.rotated") == 1


def test_a_rotation_that_was_cut_off_goes_on(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "data" / "shipbell.db")) as connection:
        (token,) = connection.execute("SELECT url FROM subscriptions LIMIT 1").fetchone()
        anew = Fernet(NEW).encrypt(Fernet(OLD).decrypt(token))
    change(folder, "UPDATE subscriptions SET url = ? WHERE url = ?", anew, token)
    ran = run(folder, f"{NEW},{OLD}", "secrets", "rotate")
    assert "212 of 213" in ran.err
    assert anew in tokens(folder)
    assert all(opens(NEW, one) for one in tokens(folder))


def test_nothing_is_written_under_a_key_that_the_running_server_does_not_have(folder: Path) -> None:
    before = tokens(folder)
    file = str(settings_file(folder, {"billing": {"group": {"url": ROBOT.format("new")}}}))
    lock = lock_for_serving(folder / "data", [Secret(OLD)])
    try:
        for words in (("secrets", "rotate"), ("apply", file)):
            ran = run(folder, f"{NEW},{OLD}", *words)
            assert (ran.code, "start it again with the same keys first" in ran.err) == (1, True), ran
        assert run(folder, f"{NEW},{OLD}", "apply", file, "--dry-run").code == 0
        assert tokens(folder) == before
        assert run(folder, OLD, "apply", file).code == 0
    finally:
        lock.release()
    again = lock_for_serving(folder / "data", [Secret(NEW), Secret(OLD)])
    try:
        assert run(folder, f"{NEW},{OLD}", "secrets", "rotate").code == 0
    finally:
        again.release()
    # What the last server left says nothing once it is gone.
    assert run(folder, f"{OLD},{NEW}", "secrets", "rotate").code == 0


def test_a_look_at_the_keys_of_a_server_keeps_no_server_with_them_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock_for_serving(tmp_path, [Secret(NEW), Secret(OLD)]).release()
    asked: list[int] = []
    monkeypatch.setattr(fcntl, "flock", lambda _handle, how: asked.append(how))
    check_served(tmp_path, Secret(OLD))
    assert asked == []
    check_served(tmp_path, Secret(Fernet.generate_key().decode()))
    assert len(asked) == 1


def test_with_a_wrong_key_nothing_begins(folder: Path) -> None:
    before = tokens(folder)
    ran = run(folder, NEW, "secrets", "rotate")
    assert ran.code == 3
    assert "SHIPBELL_SECRET_KEY" in ran.err
    assert "Traceback" not in ran.err
    assert tokens(folder) == before


def test_a_secret_under_a_key_that_is_not_at_hand_is_a_sentence(folder: Path) -> None:
    lost = base64.urlsafe_b64encode(bytes([3]) * 32).decode()
    change(folder, "UPDATE subscriptions SET url = ?", Fernet(lost).encrypt(b"https://robot.invalid/"))
    ran = run(folder, f"{NEW},{OLD}", "secrets", "rotate")
    assert ran.code == 3
    assert "[wrong-key]" in ran.err
    assert "Traceback" not in ran.err


def test_every_encrypted_column_of_the_schema_is_rotated() -> None:
    """Bytes that are no secret are named here; a new column of bytes is either rotated or named."""
    plain = {
        "events.body", "event_keys.id_hash", "lanes.fingerprint", "attempts.body", "tokens.hash", "sessions.hash",
        "audit.hash", "vault.value",
    }  # fmt: skip
    binary = {
        f"{table.name}.{column.name}"
        for table in METADATA.tables.values()
        for column in table.columns
        if column.type.python_type is bytes
    }
    assert binary - plain == {f"{column.table.name}.{column.name}" for column in rotation.COLUMNS.values()}
