"""Where there is no database: what only reads or changes says so, and makes none."""

from pathlib import Path

import pytest

from cli_place import SETTINGS, Place, place_in
from server import PASSWORD


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Place:
    """A place without a database."""
    return place_in(tmp_path, monkeypatch, capfd)


@pytest.mark.parametrize(
    "words",
    [
        ["why", "run-128"],
        ["deliveries", "list"],
        ["deliveries", "show", "dlv_0000000000001"],
        ["deliveries", "replay", "dlv_0000000000001"],
        ["export"],
        ["audit", "verify"],
        ["audit", "export"],
        ["backup", "backup.tar.gz"],
        ["secrets", "rotate"],
        ["user", "list"],
        ["user", "remove", "admin"],
        ["user", "password", "admin", "--password-stdin"],
        ["token", "list"],
        ["token", "create", "--user", "admin"],
    ],
)
def test_a_command_that_needs_a_database_never_makes_one_and_names_the_folder(place: Place, words: list[str]) -> None:
    ran = place.say(*words, stdin=PASSWORD)
    assert (ran.code, ran.out) == (3, ""), ran
    assert str(place.folder / "data") in ran.err
    assert "SHIPBELL_DATA" in ran.err
    assert list(place.folder.iterdir()) == []


@pytest.mark.parametrize("words", [["migrate"], ["user", "add", "carol", "--password-stdin"], ["apply", "FILE"]])
def test_what_brings_settings_makes_the_database(place: Place, words: list[str]) -> None:
    given = [place.file(SETTINGS) if one == "FILE" else one for one in words]
    assert place.say(*given, stdin=PASSWORD).code == 0
    assert (place.folder / "data" / "shipbell.db").exists()
