"""A request that waits for a slow robot when the server stops is answered, and the log tells of no fault."""

import asyncio
from pathlib import Path

import aiohttp

from robots import strict, until
from server import serving

# What uvicorn says of it.
_GAVE_UP = ("timeout graceful shutdown exceeded",)


async def test_a_test_message_that_waits_when_the_server_stops_is_told_to_come_again(tmp_path: Path) -> None:
    async with strict(latency_s=8.0) as robot:
        projects = {"payments": {"group": {"url": robot.url("slow")}}}
        async with (
            serving(tmp_path, projects, expected=_GAVE_UP) as server,
            aiohttp.ClientSession(server.address) as http,
        ):
            made = await server.run("token", "create", "--user", "admin")
            headers = {"Authorization": f"Bearer {made.out.strip()}"}
            path = "/api/v1/projects/payments/subscriptions"
            async with http.get(path, headers=headers) as reply:
                [one] = (await reply.json())["items"]
            waiting = asyncio.create_task(http.post(f"{path}/{one['id']}/test", headers=headers))
            await until(lambda: bool(robot.groups.of("slow").calls), 60, "the call of the test")
            code, _ = await server.stop()
            assert code == 0
            async with await waiting as reply:
                assert reply.status == 503
                assert (await reply.json())["code"] == "busy"
                assert "Retry-After" in reply.headers
