"""Who may do what in a project stands in one table, and this is what it promises."""

import pytest

from shipbell.domain.access import TABLE, Action, Role, may

OF_MANAGERS = frozenset(
    {
        Action.CHANGE_SUBSCRIPTIONS,
        Action.TEST,
        Action.REPLAY,
        Action.REOPEN,
        Action.READ_PROJECT_AUDIT,
    }
)
OF_PROJECT_ADMINISTRATORS = frozenset({Action.CHANGE_PROJECT, Action.CHANGE_MEMBERS, Action.CHANGE_SOURCES})
OF_INSTANCE_ADMINISTRATORS = frozenset(
    {Action.MOVE_REGION, Action.CREATE_PROJECT, Action.DELETE_PROJECT, Action.MANAGE_USERS, Action.READ_AUDIT}
)
ALLOWED = {
    Role.PROJECT_ADMINISTRATOR: {Action.LOOK} | OF_MANAGERS | OF_PROJECT_ADMINISTRATORS,
    Role.PROJECT_MANAGER: {Action.LOOK} | OF_MANAGERS,
    Role.DEVELOPER: {Action.LOOK},
    Role.VIEWER: {Action.LOOK},
}


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("role", list(Role))
def test_a_member_may_do_what_the_role_allows_and_nothing_else(role: Role, action: Action) -> None:
    assert may(role, action) is (action in ALLOWED[role])


@pytest.mark.parametrize("action", list(Action))
def test_who_is_no_member_may_do_nothing(action: Action) -> None:
    assert not may(None, action)


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize("action", list(Action))
def test_an_instance_administrator_may_do_everything_member_or_not(role: Role | None, action: Action) -> None:
    assert may(role, action, instance_administrator=True)


@pytest.mark.parametrize("action", sorted(OF_INSTANCE_ADMINISTRATORS))
def test_no_role_of_a_project_reaches_the_instance(action: Action) -> None:
    assert not any(may(role, action) for role in Role)


def test_every_role_has_its_line_and_every_action_its_owner() -> None:
    assert set(TABLE) == set(Role)
    assert {Action.LOOK} | OF_MANAGERS | OF_PROJECT_ADMINISTRATORS | OF_INSTANCE_ADMINISTRATORS == set(Action)
