"""No secret promises to appear again: not in the database, a reply, an error, the log or the audit."""

from pathlib import Path

import pytest

from api_house import KEY, House, house

MARK = "m4rk3r"
ROBOT_KEY = f"{MARK}-robot-key-0123456789abcdef"
SOURCE_SECRET = f"{MARK}-source-secret"
PASSWORD = f"{MARK}-password-long"


async def planted(made: House) -> dict[str, dict[str, object]]:
    """A robot's key, a source's secret, a password and a token, each with the mark."""
    await made.project(KEY)
    body = {"name": "group", "url": made.robots.url(ROBOT_KEY), "events": ["pipeline.run.failed"]}
    return {
        "subscription": await made.make(f"/projects/{KEY}/subscriptions", body),
        "source": await made.make(
            f"/projects/{KEY}/sources", {"name": "ci", "kind": "generic", "secret": SOURCE_SECRET}
        ),
        "user": await made.make("/users", {"name": "eve", "password": PASSWORD}),
    }


async def answers(made: House, ids: dict[str, dict[str, object]]) -> list[str]:
    """What the API says when it is asked for everything, also when it refuses what holds the mark."""
    subscription = f"/projects/{KEY}/subscriptions/{ids['subscription']['id']}"
    source = f"/projects/{KEY}/sources/{ids['source']['id']}"
    asked: list[tuple[str, str, object]] = [
        *(("GET", path, None) for path in (subscription, source, f"{source}/calls", "/users", "/audit?limit=200")),
        *(("GET", f"/projects/{KEY}/{noun}", None) for noun in ("robots", "deliveries", "events", "sources")),
        ("PATCH", subscription, {"url": f"ftp://{ROBOT_KEY}"}),
        ("PATCH", subscription, {"url": f"https://x/{ROBOT_KEY}" + "x" * 256}),
        ("PATCH", subscription, {"url": f"https://****{ROBOT_KEY}"}),
        ("PATCH", source, {"secret": [SOURCE_SECRET]}),
        ("PATCH", source, {"secret": f"{SOURCE_SECRET}\n"}),
        ("POST", "/users", {"name": "eve", "password": PASSWORD}),
        ("POST", "/users", {"name": "mallory", "password": [PASSWORD]}),
        ("PATCH", "/users/eve", {"password": PASSWORD}),
        ("POST", f"{subscription}/test", None),
        ("GET", f"/projects/{KEY}/deliveries?limit=200", None),
    ]
    return [(await made.ask(method, path, body)).text for method, path, body in asked]


def written(folder: Path) -> dict[str, bytes]:
    """Every file of the data folder."""
    return {one.name: one.read_bytes() for one in folder.rglob("*") if one.is_file()}


async def test_what_was_planted_is_found_nowhere(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async with house(tmp_path) as made:
        ids = await planted(made)
        told = await answers(made, ids)
        await made.robot("DELETE", f"/robots/{ROBOT_KEY}")
        path = f"/projects/{KEY}/subscriptions/{ids['subscription']['id']}/test"
        told.append((await made.ask("POST", path)).text)
        told.append((await made.ask("GET", f"/projects/{KEY}/robots")).text)
        told.append(await made.parts.export())
        token = made.tokens["root"]
        said = capfd.readouterr()
    for text in (*told, said.out, said.err):
        assert MARK not in text
        assert token not in text
    kept = written(tmp_path)
    assert "shipbell.db" in kept
    for name, content in kept.items():
        assert MARK.encode() not in content, name
        assert token.encode() not in content, name


async def test_the_export_with_secrets_holds_them_so_that_the_mark_would_be_found(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await planted(made)
        whole = await made.parts.export(with_secrets=True)
        assert ROBOT_KEY in whole
        assert SOURCE_SECRET in whole
