"""Who may do what: one table."""

from enum import StrEnum


class Role(StrEnum):
    """A member's role in a project."""

    PROJECT_ADMINISTRATOR = "project_administrator"
    PROJECT_MANAGER = "project_manager"
    DEVELOPER = "developer"
    VIEWER = "viewer"


class Action(StrEnum):
    """What one may do, within a project or with the instance."""

    LOOK = "look"
    CHANGE_SUBSCRIPTIONS = "change-subscriptions"
    TEST = "test"
    REPLAY = "replay"
    REOPEN = "reopen"
    READ_PROJECT_AUDIT = "read-project-audit"
    CHANGE_PROJECT = "change-project"
    CHANGE_MEMBERS = "change-members"
    CHANGE_SOURCES = "change-sources"
    MOVE_REGION = "move-region"
    CREATE_PROJECT = "create-project"
    DELETE_PROJECT = "delete-project"
    MANAGE_USERS = "manage-users"
    READ_AUDIT = "read-audit"


class Reach(StrEnum):
    """What needs no role: open to anybody, or to whoever is signed in (the catalog, one's own things)."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed-in"


# The actions that belong to no project: they need an instance administrator, and a token that is not narrowed.
OF_THE_INSTANCE = frozenset({Action.CREATE_PROJECT, Action.MANAGE_USERS, Action.READ_AUDIT})

_LOOKS = frozenset({Action.LOOK})
_MANAGES = _LOOKS | {
    Action.CHANGE_SUBSCRIPTIONS,
    Action.TEST,
    Action.REPLAY,
    Action.REOPEN,
    Action.READ_PROJECT_AUDIT,
}
_ADMINISTERS = _MANAGES | {Action.CHANGE_PROJECT, Action.CHANGE_MEMBERS, Action.CHANGE_SOURCES}

TABLE: dict[Role, frozenset[Action]] = {
    Role.PROJECT_ADMINISTRATOR: _ADMINISTERS,
    Role.PROJECT_MANAGER: _MANAGES,
    Role.DEVELOPER: _LOOKS,
    Role.VIEWER: _LOOKS,
}


def may(role: Role | None, action: Action, *, instance_administrator: bool = False) -> bool:
    """Whether one may; an instance administrator may do everything."""
    if instance_administrator:
        return True
    return role is not None and action in TABLE[role]
