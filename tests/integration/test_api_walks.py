"""Chains of calls, each taking what the one before told: in no role do they find what the document does not tell."""

from pathlib import Path

import pytest

from api_house import KEY, OTHER, House, house
from test_api_schema import listening
from test_roles import furnish
from walking import Size, Walked, Walker, walk

# Who walks, and how far: those who may change most go farthest.
FAR, NEAR = Size(chains=18, steps=15), Size(chains=9, steps=12)
WALKS = {
    "root": FAR,
    "administrator": FAR,
    "manager": FAR,
    "developer": NEAR,
    "viewer": NEAR,
    "stranger": NEAR,
    "reader": NEAR,
    "nobody": NEAR,
}
LONG = Size(chains=120, steps=25)


async def walked_as(folder: Path, who: str, size: Size) -> Walked:
    """Walk as somebody through a furnished house of one project."""
    async with house(folder, SHIPBELL_WECOM_PER_MINUTE="0") as made:
        ids = await furnish(made)
        await made.ask("DELETE", f"/projects/{OTHER}")
        own = frozenset() if who == "nobody" else await own_of(made, who)
        walker = Walker(
            headers={} if who == "nobody" else {"Authorization": f"Bearer {made.tokens[who]}"},
            path={"key": KEY, "user": "passing"},
            ids={**ids, "users": "passing"},
            own=own,
        )
        async with listening(made.app) as root:
            return await walk(root, walker, size)


async def own_of(made: House, who: str) -> frozenset[str]:
    """The ids of somebody's own tokens and account, and its name."""
    tokens = (await made.ask("GET", "/tokens", who=who)).json()["items"]
    name = "administrator" if who == "reader" else who
    account = (await made.ask("GET", f"/users/{name}")).json()
    return frozenset({name, account["id"], *(one["id"] for one in tokens)})


def check(walked: Walked, who: str) -> None:
    """Nothing was found, and the walk was one: whoever has a token kept it and got somewhere."""
    assert walked.broken == []
    if who == "nobody":
        assert walked.statuses <= {401, 404}
        return
    assert 401 not in walked.statuses
    assert {200, 404, 422} <= walked.statuses
    assert len(walked.went_well("GET")) >= 3
    # How many it is depends on what the chains came upon; none would mean that they were refused everything.
    if who in {"root", "administrator", "manager"}:
        assert walked.went_well("POST", "PUT", "PATCH", "DELETE")


@pytest.mark.parametrize("who", WALKS)
async def test_chained_calls_find_nothing_that_the_document_does_not_tell(tmp_path: Path, who: str) -> None:
    check(await walked_as(tmp_path, who, WALKS[who]), who)


@pytest.mark.drill
@pytest.mark.parametrize("who", WALKS)
async def test_long_chains_find_nothing_that_the_document_does_not_tell(tmp_path: Path, who: str) -> None:
    check(await walked_as(tmp_path, who, LONG), who)
