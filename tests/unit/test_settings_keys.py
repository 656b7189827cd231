"""Secret keys are given, or made once in the data folder for its owner's eyes alone."""

import base64
import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from shipbell.domain.errors import BadSettings, Unusable
from shipbell.domain.secret import Secret
from shipbell.settings import Settings, load
from shipbell.settings.keys import FILE, secret_keys


def key(filler: int) -> str:
    return base64.urlsafe_b64encode(bytes([filler]) * 32).decode()


def settings(data: Path, **more: str) -> Settings:
    return load({"SHIPBELL_DATA": str(data), **{f"SHIPBELL_{name.upper()}": value for name, value in more.items()}})


def test_on_sqlite_a_key_is_made_once_and_found_again(tmp_path: Path) -> None:
    data = tmp_path / "deep" / "data"
    made = secret_keys(settings(data))
    assert secret_keys(settings(data)) == made
    assert len(made) == 1
    assert Fernet(made[0].reveal()).decrypt(Fernet(made[0].reveal()).encrypt(b"x")) == b"x"
    assert secret_keys(settings(tmp_path / "another")) != made


def test_the_key_that_was_made_is_readable_for_its_owner_alone(tmp_path: Path) -> None:
    secret_keys(settings(tmp_path))
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert FILE == "secret.key"


def test_the_key_of_the_folder_may_be_several(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(f"{key(2)},{key(1)}\n")
    assert secret_keys(settings(tmp_path)) == (Secret(key(2)), Secret(key(1)))


def test_given_keys_come_newest_first_and_nothing_is_written(tmp_path: Path) -> None:
    given = settings(tmp_path / "data", secret_key=f" {key(3)} , {key(2)},{key(1)},")
    assert secret_keys(given) == (Secret(key(3)), Secret(key(2)), Secret(key(1)))
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("text", [key(251).rstrip("="), key(251).replace("-", "+").replace("_", "/"), key(251)])
def test_a_key_is_the_same_however_base64_is_written(text: str, tmp_path: Path) -> None:
    (found,) = secret_keys(settings(tmp_path, secret_key=text))
    assert found == Secret(key(251))
    assert Fernet(found.reveal()).decrypt(Fernet(key(251)).encrypt(b"x")) == b"x"


def test_a_key_file_comes_with_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{key(7)}\n")
    assert secret_keys(settings(tmp_path, secret_key_file=str(tmp_path / "key"))) == (Secret(key(7)),)


def test_a_sqlite_address_has_its_key_in_the_data_folder_too(tmp_path: Path) -> None:
    assert secret_keys(settings(tmp_path, database_url=f"sqlite:///{tmp_path}/x.db"))
    assert (tmp_path / FILE).exists()


def test_another_database_wants_a_key_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="SHIPBELL_SECRET_KEY"):
        secret_keys(settings(tmp_path, database_url="postgresql://bell@db/bell"))
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    "text",
    [
        "marker",
        key(1)[:-4],
        base64.urlsafe_b64encode(b"x" * 33).decode(),
        f"{key(1)},marker",
        "marker 马",
        base64.urlsafe_b64encode(b"x" * 31).decode(),
        base64.b64encode(b"marker").decode(),
        ",",
    ],
)
def test_a_broken_key_is_told_by_its_rule_and_not_shown(text: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as caught:
        secret_keys(settings(tmp_path, secret_key=text))
    assert caught.value.sentence.startswith("SHIPBELL_SECRET_KEY ")
    assert text.strip(",") not in caught.value.sentence or text == ","


@pytest.mark.parametrize("text", ["", "marker", "\n"])
def test_a_broken_key_in_the_folder_is_told_with_its_path(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(BadSettings) as caught:
        secret_keys(settings(tmp_path))
    assert str(tmp_path / FILE) in caught.value.sentence
    assert "marker" not in caught.value.sentence


def test_a_folder_that_cannot_be_made_or_read_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "bytes").mkdir()
    (tmp_path / "bytes" / FILE).write_bytes(b"\xff\xfe")
    (tmp_path / "folder" / FILE).mkdir(parents=True)
    for data in (tmp_path / "file", tmp_path / "bytes", tmp_path / "folder"):
        with pytest.raises(Unusable) as caught:
            secret_keys(settings(data))
        assert str(data) in caught.value.sentence
        assert "check the folder's owner" in caught.value.sentence


def test_keys_are_not_shown_when_they_are_printed(tmp_path: Path) -> None:
    given = settings(tmp_path, secret_key=key(1))
    assert key(1) not in f"{given} {secret_keys(given)!r}"
