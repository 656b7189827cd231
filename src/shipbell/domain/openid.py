"""Signing in through an identity provider: why it may fail, and what groups may do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from shipbell.domain.access import Role

ADMINISTRATOR = "administrator"
_STRONGEST = tuple(Role)


class Refusal(StrEnum):
    """Why somebody was not signed in."""

    UNREACHABLE = "unreachable"
    MISCONFIGURED = "misconfigured"
    DENIED = "denied"
    OUT_OF_DATE = "out-of-date"
    NOT_TRUSTED = "not-trusted"
    NO_NAME = "no-name"
    NAME_TAKEN = "name-taken"
    TOO_OFTEN = "too-often"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """What somebody's groups give: the strongest role in each project, and whether in the whole instance."""

    is_admin: bool
    roles: Mapping[str, Role]


def granted(groups: Iterable[str], table: Mapping[str, tuple[str, ...]]) -> Grants:
    """What these groups give by a table of group → `project:role` or `administrator`."""
    given = [one for group in groups for one in table.get(group, ())]
    roles: dict[str, Role] = {}
    for one in given:
        project, colon, name = one.partition(":")
        if colon:
            roles[project] = min(Role(name), roles.get(project, Role.VIEWER), key=_STRONGEST.index)
    return Grants(is_admin=ADMINISTRATOR in given, roles=roles)
