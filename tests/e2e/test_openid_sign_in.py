"""A real server and a provider that somebody else wrote, as two processes."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from server import Server

_LISTENS = re.compile(r"http://127\.0\.0\.1:\d+")
_START_SECONDS = 60.0
CLIENT_SECRET = "marker +%of the client"
ZHANG = "248289761001"
_PERSON = {"sub": ZHANG, "preferred_username": "zhang.san", "groups": ["ops"]}


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[str]:
    """The address of the provider, which knows one person."""
    log = tmp_path / "provider.log"
    words = ["--port", "0", "--require-nonce", "true", "--user-claims", json.dumps(_PERSON)]
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", *words],
            stdout=said,
            stderr=said,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    try:
        ends = time.monotonic() + _START_SECONDS
        while not (found := _LISTENS.search(log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < ends, log.read_text()
            time.sleep(0.05)
        yield found[0]
    finally:
        process.terminate()
        process.wait(60)


async def signed_in(browser: httpx.AsyncClient, server: Server, person: str) -> httpx.Response:
    """Go to the provider, be this person there, and come back: the answer to coming back."""
    start = await browser.get(f"{server.address}/sign-in/openid", params={"next": "/account"})
    chosen = await browser.post(start.headers["location"], data={"sub": person})
    return await browser.get(chosen.headers["location"])


async def test_a_provider_of_somebody_else_lets_a_person_in(tmp_path: Path, issuer: str) -> None:
    told = {
        "SHIPBELL_OIDC_ISSUER": issuer,
        "SHIPBELL_OIDC_CLIENT_ID": "shipbell",
        "SHIPBELL_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "SHIPBELL_OIDC_ROLES": "ops=administrator",
        "SHIPBELL_LOG_LEVEL": "debug",
    }
    server = Server(folder=tmp_path, more=told)
    await server.start()
    try:
        async with httpx.AsyncClient(timeout=30) as browser:
            back = await signed_in(browser, server, ZHANG)
            assert (back.status_code, back.headers["location"]) == (303, "/account")
            assert "zhang.san" in (await browser.get(f"{server.address}/account")).text
            assert (await browser.get(f"{server.address}/admin/users")).status_code == 200
            stranger = await signed_in(browser, server, "nobody-with-a-name")
            assert stranger.headers["location"].startswith("/sign-in?openid=no-name")
    finally:
        await server.stop()
    assert CLIENT_SECRET not in server.said()
    assert "eyJ" not in server.said()
