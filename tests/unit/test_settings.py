"""Settings come from the environment, then the TOML file, then the table; what is wrong is told at once."""

import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from shipbell.domain.errors import BadSettings
from shipbell.domain.pacing import PaceRule
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import Locale
from shipbell.settings import SETTINGS, load

SECRETS = [one.name for one in SETTINGS if one.from_file]
SAMPLES = {
    "SHIPBELL_TIME_ZONE": "Asia/Shanghai",
    "SHIPBELL_PUBLIC_URL": "https://bell.example.com",
    "SHIPBELL_TRUSTED_PROXIES": "10.0.0.0/8",
    "SHIPBELL_CHANNEL_REGIONS": "wecom=*",
    "SHIPBELL_OUTBOUND_ALLOW": "127.0.0.0/8",
    "SHIPBELL_OUTBOUND_PROXY": "http://proxy.example.com:3128",
    "SHIPBELL_WECOM_PER_MINUTE": "20",
    "SHIPBELL_WECOM_BURST": "5",
    "SHIPBELL_SOURCE_PER_SECOND": "3",
    "SHIPBELL_RETENTION_DAYS": "7",
    "SHIPBELL_DELIVERY_EXPIRY_HOURS": "12",
    "SHIPBELL_OPERATOR_LOCALE": "zh-CN",
    "SHIPBELL_LOG_LEVEL": "debug",
    "SHIPBELL_LOG_FORMAT": "console",
    "SHIPBELL_OIDC_ROLES": "ops=administrator",
    "SHIPBELL_OPERATOR_URL": "https://robot.example.com/send?key=k",
}
PROVIDER = {
    "SHIPBELL_OIDC_ISSUER": "https://id.example.com",
    "SHIPBELL_OIDC_CLIENT_ID": "bell",
    "SHIPBELL_OIDC_CLIENT_SECRET": "client secret",
}


def fault(environ: Mapping[str, str]) -> str:
    """What is told about broken settings."""
    with pytest.raises(BadSettings) as caught:
        load(environ)
    return caught.value.sentence


def toml(tmp_path: Path, text: str) -> dict[str, str]:
    """An environment that names a TOML file with this text."""
    path = tmp_path / "shipbell.toml"
    path.write_text(text, "utf-8")
    return {"SHIPBELL_CONFIG": str(path)}


def test_without_any_setting_everything_has_its_default() -> None:
    settings = load({})
    assert settings.data == Path("./shipbell-data")
    assert settings.database_url is None
    assert settings.secret_key is None
    assert settings.admin_password is None
    assert settings.public_url == ""
    assert settings.trusted_proxies == ()
    assert settings.outbound_allow == ()
    assert settings.outbound_proxy == ""
    assert (settings.paces["wecom"], settings.source_per_second) == (PaceRule(per_minute=18, burst=6), 0)
    assert (settings.retention, settings.expiry) == (timedelta(days=30), timedelta(hours=24))
    assert (settings.operator_url, settings.operator_locale) == (None, Locale.EN)
    assert (settings.log_level, settings.log_format) == ("info", "json")
    assert settings.oidc is None
    assert settings.emit_secret is None


@pytest.mark.parametrize("name", [one.name for one in SETTINGS])
def test_an_empty_value_means_the_default(name: str) -> None:
    assert load({name: ""}) == load({})
    assert load({name: "  "}) == load({})


@pytest.mark.parametrize("name", [one.name for one in SETTINGS])
def test_every_setting_of_the_table_may_be_given_in_the_file_in_lower_case(name: str, tmp_path: Path) -> None:
    value = SAMPLES.get(name, PROVIDER.get(name, "something"))
    rest = {other: one for other, one in PROVIDER.items() if other != name}
    assert load({**rest, **toml(tmp_path, f"{name.lower()} = '{value}'\n")}) == load({**rest, name: value})


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    given = toml(tmp_path, "shipbell_wecom_per_minute = 12\nshipbell_wecom_burst = 3\n")
    settings = load({**given, "SHIPBELL_WECOM_BURST": "4"})
    assert settings.paces["wecom"] == PaceRule(per_minute=12, burst=4)


@pytest.mark.parametrize("name", SECRETS)
def test_a_file_named_in_the_environment_wins_over_the_value_in_the_toml_file(name: str, tmp_path: Path) -> None:
    (tmp_path / "value").write_text("https://environment.example.com\n")
    given = toml(tmp_path, f"{name.lower()} = 'https://file.example.com'\n")
    rest = {other: one for other, one in PROVIDER.items() if other != name}
    settings = load({**rest, **given, f"{name}_FILE": str(tmp_path / "value")})
    assert settings == load({**rest, name: "https://environment.example.com"})


def test_a_value_in_the_environment_wins_over_a_file_named_in_the_toml_file(tmp_path: Path) -> None:
    given = toml(tmp_path, f"shipbell_admin_password_file = '{tmp_path / 'absent'}'\n")
    assert load({**given, "SHIPBELL_ADMIN_PASSWORD": "a"}).admin_password == Secret("a")


def test_numbers_and_texts_of_the_file_are_read_alike(tmp_path: Path) -> None:
    given = toml(tmp_path, "shipbell_retention_days = 7\nshipbell_source_per_second = 2.5\nshipbell_data = '数据'\n")
    settings = load(given)
    assert (settings.retention, settings.source_per_second) == (timedelta(days=7), 2.5)
    assert settings.data == Path("数据")


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_lie_in_a_file_of_its_own(name: str, tmp_path: Path) -> None:
    path = tmp_path / "value"
    path.write_text("https://secret.example.com\n")
    rest = {other: one for other, one in PROVIDER.items() if other != name}
    by_file = load({**rest, f"{name}_FILE": str(path)})
    assert by_file == load({**rest, name: "https://secret.example.com"})
    assert by_file != load(PROVIDER)


def test_the_file_may_name_the_file_of_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "value"
    path.write_text("something secret\n")
    settings = load(toml(tmp_path, f"shipbell_admin_password_file = '{path}'\n"))
    assert settings.admin_password == Secret("something secret")


def test_secrets_passwords_and_the_database_address_are_those_that_files_may_hold() -> None:
    assert set(SECRETS) == {
        "SHIPBELL_DATABASE_URL",
        "SHIPBELL_SECRET_KEY",
        "SHIPBELL_ADMIN_PASSWORD",
        "SHIPBELL_OPERATOR_URL",
        "SHIPBELL_OIDC_CLIENT_SECRET",
        "SHIPBELL_SECRET",
    }


def test_a_file_is_not_offered_for_what_is_no_secret() -> None:
    assert "SHIPBELL_DATA_FILE" in fault({"SHIPBELL_DATA_FILE": "/etc/hostname"})


def test_a_setting_that_does_not_exist_is_told_with_the_name_that_was_meant() -> None:
    told = fault({"SHIPBELL_WECOM_PERMINUTE": "18"})
    assert "SHIPBELL_WECOM_PERMINUTE" in told
    assert "Did you mean SHIPBELL_WECOM_PER_MINUTE?" in told


def test_nothing_is_meant_by_a_name_that_is_like_no_other(tmp_path: Path) -> None:
    assert fault({"SHIPBELL_FOO": "x"}) == "There is no setting SHIPBELL_FOO."
    assert fault(toml(tmp_path, "SHIPBELL_DATA = 'x'\n")).endswith("Did you mean shipbell_data?")


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("correct horse\r\n", "utf-8-sig")
    config = tmp_path / "shipbell.toml"
    config.write_text(f"shipbell_admin_password_file = '{path}'\n", "utf-8-sig")
    assert load({"SHIPBELL_CONFIG": str(config)}).admin_password == Secret("correct horse")


def test_the_names_of_others_are_left_alone() -> None:
    assert load({"PATH": "/bin", "SHIPBELLS": "x", "shipbell_data": "x"}) == load({})


def test_a_key_of_the_file_that_does_not_exist_is_told(tmp_path: Path) -> None:
    told = fault(toml(tmp_path, "data = 'x'\n"))
    assert "shipbell.toml" in told
    assert "data" in told
    assert "shipbell_data" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("shipbell_data = ", "not TOML"),
        ("shipbell_data = ['a']", "must be text or a number"),
        ("[shipbell_data]\nx = 1", "must be text or a number"),
        ("SHIPBELL_DATA = 'x'", "no setting"),
    ],
)
def test_a_broken_file_is_told_with_its_name(text: str, told: str, tmp_path: Path) -> None:
    found = fault(toml(tmp_path, text))
    assert told in found
    assert "shipbell.toml" in found


@pytest.mark.parametrize("name", ["SHIPBELL_CONFIG", "SHIPBELL_SECRET_KEY_FILE", "SHIPBELL_DATABASE_URL_FILE"])
def test_a_file_that_cannot_be_read_is_told_with_its_name(name: str, tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        told = fault({name: str(path)})
        assert name in told
        assert str(path) in told


def test_the_table_names_each_setting_once_and_says_what_it_is_for() -> None:
    names = [one.name for one in SETTINGS]
    assert len(names) == len(set(names))
    assert all(name.startswith("SHIPBELL_") and name.isupper() for name in names)
    assert all(one.help.endswith(".") for one in SETTINGS)
    assert all(one.default == "" for one in SETTINGS if one.secret)


def test_importing_reads_and_writes_nothing(tmp_path: Path) -> None:
    code = "import shipbell.settings, shipbell.settings.keys, shipbell.telemetry, shipbell.transport"
    environ = {"PYTHONPATH": ":".join(sys.path), "SHIPBELL_LOG_LEVEL": "loud", "SHIPBELL_CONFIG": "/absent"}
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-B", "-W", "error", "-c", code], cwd=tmp_path, env=environ, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert list(tmp_path.iterdir()) == []
