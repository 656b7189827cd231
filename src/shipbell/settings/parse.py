"""From the text of a setting to its value; every fault is gathered and told at once."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

from shipbell.domain import validation
from shipbell.domain.access import Role
from shipbell.domain.addresses import written
from shipbell.domain.errors import BadSettings
from shipbell.domain.openid import ADMINISTRATOR
from shipbell.domain.secret import Secret
from shipbell.domain.validation import Findings
from shipbell.settings.table import SETTINGS

Network = IPv4Network | IPv6Network
_DEFAULTS = {one.name: one.default for one in SETTINGS}
_DIGITS = 12


class Parser:
    """Reads one value after another and remembers what is wrong."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """Read from these texts; one that is absent or empty has its default."""
        self._values = values
        self._faults: list[str] = []

    def finish(self) -> None:
        """Raise BadSettings if anything was wrong."""
        if self._faults:
            raise BadSettings("; ".join(self._faults))

    def broken(self, name: str, cure: str) -> None:
        """Remember a fault."""
        self._faults.append(f"{name} {cure}")

    def text(self, name: str) -> str:
        """A text without spaces around it."""
        return self._values.get(name, "").strip() or _DEFAULTS[name]

    def secret(self, name: str) -> Secret | None:
        """A secret, or None when it is not given."""
        value = self.text(name)
        return Secret(value) if value else None

    def whole(self, name: str, *, least: int, most: int) -> int:
        """A whole number within bounds."""
        text = self.text(name)
        digits = text.lstrip("0") or "0"
        if not (text.isascii() and text.isdigit()) or len(digits) > _DIGITS or not least <= int(digits) <= most:
            self.broken(name, f"must be a whole number from {least} to {most}")
            return int(_DEFAULTS[name])
        return int(digits)

    def number(self, name: str, *, least: float, most: float) -> float:
        """A number within bounds."""
        try:
            value = float(self.text(name))
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            self.broken(name, f"must be a number from {least:g} to {most:,.0f}")
            return float(_DEFAULTS[name])
        return value

    def one_of(self, name: str, words: Sequence[str]) -> str:
        """One of some words, in whatever case it is written."""
        written = self.text(name).lower()
        for word in words:
            if word.lower() == written:
                return word
        self.broken(name, f"must be one of {', '.join(words)}")
        return words[0]

    def url(self, name: str) -> str:
        """An http or https address, or nothing."""
        value = self.text(name)
        if value and not _is_address(value):
            self.broken(name, "must start with http:// or https:// and name a host")
            return ""
        return value

    def root_url(self, name: str) -> str:
        """An http or https address under which other addresses stand, without a slash at its end, or nothing."""
        value = self.url(name).rstrip("/")
        if any(sign in value for sign in "?#@"):
            self.broken(name, "must be scheme, host, port and path alone, such as https://bell.example.com")
            return ""
        return value

    def secret_url(self, name: str) -> Secret | None:
        """An http or https address that is a secret and can be called, or None."""
        value = self.url(name)
        if value and written(value) is None:
            self.broken(name, "cannot be called: copy the address from the robot again")
            return None
        return Secret(value) if value else None

    def time_zone(self, name: str) -> str:
        """An IANA time zone."""
        zone = validation.time_zone(Findings(), self.text(name))
        if zone is None:
            self.broken(name, "must be a time zone such as Asia/Shanghai")
        return zone or _DEFAULTS[name]

    def networks(self, name: str) -> tuple[Network, ...]:
        """Networks separated by commas."""
        found: list[Network] = []
        for part in self.text(name).split(","):
            if part.strip():
                try:
                    found.append(ip_network(part.strip(), strict=False))
                except ValueError:
                    self.broken(name, f"has no network in “{part.strip()}”: write such as 127.0.0.0/8")
        return tuple(found)

    def regions(self, name: str) -> dict[str, frozenset[str]]:
        """Pairs `channel=region`; `wecom=a,wecom=b` or `wecom=a|b` offer it in several, `*` everywhere."""
        found: dict[str, frozenset[str]] = {}
        channel = ""
        for part in self.text(name).replace(";", ",").split(","):
            head, equals, tail = part.strip().partition("=")
            channel, codes = (head.strip(), tail) if equals else (channel, head)
            if not channel or not codes.strip():
                self.broken(name, "must be pairs such as wecom=ap-southeast-3")
                continue
            wanted = {one.strip() for one in codes.split("|")}
            for one in sorted(wanted):
                if one != "*" and validation.region(Findings(), one) is None:
                    self.broken(name, f"has no code of a region in “{one}”: write such as ap-southeast-3, or *")
            found[channel] = found.get(channel, frozenset()) | wanted
        return found

    def roles(self, name: str) -> dict[str, tuple[str, ...]]:
        """Pairs `group=project:role` or `group=administrator`."""
        found: dict[str, tuple[str, ...]] = {}
        for part in self.text(name).split(","):
            if not part.strip():
                continue
            group, equals, role = part.strip().rpartition("=")
            if not equals or not group.strip() or not _is_role(role.strip()):
                self.broken(
                    name,
                    f"has no role in “{part.strip()}”: write group=project:role or group=administrator, "
                    f"with a role of {', '.join(Role)}",
                )
                continue
            found[group.strip()] = (*found.get(group.strip(), ()), role.strip())
        return found


def _is_role(text: str) -> bool:
    """`administrator` or `project:role`."""
    project, _, role = text.partition(":")
    return text == ADMINISTRATOR or (bool(project) and role in set(Role))


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0
