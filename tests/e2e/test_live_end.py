"""An open event stream does not hold up the end of the server."""

import re
from pathlib import Path

import aiohttp

from server import PASSWORD, Server


async def test_a_server_with_an_open_stream_stops_at_once(tmp_path: Path) -> None:
    server = Server(folder=tmp_path)
    await server.apply({"payments": {}})
    await server.start()
    async with aiohttp.ClientSession(server.address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get("/sign-in") as page:
            token = re.search(r'name="csrf_token" value="([^"]*)"', await page.text())
        assert token is not None
        asked = {"csrf_token": token[1], "next": "/", "username": "admin", "password": PASSWORD}
        async with browser.post("/sign-in", data=asked) as reply:
            assert reply.status == 200
        headers = {"Accept": "text/event-stream"}
        async with browser.get("/projects/payments/deliveries/live", headers=headers) as stream:
            assert stream.status == 200
            assert (await stream.content.readline()).startswith(b"retry: ")
            code, _ = await server.stop()
            # A stream that is still open after the grace is cut: reading it raises.
            assert (code, await stream.content.read()) == (0, b"\n")
