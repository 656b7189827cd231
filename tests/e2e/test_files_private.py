"""Every file that Shipbell makes is for its owner alone, whatever the umask."""

import os
import sqlite3
import stat
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from server import Ran, Server, environment, shipbell_here

_OPEN_HANDED = ("sh", "-c", 'umask 000; exec "$@"', "sh")


@pytest.fixture(autouse=True)
def open_handed() -> Iterator[None]:
    """Whatever is made here without a mode may be read and written by everybody."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """The folder and what lies in it, with the modes."""
    found = {str(one.relative_to(folder)): stat.S_IMODE(one.lstat().st_mode) for one in folder.rglob("*")}
    return {".": stat.S_IMODE(folder.stat().st_mode), **found}


def told(data: Path, *words: str) -> Ran:
    ran = shipbell_here(environment(data), *words)
    assert ran.code == 0, ran.err
    return ran


async def test_a_server_and_its_copies_leave_no_file_that_others_can_read(tmp_path: Path) -> None:
    server = Server(folder=tmp_path, prefix=_OPEN_HANDED)
    try:
        await server.start()
        assert modes(tmp_path / "data") == {
            ".": 0o700,
            **dict.fromkeys(("shipbell.db", "shipbell.db-wal", "shipbell.db-shm", "secret.key", "serve.lock"), 0o600),
        }
        ran = await server.run("backup", str(tmp_path / "backup.tar.gz"), "--with-key")
        assert ran.code == 0, ran.err
        await server.stop()
    finally:
        if server.is_alive():
            server.kill()
    archive = tmp_path / "backup.tar.gz"
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    with tarfile.open(archive) as opened:
        assert {one.name: one.mode for one in opened} == dict.fromkeys(
            ("key.fingerprint", "secret.key", "shipbell.db"), 0o600
        )


def test_what_is_restored_is_as_private_as_what_was_made(tmp_path: Path) -> None:
    told(tmp_path / "made", "migrate")
    made = modes(tmp_path / "made")
    assert made == {".": 0o700, "shipbell.db": 0o600, "secret.key": 0o600}
    told(tmp_path / "made", "backup", str(tmp_path / "backup.tar.gz"), "--with-key")
    told(tmp_path / "restored", "restore", str(tmp_path / "backup.tar.gz"))
    assert modes(tmp_path / "restored") == {**made, "serve.lock": 0o600}
    told(tmp_path / "restored", "migrate")
    with closing(sqlite3.connect(tmp_path / "restored" / "shipbell.db", isolation_level=None)) as held:
        held.execute("BEGIN IMMEDIATE")
        beside = {"shipbell.db-wal": 0o600, "shipbell.db-shm": 0o600}
        assert modes(tmp_path / "restored") == {**made, **beside, "serve.lock": 0o600}
