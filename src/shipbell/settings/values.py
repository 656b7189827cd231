"""Read the settings: environment first, then the TOML file, then the defaults."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path

from shipbell.domain.errors import BadSettings
from shipbell.domain.pacing import PaceRule
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import Locale
from shipbell.settings.parse import Network, Parser
from shipbell.settings.table import CONFIG, SETTINGS, Setting

# A century: what calendars can still say, seen from today.
_MOST_DAYS = 36_500
_HOURS = 24
_PREFIX = "SHIPBELL_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Oidc:
    """How people sign in through an identity provider."""

    issuer: str
    client_id: str
    client_secret: Secret
    username_claim: str
    groups_claim: str
    roles: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting as a value of its own type."""

    data: Path
    database_url: Secret | None
    secret_key: Secret | None
    admin_password: Secret | None
    public_url: str
    trusted_proxies: tuple[Network, ...]
    channel_regions: Mapping[str, frozenset[str]]
    time_zone: str
    outbound_allow: tuple[Network, ...]
    outbound_proxy: str
    paces: Mapping[str, PaceRule]
    source_per_second: float
    retention: timedelta
    expiry: timedelta
    operator_url: Secret | None
    operator_locale: Locale
    log_level: str
    log_format: str
    oidc: Oidc | None
    emit_secret: Secret | None

    def offered(self, channel: str, region: str) -> bool:
        """Whether a channel is offered in a region."""
        regions = self.channel_regions.get(channel, frozenset())
        return "*" in regions or region in regions


def load(environ: Mapping[str, str]) -> Settings:
    """Read all settings; raises BadSettings that names every one at fault."""
    parser = Parser(_gathered(environ))
    settings = _settings(parser)
    parser.finish()
    return settings


def _settings(parser: Parser) -> Settings:
    per_minute = parser.whole("SHIPBELL_WECOM_PER_MINUTE", least=0, most=10_000)
    burst = parser.whole("SHIPBELL_WECOM_BURST", least=1, most=10_000)
    if per_minute and burst >= per_minute:
        parser.broken("SHIPBELL_WECOM_BURST", f"must be smaller than SHIPBELL_WECOM_PER_MINUTE ({per_minute})")
    return Settings(
        data=Path(parser.text("SHIPBELL_DATA")),
        database_url=parser.secret("SHIPBELL_DATABASE_URL"),
        secret_key=parser.secret("SHIPBELL_SECRET_KEY"),
        admin_password=parser.secret("SHIPBELL_ADMIN_PASSWORD"),
        public_url=parser.root_url("SHIPBELL_PUBLIC_URL"),
        trusted_proxies=parser.networks("SHIPBELL_TRUSTED_PROXIES"),
        channel_regions=parser.regions("SHIPBELL_CHANNEL_REGIONS"),
        time_zone=parser.time_zone("SHIPBELL_TIME_ZONE"),
        outbound_allow=parser.networks("SHIPBELL_OUTBOUND_ALLOW"),
        outbound_proxy=parser.url("SHIPBELL_OUTBOUND_PROXY"),
        paces={"wecom": PaceRule(per_minute=per_minute, burst=burst)},
        source_per_second=parser.number("SHIPBELL_SOURCE_PER_SECOND", least=0, most=1_000_000),
        retention=timedelta(days=parser.number("SHIPBELL_RETENTION_DAYS", least=0.001, most=_MOST_DAYS)),
        expiry=timedelta(hours=parser.number("SHIPBELL_DELIVERY_EXPIRY_HOURS", least=0.0001, most=_MOST_DAYS * _HOURS)),
        operator_url=parser.secret_url("SHIPBELL_OPERATOR_URL"),
        operator_locale=Locale(parser.one_of("SHIPBELL_OPERATOR_LOCALE", [*Locale])),
        log_level=parser.one_of("SHIPBELL_LOG_LEVEL", ("debug", "info", "warning", "error")),
        log_format=parser.one_of("SHIPBELL_LOG_FORMAT", ("json", "console")),
        oidc=_oidc(parser),
        emit_secret=parser.secret("SHIPBELL_SECRET"),
    )


def _oidc(parser: Parser) -> Oidc | None:
    issuer = parser.url("SHIPBELL_OIDC_ISSUER")
    client_secret = parser.secret("SHIPBELL_OIDC_CLIENT_SECRET")
    client_id = parser.text("SHIPBELL_OIDC_CLIENT_ID")
    roles = parser.roles("SHIPBELL_OIDC_ROLES")
    if not issuer:
        if client_id or client_secret is not None or roles:
            parser.broken(
                "SHIPBELL_OIDC_ISSUER",
                "is needed with SHIPBELL_OIDC_CLIENT_ID, SHIPBELL_OIDC_CLIENT_SECRET and SHIPBELL_OIDC_ROLES",
            )
        return None
    if not client_id or client_secret is None:
        parser.broken("SHIPBELL_OIDC_CLIENT_ID", "and SHIPBELL_OIDC_CLIENT_SECRET are needed with an issuer")
    return Oidc(
        issuer=issuer,
        client_id=client_id,
        client_secret=client_secret or Secret(""),
        username_claim=parser.text("SHIPBELL_OIDC_USERNAME_CLAIM"),
        groups_claim=parser.text("SHIPBELL_OIDC_GROUPS_CLAIM"),
        roles=roles,
    )


def _gathered(environ: Mapping[str, str]) -> dict[str, str]:
    """The given value of each setting; raises BadSettings for a name that does not exist."""
    given = {name: value for name, value in environ.items() if name.startswith(_PREFIX) and name != CONFIG}
    known = {one.name for one in SETTINGS} | {f"{one.name}_FILE" for one in SETTINGS if one.from_file}
    for name in given:
        if name not in known:
            raise BadSettings(f"There is no setting {name}.{_hint(name)}")
    in_file = _from_file(environ.get(CONFIG, ""))
    values: dict[str, str] = {}
    for one in SETTINGS:
        value = _given(one, given)
        value = _given(one, in_file) if value is None else value
        if value is not None:
            values[one.name] = value
    return values


def _hint(name: str, as_written: Callable[[str], str] = str) -> str:
    """The setting whose name is much like this one."""
    known = {one.name.removeprefix(_PREFIX): one.name for one in SETTINGS}
    close = get_close_matches(name.upper().removeprefix(_PREFIX), known, 1)
    return f" Did you mean {as_written(known[close[0]])}?" if close else ""


def _given(one: Setting, origin: Mapping[str, str]) -> str | None:
    """What one place says of a setting: the value itself, else that of the file it names."""
    name = f"{one.name}_FILE"
    path = origin.get(name, "") if one.from_file else ""
    if path and not origin.get(one.name):
        return _content(name, path)
    return origin.get(one.name)


def _from_file(path: str) -> dict[str, str]:
    if not path:
        return {}
    try:
        table = tomllib.loads(_content(CONFIG, path))
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{CONFIG}: {path} is not TOML: {error}") from error
    known = {one.name.lower() for one in SETTINGS} | {f"{one.name.lower()}_file" for one in SETTINGS if one.from_file}
    for name, value in table.items():
        if name not in known:
            hint = _hint(name, str.lower)
            raise BadSettings(f"{path} has a key {name} that is no setting: use names such as shipbell_data.{hint}")
        if isinstance(value, dict | list):
            raise BadSettings(f"{path}: {name} must be text or a number.")
    return {name.upper(): str(value) for name, value in table.items()}


def _content(name: str, path: str) -> str:
    try:
        # Some editors begin a file with a byte order mark.
        return Path(path).read_text("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{name}: {path} cannot be read ({type(error).__name__}).") from error
