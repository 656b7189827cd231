"""Each setting has a type, and a value that cannot be used is told with its name and its cure."""

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from shipbell.domain.errors import BadSettings
from shipbell.domain.pacing import PaceRule
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import Locale
from shipbell.settings import SETTINGS, load

SECRETS = [one.name for one in SETTINGS if one.from_file]
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


def test_each_setting_is_read_as_a_value_of_its_type() -> None:
    settings = load(
        {
            "SHIPBELL_DATA": "/srv/bell",
            "SHIPBELL_DATABASE_URL": "postgresql://bell@db/bell",
            "SHIPBELL_SECRET_KEY": "a-key",
            "SHIPBELL_ADMIN_PASSWORD": "correct horse",
            "SHIPBELL_PUBLIC_URL": "https://bell.example.com/",
            "SHIPBELL_TRUSTED_PROXIES": "10.0.0.0/8, fd00::/8",
            "SHIPBELL_OUTBOUND_ALLOW": "127.0.0.1, 192.168.7.9/24",
            "SHIPBELL_OUTBOUND_PROXY": "http://proxy.example.com:3128",
            "SHIPBELL_WECOM_PER_MINUTE": "20",
            "SHIPBELL_WECOM_BURST": "19",
            "SHIPBELL_SOURCE_PER_SECOND": "2.5",
            "SHIPBELL_RETENTION_DAYS": "7",
            "SHIPBELL_DELIVERY_EXPIRY_HOURS": "1.5",
            "SHIPBELL_OPERATOR_URL": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k",
            "SHIPBELL_OPERATOR_LOCALE": "zh-cn",
            "SHIPBELL_LOG_LEVEL": "DEBUG",
            "SHIPBELL_LOG_FORMAT": "console",
            "SHIPBELL_SECRET": "s3cret",
        }
    )
    assert settings.data == Path("/srv/bell")
    assert settings.database_url == Secret("postgresql://bell@db/bell")
    assert (settings.secret_key, settings.admin_password) == (Secret("a-key"), Secret("correct horse"))
    assert settings.public_url == "https://bell.example.com"
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    assert settings.outbound_allow == (ip_network("127.0.0.1/32"), ip_network("192.168.7.0/24"))
    assert settings.outbound_proxy == "http://proxy.example.com:3128"
    assert (settings.paces["wecom"], settings.source_per_second) == (PaceRule(per_minute=20, burst=19), 2.5)
    assert (settings.retention, settings.expiry) == (timedelta(days=7), timedelta(minutes=90))
    assert settings.operator_url == Secret("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k")
    assert settings.operator_locale is Locale.ZH_CN
    assert (settings.log_level, settings.log_format) == ("debug", "console")
    assert settings.emit_secret == Secret("s3cret")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SHIPBELL_WECOM_PER_MINUTE", "-1"),
        ("SHIPBELL_WECOM_PER_MINUTE", "many"),
        ("SHIPBELL_WECOM_PER_MINUTE", "1.5"),
        ("SHIPBELL_WECOM_PER_MINUTE", "10001"),
        ("SHIPBELL_WECOM_PER_MINUTE", "１８"),
        ("SHIPBELL_WECOM_BURST", "0"),
        ("SHIPBELL_WECOM_BURST", "18"),
        ("SHIPBELL_SOURCE_PER_SECOND", "-0.1"),
        ("SHIPBELL_SOURCE_PER_SECOND", "nan"),
        ("SHIPBELL_SOURCE_PER_SECOND", "inf"),
        ("SHIPBELL_RETENTION_DAYS", "0"),
        ("SHIPBELL_RETENTION_DAYS", "a month"),
        ("SHIPBELL_DELIVERY_EXPIRY_HOURS", "0"),
        ("SHIPBELL_DELIVERY_EXPIRY_HOURS", "-24"),
        ("SHIPBELL_PUBLIC_URL", "bell.example.com"),
        ("SHIPBELL_PUBLIC_URL", "ftp://bell.example.com"),
        ("SHIPBELL_PUBLIC_URL", "https://"),
        ("SHIPBELL_OUTBOUND_PROXY", "socks5://proxy:1080"),
        ("SHIPBELL_OUTBOUND_PROXY", "proxy:3128"),
        ("SHIPBELL_OUTBOUND_ALLOW", "10.0.0.0/8,everything"),
        ("SHIPBELL_OUTBOUND_ALLOW", "10.0.0.0/33"),
        ("SHIPBELL_TRUSTED_PROXIES", "proxy.example.com"),
        ("SHIPBELL_CHANNEL_REGIONS", "wecom="),
        ("SHIPBELL_CHANNEL_REGIONS", "ap-southeast-3"),
        ("SHIPBELL_OPERATOR_LOCALE", "fr"),
        ("SHIPBELL_LOG_LEVEL", "loud"),
        ("SHIPBELL_LOG_FORMAT", "xml"),
        ("SHIPBELL_OIDC_ISSUER", "id.example.com"),
        ("SHIPBELL_PUBLIC_URL", "http://["),
        ("SHIPBELL_PUBLIC_URL", "http://bell.example.com:99999"),
        ("SHIPBELL_PUBLIC_URL", "http://:8080"),
        ("SHIPBELL_PUBLIC_URL", "https://bell.example.com/?a=b"),
        ("SHIPBELL_PUBLIC_URL", "https://bell.example.com/#top"),
        ("SHIPBELL_PUBLIC_URL", "https://me:secret@bell.example.com"),
        ("SHIPBELL_CHANNEL_REGIONS", "wecom=AP-Southeast-3"),
        ("SHIPBELL_CHANNEL_REGIONS", "wecom=cn-north-4|eu west"),
        ("SHIPBELL_OUTBOUND_PROXY", "http://[::1"),
        ("SHIPBELL_RETENTION_DAYS", "1e12"),
        ("SHIPBELL_RETENTION_DAYS", "36501"),
        ("SHIPBELL_DELIVERY_EXPIRY_HOURS", "1e12"),
        ("SHIPBELL_SOURCE_PER_SECOND", "1e300"),
        ("SHIPBELL_WECOM_PER_MINUTE", "000000000000999999"),
        ("SHIPBELL_WECOM_PER_MINUTE", "9" * 5_000),
    ],
)
def test_a_value_that_cannot_be_used_is_told_with_the_name_of_its_setting(name: str, value: str) -> None:
    told = fault({name: value})
    assert told.startswith(f"{name} ")
    assert BadSettings.code == "bad-settings"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SHIPBELL_OIDC_CLIENT_ID", "bell"),
        ("SHIPBELL_OIDC_CLIENT_SECRET", "bell"),
        ("SHIPBELL_OIDC_ROLES", "ops=administrator"),
    ],
)
def test_what_is_said_of_a_provider_that_is_not_named_is_told(name: str, value: str) -> None:
    told = fault({name: value})
    assert told.startswith("SHIPBELL_OIDC_ISSUER ")
    assert name in told


def test_leading_zeros_of_a_number_count_for_nothing() -> None:
    assert load({"SHIPBELL_WECOM_PER_MINUTE": "0" * 20 + "30"}).paces["wecom"].per_minute == 30


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = {
        "SHIPBELL_WECOM_PER_MINUTE": "many",
        "SHIPBELL_LOG_LEVEL": "loud",
        "SHIPBELL_OUTBOUND_ALLOW": "everything",
        "SHIPBELL_PUBLIC_URL": "bell",
    }
    told = fault(wrong)
    assert all(name in told for name in wrong)


def test_faults_do_not_show_secrets() -> None:
    told = fault(
        {
            "SHIPBELL_SECRET_KEY": "marker-one",
            "SHIPBELL_ADMIN_PASSWORD": "marker-two",
            "SHIPBELL_DATABASE_URL": "postgresql://bell:marker-three@db/bell",
            "SHIPBELL_OIDC_ISSUER": "https://id.example.com",
            "SHIPBELL_OIDC_CLIENT_SECRET": "marker-four",
            "SHIPBELL_LOG_LEVEL": "loud",
        }
    )
    assert "marker" not in told
    assert "SHIPBELL_OIDC_CLIENT_ID" in told


def test_settings_can_be_printed_without_their_secrets() -> None:
    settings = load({**PROVIDER, **dict.fromkeys(SECRETS, "https://marker-secret.example.com")})
    assert "marker" not in repr(settings)
    assert "marker" not in str(settings)


@pytest.mark.parametrize(("per_minute", "burst"), [("18", "17"), ("2", "1"), ("0", "6"), ("0", "100")])
def test_the_burst_is_smaller_than_the_pace_and_counts_for_nothing_without_one(per_minute: str, burst: str) -> None:
    settings = load({"SHIPBELL_WECOM_PER_MINUTE": per_minute, "SHIPBELL_WECOM_BURST": burst})
    assert settings.paces["wecom"] == PaceRule(per_minute=int(per_minute), burst=int(burst))


@pytest.mark.parametrize(
    ("value", "here", "elsewhere"),
    [
        ("", True, False),
        ("wecom=ap-southeast-3", True, False),
        ("wecom=*", True, True),
        ("wecom=cn-north-4", False, False),
        ("wecom=cn-north-4,wecom=ap-southeast-3", True, False),
        ("wecom=cn-north-4|ap-southeast-3", True, False),
        ("wecom=ap-southeast-3|la-south-2", True, True),
        ("other=*", False, False),
    ],
)
def test_a_channel_is_offered_where_the_setting_says(value: str, here: bool, elsewhere: bool) -> None:  # noqa: FBT001
    settings = load({"SHIPBELL_CHANNEL_REGIONS": value})
    assert settings.offered("wecom", "ap-southeast-3") is here
    assert settings.offered("wecom", "la-south-2") is elsewhere
    assert not settings.offered("pigeon", "ap-southeast-3")


def test_an_identity_provider_is_read_with_its_claims_and_roles() -> None:
    oidc = load(
        {
            "SHIPBELL_OIDC_ISSUER": "https://id.example.com/realms/ship",
            "SHIPBELL_OIDC_CLIENT_ID": "bell",
            "SHIPBELL_OIDC_CLIENT_SECRET": "s3cret",
            "SHIPBELL_OIDC_ROLES": "ops=administrator, pay=payments:project_manager,pay=billing:viewer",
        }
    ).oidc
    assert oidc is not None
    assert (oidc.issuer, oidc.client_id) == ("https://id.example.com/realms/ship", "bell")
    assert oidc.client_secret == Secret("s3cret")
    assert (oidc.username_claim, oidc.groups_claim) == ("preferred_username", "groups")
    assert oidc.roles == {"ops": ("administrator",), "pay": ("payments:project_manager", "billing:viewer")}


@pytest.mark.parametrize(
    "value", ["ops", "=administrator", "ops=payments", "ops=administrator,pay", "ops=pay:boss", "ops=:viewer"]
)
def test_a_role_for_a_group_that_cannot_be_read_is_told(value: str) -> None:
    told = fault(
        {
            **PROVIDER,
            "SHIPBELL_OIDC_ROLES": value,
        }
    )
    assert told.startswith("SHIPBELL_OIDC_ROLES ")
    assert fault({"SHIPBELL_OIDC_ROLES": value}).startswith(told)


@pytest.mark.parametrize("value", ["ftp://marker.example/", "marker", "https://", "http://marker:0/"])
def test_an_operators_robot_that_is_no_address_is_told_without_the_address(value: str) -> None:
    told = fault({"SHIPBELL_OPERATOR_URL": value})
    assert told.startswith("SHIPBELL_OPERATOR_URL ")
    assert "marker" not in told
