"""The API takes a change only from who saw the present version, where the writer says what was seen."""

from pathlib import Path

import pytest

from api_house import FAR_URL, KEY, SECRET, House, house

SUBSCRIPTIONS = f"/projects/{KEY}/subscriptions"
SOURCES = f"/projects/{KEY}/sources"
BODY = {"name": "release group", "url": FAR_URL, "events": ["check.task.completed"]}


async def made_subscription(made: House) -> dict[str, object]:
    await made.project(KEY)
    return await made.make(SUBSCRIPTIONS, BODY)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_a_stale_etag_changes_nothing_anywhere(tmp_path: Path, method: str) -> None:
    async with house(tmp_path) as made:
        one = await made_subscription(made)
        source = await made.make(SOURCES, {"name": "ci", "kind": "generic", "secret": SECRET})
        user = await made.make("/users", {"name": "eve", "password": "long-enough-1"})
        await made.ask("PUT", f"/projects/{KEY}/members/eve", {"role": "viewer"})
        bodies = {
            f"{SUBSCRIPTIONS}/{one['id']}": BODY,
            f"{SOURCES}/{source['id']}": {"name": "ci", "kind": "cloudevents"},
            f"/users/{user['id']}": {"is_admin": True},
            f"/projects/{KEY}/members/eve": {"role": "developer"},
            f"/projects/{KEY}": {"name": "Other"},
        }
        for path, body in bodies.items():
            if method == "PATCH" and "members" in path:
                continue
            for tag in ('"999"', "nonsense"):
                reply = await made.ask(method, path, body if method != "DELETE" else None, headers={"If-Match": tag})
                assert (reply.status_code, reply.json()["code"]) == (412, "stale"), path
        deleted = await made.ask("DELETE", f"{SUBSCRIPTIONS}/{one['id']}", headers={"If-Match": '"1"'})
        assert deleted.status_code == 204


@pytest.mark.parametrize(
    ("tags", "status"),
    [
        ('"999", "{now}"', 204),
        ('"{now}","1"', 204),
        ('W/"{now}"', 204),
        ('"abc", W/"999", W/"{now}"', 204),
        ("*", 204),
        ('"999", W/"998"', 412),
        ('"abc"', 412),
        ("", 412),
    ],
)
async def test_if_match_holds_when_any_of_its_tags_is_the_present_one(tmp_path: Path, tags: str, status: int) -> None:
    async with house(tmp_path) as made:
        one = await made_subscription(made)
        source = await made.make(SOURCES, {"name": "ci", "kind": "generic", "secret": SECRET})
        await made.make("/users", {"name": "eve", "password": "long-enough-1"})
        await made.ask("PUT", f"/projects/{KEY}/members/eve", {"role": "viewer"})
        for path in (
            f"{SUBSCRIPTIONS}/{one['id']}", f"{SOURCES}/{source['id']}", f"/projects/{KEY}/members/eve", "/users/eve",
            f"/projects/{KEY}",
        ):  # fmt: skip
            listed = path if "members" not in path else ""
            now = (await made.ask("GET", listed)).headers["etag"].strip('"') if listed else "1"
            reply = await made.ask("DELETE", path, headers={"If-Match": tags.replace("{now}", now)})
            assert reply.status_code == status, path
