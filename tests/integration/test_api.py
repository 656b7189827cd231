"""The API promises: what was read can be sent back, one of two writers wins, and errors name the field."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api_house import FAR_URL, KEY, SECRET, House, house
from shipbell.usecases.merge_patch import merged

SUBSCRIPTIONS = f"/projects/{KEY}/subscriptions"
SOURCES = f"/projects/{KEY}/sources"
BODY = {
    "name": "release group",
    "channel": "wecom",
    "url": FAR_URL,
    "events": ["check.task.completed", "pipeline.run.failed"],
    "gate": "failed",
    "content": {"pipeline": ["pipeline_name", "trigger"]},
    "user_ids": "zhang.san;li.si",
    "locale": "zh-CN",
    "format": "text",
    "enabled": True,
}


async def made_subscription(made: House, **more: object) -> dict[str, object]:
    await made.project(KEY)
    return await made.make(SUBSCRIPTIONS, {**BODY, **more})


async def test_a_subscription_reads_back_as_it_was_written_with_its_url_masked(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        one = await made_subscription(made)
        read = await made.ask("GET", f"{SUBSCRIPTIONS}/{one['id']}")
        assert read.json() == one
        assert {name: one[name] for name in BODY if name != "url"} == {k: v for k, v in BODY.items() if k != "url"}
        assert one["url"] == "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=********5aaa"
        assert one["updated_by"] == "root"
        assert read.headers["ETag"] == '"1"'


async def test_what_was_read_may_be_sent_back_and_changes_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        one = await made_subscription(made)
        source = await made.make(SOURCES, {"name": "ci", "kind": "generic", "secret": SECRET})
        for path in (f"{SUBSCRIPTIONS}/{one['id']}", f"{SOURCES}/{source['id']}", f"/projects/{KEY}"):
            before = await made.ask("GET", path)
            again = await made.ask("PUT", path, before.json())
            assert again.status_code == 200, again.text
            assert (again.json(), again.headers["ETag"]) == (before.json(), before.headers["ETag"])
        whole = await made.parts.directory.whole(KEY)
        assert whole is not None
        assert whole.subscriptions[0].url.reveal() == FAR_URL
        assert whole.sources[0].secret.reveal() == SECRET


async def test_put_gives_what_is_left_out_its_default_and_patch_leaves_it_alone(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        one = await made_subscription(made)
        path = f"{SUBSCRIPTIONS}/{one['id']}"
        patched = (await made.ask("PATCH", path, {"enabled": False})).json()
        assert (patched["enabled"], patched["gate"], patched["locale"]) == (False, "failed", "zh-CN")
        patched = (await made.ask("PATCH", path, {"gate": None, "content": {"check": []}})).json()
        assert patched["gate"] == "all"
        assert patched["content"] == {"check": [], "pipeline": ["pipeline_name", "trigger"]}
        least = {name: BODY[name] for name in ("name", "url", "events")}
        put = (await made.ask("PUT", path, least)).json()
        assert (put["enabled"], put["gate"], put["locale"], put["format"], put["content"], put["user_ids"]) == (
            True, "all", "en", "markdown", {}, "",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merging_follows_the_examples_of_the_standard(target: object, patch: object, result: object) -> None:
    assert merged(target, patch) == result


async def test_of_two_writers_one_wins_and_the_log_shows_one_change(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        one = await made_subscription(made)
        path = f"{SUBSCRIPTIONS}/{one['id']}"
        seen = {"If-Match": '"1"'}
        replies = await asyncio.gather(
            made.ask("PATCH", path, {"user_ids": "first"}, headers=seen),
            made.ask("PATCH", path, {"user_ids": "second"}, headers=seen),
        )
        assert sorted(one.status_code for one in replies) == [200, 412]
        winner = next(one.json() for one in replies if one.status_code == 200)
        assert (await made.ask("GET", path)).json() == winner
        told = (await made.ask("GET", f"/audit?project={KEY}&action=subscription.updated")).json()["items"]
        assert [one["after"]["user_ids"] for one in told] == [winner["user_ids"]]


async def test_writers_who_do_not_say_what_they_saw_lose_nothing_of_each_other(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        one = await made_subscription(made)
        path = f"{SUBSCRIPTIONS}/{one['id']}"
        changes = ({"user_ids": "first"}, {"gate": "passed"}, {"locale": "en"}, {"enabled": False})
        replies = await asyncio.gather(*(made.ask("PATCH", path, change) for change in changes))
        assert [one.status_code for one in replies] == [200] * 4
        found = (await made.ask("GET", path)).json()
        assert (found["user_ids"], found["gate"], found["locale"], found["enabled"]) == ("first", "passed", "en", False)


async def test_a_second_one_of_a_name_is_refused_and_the_first_one_stays(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        one = await made_subscription(made)
        await made.make(SOURCES, {"name": "ci", "kind": "generic", "secret": SECRET})
        await made.make("/users", {"name": "eve", "password": "long-enough-1"})
        other = await made.make(SUBSCRIPTIONS, {**BODY, "name": "other"})
        for method, path, body in (
            ("POST", SUBSCRIPTIONS, {**BODY, "gate": "all"}),
            ("POST", SOURCES, {"name": "ci", "kind": "codearts"}),
            ("POST", "/projects", {"key": KEY}),
            ("POST", "/users", {"name": "eve", "password": "long-enough-2"}),
            ("PATCH", f"{SUBSCRIPTIONS}/{other['id']}", {"name": BODY["name"]}),
        ):
            reply = await made.ask(method, path, body)
            assert (reply.status_code, reply.json()["code"]) == (409, "name-taken"), path
        assert (await made.ask("GET", f"{SUBSCRIPTIONS}/{one['id']}")).json() == one


async def test_pages_show_every_item_once(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.project(KEY)
        await made.make(SOURCES, {"name": "ci", "kind": "generic", "secret": SECRET})
        await made.make(SUBSCRIPTIONS, {**BODY, "url": made.robots.url("group"), "enabled": False})
        for number in range(7):
            await made.emit("pipeline.run.failed", f"run-{number}")
            await made.make("/users", {"name": f"user-{number}", "password": "long-enough-1"})
            await made.make(SUBSCRIPTIONS, {**BODY, "name": f"group {number}"})
        for path, count in (
            (f"/projects/{KEY}/events", 7), ("/users", 8), (SUBSCRIPTIONS, 8), ("/audit", None), ("/regions", None),
        ):  # fmt: skip
            seen, cursor = [], ""
            while True:
                page = (await made.ask("GET", f"{path}?limit=3{cursor}")).json()
                assert 1 <= len(page["items"]) <= 3
                seen += [one["id"] for one in page["items"]]
                if page["next"] is None:
                    break
                cursor = f"&cursor={page['next']}"
            whole = (await made.ask("GET", f"{path}?limit=200")).json()
            assert seen == [one["id"] for one in whole["items"]]
            assert len(set(seen)) == len(seen) == (count or len(seen))


async def test_a_secret_is_told_once_and_never_again(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.project(KEY)
        made_up = await made.make(SOURCES, {"name": "ci", "kind": "generic"})
        given = await made.make(SOURCES, {"name": "own", "kind": "generic", "secret": SECRET})
        assert len(str(made_up["secret"])) >= 32
        assert given["secret"] == "********"
        assert made_up["hook"] == f"http://shipbell.test/hooks/{KEY}/ci"
        token = await made.make("/tokens", {"name": "bot", "projects": [KEY], "expires": 30})
        everything = [
            (await made.ask("GET", path)).text
            for path in (SOURCES, f"{SOURCES}/{made_up['id']}", "/tokens", "/audit?limit=200", f"/projects/{KEY}")
        ]
        for secret in (made_up["secret"], SECRET, token["token"]):
            assert not any(str(secret) in text for text in everything)
        reply = await made.ask("GET", SOURCES)
        assert (reply.headers["cache-control"], reply.headers["x-content-type-options"]) == ("no-store", "nosniff")


async def test_a_rotated_source_takes_both_secrets_until_the_overlap_ends(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.project(KEY)
        source = await made.make(SOURCES, {"name": "ci", "kind": "generic", "secret": SECRET})
        rotated = await made.ask("POST", f"{SOURCES}/{source['id']}/rotate", {"overlap_hours": 24})
        assert rotated.status_code == 200
        fresh = rotated.json()["secret"]
        statuses = [await knocked(made, secret, f"a-{secret}") for secret in (SECRET, fresh, "wrong")]
        assert statuses == [202, 202, 401]
        await made.ask("POST", f"{SOURCES}/{source['id']}/rotate", {"overlap_hours": 0})
        assert [await knocked(made, secret, f"b-{secret}") for secret in (SECRET, fresh)] == [401, 401]
        async with asyncio.timeout(60):
            while len(calls := (await made.ask("GET", f"{SOURCES}/{source['id']}/calls")).json()["items"]) < 5:
                await asyncio.sleep(0.05)
        assert sorted((one["status"], one["code"]) for one in calls) == [
            *[(202, "accepted")] * 2,
            *[(401, "bad-signature")] * 3,
        ]  # fmt: skip
        for hours in (-1, 1e9, "many", True):
            reply = await made.ask("POST", f"{SOURCES}/{source['id']}/rotate", {"overlap_hours": hours})
            assert reply.status_code == 422


@pytest.mark.parametrize("body", [None, {}, {"overlap_hours": 24}])
async def test_a_rotation_that_does_not_say_how_long_keeps_the_old_secret_for_a_day(
    tmp_path: Path, body: dict[str, object] | None
) -> None:
    async with house(tmp_path) as made:
        await made.project(KEY)
        source = await made.make(SOURCES, {"name": "ci", "kind": "generic", "secret": SECRET})
        rotated = await made.ask("POST", f"{SOURCES}/{source['id']}/rotate", body)
        until = datetime.fromisoformat(rotated.json()["old_secret_until"])
        assert timedelta(hours=23, minutes=55) < until - datetime.now(UTC) <= timedelta(hours=24)
        assert [await knocked(made, one, f"c-{one}") for one in (SECRET, rotated.json()["secret"])] == [202, 202]
        ended = await made.ask("POST", f"{SOURCES}/{source['id']}/rotate", {"overlap_hours": 0})
        assert ended.json()["old_secret_until"] is None


async def knocked(made: House, secret: str, event_id: str) -> int:
    event = {"id": event_id, "type": "pipeline.run.failed", "subject": {"name": "x"}}
    reply = await made.http.post(f"/hooks/{KEY}/ci", json=event, headers={"Authorization": f"Bearer {secret}"})
    return reply.status_code


async def test_outside_the_regions_of_the_channel_one_may_only_switch_off_and_delete(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        one = await made_subscription(made)
        path = f"{SUBSCRIPTIONS}/{one['id']}"
        await made.ask("PATCH", f"/projects/{KEY}", {"region": "cn-north-4"})
        for method, where, body in (
            ("POST", SUBSCRIPTIONS, {**BODY, "name": "new"}),
            ("PATCH", path, {"user_ids": "x"}),
            ("POST", f"{path}/test", None),
            ("POST", f"{SUBSCRIPTIONS}/test", {"url": FAR_URL}),
        ):
            reply = await made.ask(method, where, body)
            assert (reply.status_code, reply.json()["code"]) == (409, "channel-unavailable-in-region"), where
        assert (await made.ask("PUT", path, one)).status_code == 200
        assert (await made.ask("PATCH", path, {"enabled": False})).status_code == 200
        assert (await made.ask("PATCH", path, {"enabled": True})).status_code == 409
        assert (await made.ask("DELETE", path)).status_code == 204


async def test_the_last_administrator_stays_and_a_new_password_is_checked(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        reply = await made.ask("PATCH", "/users/root", {"is_admin": False})
        assert (reply.status_code, reply.json()["code"]) == (409, "last-administrator")
        assert (await made.ask("DELETE", "/users/root")).status_code == 409
        for body, code in (
            ({"name": "eve", "password": "short"}, "password-length"),
            ({"name": "eve", "password": "password123"}, "password-common"),
            ({"name": "eve"}, "required"),
            ({"name": "a b", "password": "long-enough-1"}, "name-characters"),
        ):
            reply = await made.ask("POST", "/users", body)
            assert [one["code"] for one in reply.json()["errors"]] == [code]


async def test_a_token_ends_with_its_revocation_and_nobody_ends_anothers(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.admit("eve")
        token = await made.make("/tokens", {"name": "bot"})
        made.tokens["bot"] = str(token["token"])
        assert (await made.ask("GET", "/catalog", who="bot")).status_code == 200
        assert (await made.ask("DELETE", f"/tokens/{token['id']}", who="eve")).status_code == 404
        assert (await made.ask("DELETE", f"/tokens/{token['id']}")).status_code == 204
        assert (await made.ask("GET", "/catalog", who="bot")).status_code == 401
        assert (await made.ask("GET", "/catalog", who="nobody")).headers["WWW-Authenticate"] == "Bearer"
