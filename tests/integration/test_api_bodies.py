"""The API promises: what a body says counts, what it cannot say is told, and no answer grows out of hand."""

from pathlib import Path

import pytest
from sqlalchemy import event

from api_house import KEY, SECRET, House, house
from shipbell.usecases.accounts import PASSWORD_CHARACTERS

SOURCES = f"/projects/{KEY}/sources"
ANSWER_BYTES = 512 * 1024


async def errors_of(made: House, method: str, path: str, body: object) -> list[tuple[str, str]]:
    """The fields and codes of a refusal."""
    reply = await made.ask(method, path, body)
    assert reply.status_code == 422, reply.text
    return [(one["field"], one["code"]) for one in reply.json()["errors"]]


async def test_a_secret_of_null_is_one_that_is_left_out(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.project(KEY)
        told = str((await made.make(SOURCES, {"name": "ci", "kind": "generic", "secret": None}))["secret"])
        sent = {"id": "a", "type": "pipeline.run.failed", "subject": {"name": "x"}}
        headers = {"Authorization": f"Bearer {told}"}
        assert (await made.http.post(f"/hooks/{KEY}/ci", json=sent, headers=headers)).status_code == 202


@pytest.mark.parametrize("secret", [" padded ", "padded "])
async def test_a_secret_with_spaces_around_it_opens_its_source(tmp_path: Path, secret: str) -> None:
    async with house(tmp_path) as made:
        await made.project(KEY)
        await made.make(SOURCES, {"name": "ci", "kind": "generic", "secret": secret})
        sent = {"id": "a", "type": "pipeline.run.failed", "subject": {"name": "x"}}
        headers = {"Authorization": "Bearer padded"}
        assert (await made.http.post(f"/hooks/{KEY}/ci", json=sent, headers=headers)).status_code == 202


async def test_what_a_call_does_not_know_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.project(KEY)
        source = await made.make(SOURCES, {"name": "ci", "kind": "generic", "secret": SECRET})
        for method, path, body, key in (
            ("PUT", f"/projects/{KEY}/members/bob", {"role": "viewer", "rolle": "x"}, "rolle"),
            ("POST", f"{SOURCES}/{source['id']}/rotate", {"secret": "my own"}, "secret"),
            ("POST", f"/projects/{KEY}/deliveries/replay", {"next": "MQ"}, "next"),
            ("POST", "/tokens", {"name": "bot", "expires_at": "2026-12-01T00:00:00Z"}, "expires_at"),
        ):
            assert await errors_of(made, method, path, body) == [(key, "unknown-key")]
        assert (await made.ask("GET", f"/projects/{KEY}/members/bob")).status_code == 404
        assert (await made.ask("GET", f"{SOURCES}/{source['id']}")).headers["ETag"] == '"1"'


async def test_very_many_mistakes_are_not_told_one_and_all(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.project(KEY)
        path = f"/projects/{KEY}/subscriptions"
        wrong = {"name": "x", "url": "http://x/y", "events": [f"e{number}" for number in range(50_000)]}
        long = {"name": "x", "url": "http://x/y", "events": ["e" * 500_000], "k" * 500_000: 1}
        for body, count in ((wrong, 1_000), (long, 2)):
            reply = await made.ask("POST", path, body)
            assert (reply.status_code, len(reply.json()["errors"])) == (422, count)
            assert len(reply.content) < ANSWER_BYTES


async def test_a_token_for_very_many_projects_asks_the_database_no_more_often(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        asked: list[str] = []
        event.listen(
            made.parts.opened.database.reader,
            "before_cursor_execute",
            lambda _connection, _cursor, statement, *_rest: asked.append(statement),
        )
        reply = await made.ask("POST", "/tokens", {"name": "bot", "projects": [f"p{one}" for one in range(500)]})
        assert reply.status_code == 404
        assert 0 < len(asked) < 20


async def test_the_document_asks_for_passwords_as_long_as_the_rule_does(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        shapes = (await made.http.get("/api/openapi.json")).json()["components"]["schemas"]
        for name in ("UserBody", "UserChange"):
            told = shapes[name]["properties"]["password"]
            assert told["minLength"] == PASSWORD_CHARACTERS
        body = {"name": "bob", "password": "zq8k2m1p"}
        assert len(body["password"]) == PASSWORD_CHARACTERS
        await made.make("/users", body)
