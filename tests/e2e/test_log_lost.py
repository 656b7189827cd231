"""A log that cannot be written costs its lines: the server goes on, and answers what it has done."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from robots import event, sender, strict, until
from server import Server


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        return int(made.getsockname()[1])


async def answers(server: Server) -> bool:
    """Whether it is ready."""
    try:
        async with aiohttp.ClientSession() as http, http.get(f"{server.address}/readyz") as reply:
            return reply.status == 200
    except aiohttp.ClientError:
        return False


def unheard(server: Server) -> "subprocess.Popen[bytes]":
    """The server, with all that it says lost."""
    words = [sys.executable, "-m", "shipbell", "serve", "--port", str(server.port)]
    with Path("/dev/full").open("wb") as full:
        return subprocess.Popen(words, env=server.environ, stdout=full, stderr=full)


@pytest.mark.parametrize("form", ["json", "console"])
async def test_a_server_whose_log_is_on_a_full_disk_keeps_its_promises(tmp_path: Path, form: str) -> None:
    more = {"SHIPBELL_LOG_LEVEL": "info", "SHIPBELL_LOG_FORMAT": form}
    server = Server(folder=tmp_path, more=more, port=free_port())
    async with strict() as robot:
        await server.apply({"payments": {"group": {"url": robot.url("group")}}})
        server.process = unheard(server)
        try:
            for _ in range(600):
                if await answers(server) or not server.is_alive():
                    break
                await asyncio.sleep(0.1)
            async with sender(server.address) as post:
                assert await post.post("payments", event("build", 1)) == 202
                await until(lambda: server.count("delivered") == 1, 60, "a delivery")
                assert await post.post("payments", event("build", 2)) == 202
            assert (await server.stop())[0] == 0
        finally:
            if server.is_alive():
                server.kill()
