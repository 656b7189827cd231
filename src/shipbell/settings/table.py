"""The table of settings: it drives validation, `--help` and the reference."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting; `name` is the environment variable, in lower case the key of the TOML file.

    `from_file`: NAME_FILE may name a file that holds the value.
    """

    name: str
    default: str
    help: str
    secret: bool = False
    from_file: bool = False


def _plain(name: str, default: str, text: str) -> Setting:
    return Setting(name=name, default=default, help=text)


def _secret(name: str, text: str) -> Setting:
    return Setting(name=name, default="", help=text, secret=True, from_file=True)


SETTINGS: tuple[Setting, ...] = (
    _plain("SHIPBELL_DATA", "./shipbell-data", "Folder of the SQLite database, the secret key and the lock."),
    Setting(
        name="SHIPBELL_DATABASE_URL",
        default="",
        help="Database; empty = SQLite in the data folder.",
        secret=True,
        from_file=True,
    ),
    _secret(
        "SHIPBELL_SECRET_KEY",
        "Url-safe base64 of 32 bytes; several separated by commas, newest first. Made in the data folder when absent.",
    ),
    _secret(
        "SHIPBELL_ADMIN_PASSWORD",
        "Password of the first administrator, taken as it is; empty = a random one, printed once.",
    ),
    _plain("SHIPBELL_PUBLIC_URL", "", "Address under which people and CI tools reach this server."),
    _plain(
        "SHIPBELL_TRUSTED_PROXIES", "", "Networks (CIDR, comma-separated) whose X-Forwarded-* headers are believed."
    ),
    _plain("SHIPBELL_CHANNEL_REGIONS", "wecom=ap-southeast-3", "Where each channel is offered; * = everywhere."),
    _plain("SHIPBELL_TIME_ZONE", "UTC", "Time zone of projects and of pages that have none of their own."),
    _plain("SHIPBELL_OUTBOUND_ALLOW", "", "Networks (CIDR) outside the public internet that may be called."),
    _plain("SHIPBELL_OUTBOUND_PROXY", "", "HTTP proxy for calls to robots; never taken from elsewhere."),
    _plain(
        "SHIPBELL_WECOM_PER_MINUTE", "18", "Messages a minute for one WeCom robot, the burst included; 0 = unpaced."
    ),
    _plain("SHIPBELL_WECOM_BURST", "6", "Messages that may go at once; smaller than the number a minute."),
    _plain("SHIPBELL_SOURCE_PER_SECOND", "0", "Calls a second that a source may make; 0 = no limit."),
    _plain("SHIPBELL_RETENTION_DAYS", "30", "Days that events and deliveries are kept."),
    _plain("SHIPBELL_DELIVERY_EXPIRY_HOURS", "24", "Hours after which a waiting delivery expires."),
    _secret("SHIPBELL_OPERATOR_URL", "Robot that hears about closed robots, a full disk and an old backlog."),
    _plain("SHIPBELL_OPERATOR_LOCALE", "en", "Language of what that robot hears: en or zh-CN."),
    _plain("SHIPBELL_LOG_LEVEL", "info", "debug, info, warning or error."),
    _plain("SHIPBELL_LOG_FORMAT", "json", "json or console."),
    _plain("SHIPBELL_OIDC_ISSUER", "", "OpenID Connect provider; empty = local accounts alone."),
    _plain("SHIPBELL_OIDC_CLIENT_ID", "", "Our client id at the provider."),
    _secret("SHIPBELL_OIDC_CLIENT_SECRET", "Our client secret at the provider."),
    _plain("SHIPBELL_OIDC_USERNAME_CLAIM", "preferred_username", "Claim that names the account."),
    _plain("SHIPBELL_OIDC_GROUPS_CLAIM", "groups", "Claim that lists the groups."),
    _plain(
        "SHIPBELL_OIDC_ROLES",
        "",
        "What groups may do: `group=project:role` or `group=administrator`, separated by commas.",
    ),
    _secret("SHIPBELL_SECRET", "Secret of the source that `shipbell emit` posts to."),
)
CONFIG = "SHIPBELL_CONFIG"
