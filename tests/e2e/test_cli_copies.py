"""Back-up and restore: whole or not at all, and in words."""

import os
import resource
import signal
import tarfile
from pathlib import Path

import pytest

from cli_place import SETTINGS, Place, place_in


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Place:
    """A place of its own."""
    return place_in(tmp_path, monkeypatch, capfd)


@pytest.mark.parametrize("with_key", [False, True])
def test_a_back_up_restores_whole_with_its_key_and_says_so_without(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    with_key: bool,  # noqa: FBT001 - a column of the table
) -> None:
    place.say("apply", place.file(SETTINGS))
    before = place.say("export", "--with-secrets").out
    file = str(place.folder / "backup.tar.gz")
    assert place.say("backup", file, *(["--with-key"] if with_key else [])).code == 0
    assert Path(file).stat().st_mode & 0o777 == 0o600
    key = (place.folder / "data" / "secret.key").read_text().strip()
    monkeypatch.setenv("SHIPBELL_DATA", str(place.folder / "elsewhere"))
    ran = place.say("restore", file)
    if with_key:
        assert ran.code == 0, ran
    else:
        assert (ran.code, "[wrong-key]" in ran.err) == (3, True)
        assert not (place.folder / "elsewhere" / "secret.key").exists()
        (place.folder / "elsewhere" / "secret.key").write_text(key + "\n")
    assert place.say("export", "--with-secrets").out == before
    assert place.say("audit", "verify").code == 0
    assert place.say("restore", file).code == 1


def test_a_back_up_goes_where_the_settings_say_that_the_database_is(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.say("apply", place.file(SETTINGS))
    before = place.say("export").out
    file = str(place.folder / "backup.tar.gz")
    assert place.say("backup", file, "--with-key").code == 0
    monkeypatch.setenv("SHIPBELL_DATA", str(place.folder / "elsewhere"))
    monkeypatch.setenv("SHIPBELL_DATABASE_URL", f"sqlite:///{place.folder / 'bell.sqlite'}")
    assert place.say("restore", file).code == 0
    assert place.say("export").out == before
    assert place.say("restore", file).code == 1


def test_a_back_up_is_put_beside_no_part_of_an_old_database(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.say("apply", place.file(SETTINGS))
    file = str(place.folder / "backup.tar.gz")
    assert place.say("backup", file).code == 0
    monkeypatch.setenv("SHIPBELL_DATA", str(place.folder / "elsewhere"))
    rest = place.folder / "elsewhere" / "shipbell.db-wal"
    rest.parent.mkdir()
    rest.write_bytes(b"what was never written into the old one")
    ran = place.say("restore", file)
    assert (ran.code, f"{rest} exists already" in ran.err) == (1, True)


def test_an_older_file_is_replaced_only_when_asked_and_only_by_a_whole_one(place: Place) -> None:
    place.say("apply", place.file(SETTINGS))
    kept = Path(place.file("the back-up of yesterday", "backup.tar.gz"))
    ran = place.say("backup", str(kept))
    assert (ran.code, "--force" in ran.err) == (1, True), ran
    assert kept.read_text() == "the back-up of yesterday"
    # What is as full as a disk can be cuts a back-up off.
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    quiet = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, most[1]))
    try:
        cut_off = place.say("backup", str(kept), "--force")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
        signal.signal(signal.SIGXFSZ, quiet)
    assert cut_off.code in {2, 3}, cut_off
    assert kept.read_text() == "the back-up of yesterday"
    assert place.say("backup", str(kept), "--force").code == 0
    assert tarfile.is_tarfile(kept)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in kept.parent.iterdir() if one.is_dir()] == ["data"]


def test_what_is_no_file_is_never_replaced(place: Place) -> None:
    pipe = place.folder / "pipe"
    os.mkfifo(pipe)
    assert place.say("migrate").code == 0
    ran = place.say("backup", str(pipe), "--force")
    assert (ran.code, "[conflict]" in ran.err, pipe.is_fifo()) == (1, True, True), ran


def test_what_is_no_back_up_is_told(place: Place) -> None:
    assert place.say("restore", place.file("hello", "backup.tar.gz")).code == 2
    assert place.say("restore", str(place.folder / "none.tar.gz")).code == 2


def test_a_part_of_a_back_up_is_told_and_leaves_nothing_of_it_behind(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.say("apply", place.file(SETTINGS))
    whole = place.folder / "backup.tar.gz"
    assert place.say("backup", str(whole)).code == 0
    part = place.folder / "part.tar.gz"
    part.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    monkeypatch.setenv("SHIPBELL_DATA", str(place.folder / "elsewhere"))
    ran = place.say("restore", str(part))
    assert (ran.code, "[invalid-file]" in ran.err) == (2, True)
    assert [one.name for one in (place.folder / "elsewhere").iterdir()] == ["serve.lock"]


def test_a_back_up_that_cannot_be_written_is_told(place: Place) -> None:
    assert place.say("migrate").code == 0
    for target in (place.folder / "none" / "backup.tar.gz", place.folder):
        ran = place.say("backup", str(target))
        assert (ran.code, "[invalid-file]" in ran.err) == (2, True), ran
