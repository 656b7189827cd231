"""What groups of the provider give, and take away again."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from api_house import SYSTEM, House
from openid_house import audited, came_back, openid_house, signed_in
from openid_provider import Provider, openid_provider
from shipbell.domain.access import Role
from shipbell.domain.errors import Conflict
from shipbell.ports.directory import DropMember, MemberRecord, PutMember

ROLES = (
    "payments-team=payments:developer, payments-leads=payments:project_administrator,"
    " ship=orders:viewer, ship=lost:viewer, ops=administrator"
)
ME = "zhang.san"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with openid_provider() as made:
        yield made


async def come(house: House, provider: Provider, *groups: str) -> Mapping[str, Role]:
    """Sign in with these groups: the roles afterwards."""
    provider.claims["groups"] = list(groups)
    assert signed_in(await came_back(house))
    return await house.parts.accounts.roles(ME)


async def is_admin(house: House, name: str = ME) -> bool:
    user = await house.parts.accounts.user(name)
    return user is not None and user.is_admin


async def give(house: House, role: Role) -> None:
    """Give a role by hand."""
    member = MemberRecord(user=ME, role=role)
    await house.parts.directory.change([PutMember(project="payments", member=member)], SYSTEM)


async def test_groups_give_roles_and_the_strongest_counts(tmp_path: Path, provider: Provider) -> None:
    async with openid_house(tmp_path, provider, SHIPBELL_OIDC_ROLES=ROLES) as made:
        await made.project("payments")
        await made.project("orders")
        assert await come(made, provider) == {}
        both = await come(made, provider, "payments-team", "payments-leads", "ship", "unheard-of")
        assert both == {"payments": Role.PROJECT_ADMINISTRATOR, "orders": Role.VIEWER}


async def test_a_lost_group_takes_its_role_away_at_the_next_sign_in(tmp_path: Path, provider: Provider) -> None:
    async with openid_house(tmp_path, provider, SHIPBELL_OIDC_ROLES=ROLES) as made:
        await made.project("payments")
        await made.project("orders")
        await come(made, provider, "payments-leads", "ship")
        assert await come(made, provider, "payments-team") == {"payments": Role.DEVELOPER}
        assert await come(made, provider) == {}
        entries = await audited(made)
    of_members = [(action, target) for action, target, actor in entries if actor == "OpenID Connect"]
    assert of_members.count(("member.set", ME)) == 3
    assert of_members.count(("member.removed", ME)) == 2


async def test_a_claim_that_stays_away_gives_nothing(tmp_path: Path, provider: Provider) -> None:
    async with openid_house(tmp_path, provider, SHIPBELL_OIDC_ROLES=ROLES) as made:
        await made.project("payments")
        await come(made, provider, "payments-team")
        del provider.claims["groups"]
        assert signed_in(await came_back(made))
        assert await made.parts.accounts.roles(ME) == {}


async def test_a_role_given_by_hand_is_neither_changed_nor_taken(tmp_path: Path, provider: Provider) -> None:
    async with openid_house(tmp_path, provider, SHIPBELL_OIDC_ROLES=ROLES) as made:
        await made.project("payments")
        await give(made, Role.VIEWER)
        assert await come(made, provider, "payments-leads") == {"payments": Role.VIEWER}
        assert await come(made, provider) == {"payments": Role.VIEWER}
        await made.parts.directory.change([DropMember(project="payments", user=ME)], SYSTEM)
        assert await come(made, provider, "payments-team") == {"payments": Role.DEVELOPER}
        await give(made, Role.PROJECT_MANAGER)
        assert await come(made, provider) == {"payments": Role.PROJECT_MANAGER}


async def test_a_role_by_groups_goes_also_when_the_settings_name_it_no_more(tmp_path: Path, provider: Provider) -> None:
    async with openid_house(tmp_path, provider, SHIPBELL_OIDC_ROLES=ROLES) as made:
        await made.project("payments")
        await come(made, provider, "payments-team")
    async with openid_house(tmp_path, provider) as made:
        assert await come(made, provider, "payments-team") == {}


async def test_a_role_named_before_the_account_existed_is_there_at_the_first_sign_in(
    tmp_path: Path, provider: Provider
) -> None:
    async with openid_house(tmp_path, provider) as made:
        await made.project("payments", {ME: Role.PROJECT_MANAGER})
        assert await come(made, provider) == {"payments": Role.PROJECT_MANAGER}


async def test_a_group_makes_and_unmakes_an_instance_administrator(tmp_path: Path, provider: Provider) -> None:
    async with openid_house(tmp_path, provider, SHIPBELL_OIDC_ROLES=ROLES) as made:
        await come(made, provider, "ops")
        assert await is_admin(made)
        await made.parts.accounts.set_preferences(ME, locale="zh-CN", time_zone=None, by=SYSTEM)
        await come(made, provider)
        assert not await is_admin(made)
        entries = await audited(made)
    assert ("user.updated", ME, "OpenID Connect") in entries


async def test_an_administrator_made_by_hand_stays_one_without_the_group(tmp_path: Path, provider: Provider) -> None:
    async with openid_house(tmp_path, provider, SHIPBELL_OIDC_ROLES=ROLES) as made:
        await come(made, provider, "ops")
        await made.parts.accounts.change(ME, SYSTEM, is_admin=False)
        await made.parts.accounts.change(ME, SYSTEM, is_admin=True)
        await come(made, provider)
        assert await is_admin(made)


async def test_the_last_administrator_stays_one_without_the_group(tmp_path: Path, provider: Provider) -> None:
    async with openid_house(tmp_path, provider, SHIPBELL_OIDC_ROLES=ROLES) as made:
        await come(made, provider, "ops")
        await made.parts.accounts.remove_user("root", SYSTEM)
        await come(made, provider)
        assert await is_admin(made)


async def test_an_account_of_the_provider_gets_no_password_here(tmp_path: Path, provider: Provider) -> None:
    async with openid_house(tmp_path, provider) as made:
        await come(made, provider)
        with pytest.raises(Conflict, match="identity provider"):
            await made.parts.accounts.change(ME, SYSTEM, password_hash="hash")
