"""A change of an account happens whole or not at all, and not after somebody else's."""

from pathlib import Path

from api_house import SYSTEM, House, house

PASSWORD = "another long password"


async def audited(made: House, user: str) -> list[str]:
    """What the audit log says was done to an account, the oldest first."""
    items = (await made.ask("GET", "/audit?limit=200")).json()["items"]
    return [one["action"] for one in reversed(items) if one["target"] == user and one["action"].startswith("user.")]


async def test_a_password_that_is_refused_takes_the_whole_change_with_it(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.make("/users", {"name": "eve", "password": PASSWORD})
        await made.admit("oda")  # without a password, as a provider's account
        for user, password, status in (("eve", "short", 422), ("eve", "password123", 422), ("oda", PASSWORD, 409)):
            for method in ("PATCH", "PUT"):
                reply = await made.ask(method, f"/users/{user}", {"is_admin": True, "password": password})
                assert reply.status_code == status
                assert not (await made.ask("GET", f"/users/{user}")).json()["is_admin"]
                assert await audited(made, user) == ["user.created"]


async def test_a_demotion_that_is_refused_leaves_the_password(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.make("/users", {"name": "eve", "password": PASSWORD, "is_admin": True})
        hashed = await made.parts.accounts.password_hash("eve")
        await made.parts.accounts.change("root", SYSTEM, is_admin=False)
        await made.admit("second", user="eve")
        reply = await made.ask("PATCH", "/users/eve", {"is_admin": False, "password": PASSWORD + "!"}, who="second")
        assert (reply.status_code, reply.json()["code"]) == (409, "last-administrator")
        assert await made.parts.accounts.password_hash("eve") == hashed


async def test_both_at_once_are_two_entries_of_the_audit_log_and_end_the_sessions(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.make("/users", {"name": "eve", "password": PASSWORD})
        cookie, _ = await made.sign_in("eve")
        reply = await made.ask("PATCH", "/users/eve", {"is_admin": True, "password": PASSWORD + "!"})
        assert (reply.status_code, reply.json()["is_admin"]) == (200, True)
        assert await audited(made, "eve") == ["user.created", "user.updated", "user.password_changed"]
        headers = {"Cookie": f"shipbell_session={cookie}"}
        assert (await made.ask("GET", "/projects", who="nobody", headers=headers)).status_code == 401


async def test_of_two_who_saw_the_same_account_one_changes_it(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.make("/users", {"name": "eve", "password": PASSWORD})
        etag = {"If-Match": (await made.ask("GET", "/users/eve")).headers["etag"]}
        first = await made.ask("PATCH", "/users/eve", {"is_admin": True}, headers=etag)
        second = await made.ask("PATCH", "/users/eve", {"is_admin": False}, headers=etag)
        third = await made.ask("DELETE", "/users/eve", headers=etag)
        assert [one.status_code for one in (first, second, third)] == [200, 412, 412]
        assert (await made.ask("DELETE", "/users/eve", headers={"If-Match": first.headers["etag"]})).status_code == 204
        assert await audited(made, "eve") == ["user.created", "user.updated", "user.removed"]
