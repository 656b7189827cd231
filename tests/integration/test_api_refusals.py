"""The API promises: whatever is sent, the answer is a problem that names the fault."""

from pathlib import Path

import pytest

from api_house import KEY, house
from shipbell.domain.ids import Prefix, encode

SUBSCRIPTIONS = f"/projects/{KEY}/subscriptions"
SOURCES = f"/projects/{KEY}/sources"


async def test_a_broken_rule_is_told_with_its_field(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.project(KEY)
        reply = await made.ask("POST", SUBSCRIPTIONS, {"name": "", "url": "ftp://x", "events": [], "user_ids": "a,b"})
        assert reply.status_code == 422
        assert reply.headers["content-type"] == "application/problem+json"
        assert {(one["field"], one["code"]) for one in reply.json()["errors"]} == {
            ("name", "name-length"), ("url", "url-scheme"), ("events", "events-required"),
            ("user_ids", "user-ids-character"),
        }  # fmt: skip


async def test_a_url_that_no_request_can_carry_is_refused_with_its_field(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.project(KEY)
        reply = await made.ask("POST", SUBSCRIPTIONS, {"name": "ops", "url": "https://[::1%é]/x?key=k", "events": []})
        assert reply.status_code == 422
        assert ("url", "url-unusable") in {(one["field"], one["code"]) for one in reply.json()["errors"]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"a": NaN}', 400),
        (b"[" * 200_000, 400),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
        (b'{"name": "\\ud800", "kind": "generic"}', 400),
        (b"[]", 422),
        (b'"text"', 422),
        (b"{}", 422),
        (b'{"name": "a\\u0000b", "kind": "generic"}', 422),
        (b'{"name": ["ci"], "kind": {"a": 1}, "secret": 7}', 422),
        (b'{"name": "ci", "kind": "generic", "secret": ""}', 422),
        (b'{"name": "ci", "kind": "generic", "more": 1}', 422),
        (b'{"name": 123456789012345678901234567890, "kind": "generic"}', 422),
        (b'"' + b"x" * (1024 * 1024) + b'"', 413),
    ],
)
async def test_a_hostile_body_is_answered_with_its_fault(tmp_path: Path, body: bytes, status: int) -> None:
    async with house(tmp_path) as made:
        await made.project(KEY)
        headers = {"Authorization": f"Bearer {made.tokens['root']}", "Content-Type": "application/json"}
        reply = await made.http.post(f"/api/v1{SOURCES}", content=body, headers=headers)
        assert reply.status_code == status, reply.text
        assert reply.json()["status"] == status


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"), ("limit=201", "limit"), ("limit=-1", "limit"), ("limit=x", "limit"),
        ("limit=１", "limit"),
        ("cursor=!!", "cursor"), ("cursor=eA", "cursor"), ("cursor=" + "OTk" * 100, "cursor"), ("cursor=", "cursor"),
        ("cursor=%25%25%25%25", "cursor"), ("cursor=cGF5!bWVu", "cursor"),
        ("from=yesterday", "from"), ("to=2026-13-01T00:00:00Z", "to"), ("state=lost", "state"),
        ("robot=rob_1", "robot"),
        ("subscription=evt_0000000000001", "subscription"), ("source=x%00y", "source"),
    ],
)  # fmt: skip
async def test_a_filter_that_cannot_be_is_told_with_its_field(tmp_path: Path, query: str, field: str) -> None:
    async with house(tmp_path) as made:
        await made.project(KEY)
        reply = await made.ask("GET", f"/projects/{KEY}/deliveries?{query}")
        assert reply.status_code == 422
        assert [one["field"] for one in reply.json()["errors"]] == [field]


@pytest.mark.parametrize(
    "query",
    [
        "from=0001-01-01T00:00:00Z",
        "to=9999-12-31T23:59:59Z",
        "text=%00",
        "from=2026-11-24T00:00:00%2B08:00",
        "from=2026-11-24T00:00:00+08:00",
        "type=none",
        "state=",
    ],
)
async def test_a_filter_at_the_edge_finds_nothing_and_breaks_nothing(tmp_path: Path, query: str) -> None:
    async with house(tmp_path) as made:
        await made.project(KEY)
        for noun in ("deliveries", "events"):
            reply = await made.ask("GET", f"/projects/{KEY}/{noun}?{query}")
            assert (reply.status_code, reply.json()) == (200, {"items": [], "next": None})


async def test_unknown_addresses_and_methods_are_problems_too(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        unknown = await made.ask("GET", "/nothing")
        wrong = await made.ask("DELETE", "/projects")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "not-found")
        assert (wrong.status_code, wrong.json()["code"]) == (405, "wrong-method")
        assert set(wrong.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}
        for path in (f"{SUBSCRIPTIONS}/{encode(Prefix.SUBSCRIPTION, 7)}", f"{SUBSCRIPTIONS}/test", f"{SOURCES}/%00"):
            await made.ask("POST", "/projects", {"key": KEY})
            assert (await made.ask("GET", path)).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "codes"),
    [
        ("/tokens", {"name": "", "expires": 0, "projects": "x"}, {"name-length", "expires-range", "not-a-list"}),
        ("/tokens", {"expires": True, "zz": 1}, {"required", "expires-range", "unknown-key"}),
        ("/users", {"name": "a b", "password": "short"}, {"name-characters", "password-length"}),
    ],
)
async def test_every_broken_rule_is_told_at_once(tmp_path: Path, path: str, body: object, codes: set[str]) -> None:
    async with house(tmp_path) as made:
        reply = await made.ask("POST", path, body)
        assert (reply.status_code, {one["code"] for one in reply.json()["errors"]}) == (422, codes)
