"""Sign-ins, hooks and API calls at once promise not to spoil each other."""

import asyncio
from collections import Counter
from pathlib import Path

from api_house import KEY, SECRET, house
from shipbell.domain.errors import TooOften, Unauthenticated
from shipbell.usecases.sign_in import SignIn

PASSWORD = "a-long-enough-passw0rd"
EVENTS = 60
GUESSES = 40


async def entered(enter: SignIn, name: str, password: str) -> str:
    """How one sign-in ended."""
    try:
        await enter(name, password, address="192.0.2.7", agent="test")
    except Unauthenticated:
        return "wrong"
    except TooOften:
        return "paused"
    return "in"


async def test_a_flood_of_guesses_hooks_and_calls_spoils_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.project(KEY)
        await made.make(f"/projects/{KEY}/sources", {"name": "ci", "kind": "generic", "secret": SECRET})
        for name in ("alice", "bob", "carol"):
            await made.make("/users", {"name": name, "password": PASSWORD})
        enter = made.parts.sign_in()
        guesses = [entered(enter, "alice", "guess") for _ in range(GUESSES)]
        others = [entered(enter, name, PASSWORD) for name in ("bob", "carol")]
        hooks = [made.emit("pipeline.run.failed", f"run-{number}") for number in range(EVENTS)]
        calls = [made.ask("GET", f"/projects/{KEY}/events") for _ in range(30)]
        ended = await asyncio.gather(
            asyncio.gather(*guesses), asyncio.gather(*others), asyncio.gather(*hooks), asyncio.gather(*calls)
        )
        assert Counter(ended[0]) == {"wrong": 5, "paused": GUESSES - 5}
        assert ended[1] == ["in", "in"]
        assert len(set(ended[2])) == EVENTS
        assert {one.status_code for one in ended[3]} == {200}
        kept = (await made.ask("GET", f"/projects/{KEY}/events?limit=200")).json()["items"]
        assert {one["id"] for one in kept} == set(ended[2])
