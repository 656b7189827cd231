"""The API promises: a replay of very many goes on where the call before ended, and never means more than was said."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update

from api_house import FAR_URL, KEY, SECRET, house
from crowd import fill
from shipbell.storage.tables.flow import deliveries
from shipbell.storage.tables.settings import subscriptions
from shipbell.usecases.replay import MOST

REPLAY = f"/projects/{KEY}/deliveries/replay"
OFF, LEFT = 40, 60


def dead_letters(connection: Connection) -> None:
    """More dead letters than one call moves, the oldest of a subscription that is switched off."""
    fill(connection, many=OFF + MOST + LEFT, waiting=0)
    known = {row.name: row.id for row in connection.execute(select(subscriptions.c.id, subscriptions.c.name))}
    connection.execute(update(deliveries).values(state="dead", cause="93000", subscription_id=known["on"]))
    old = deliveries.c.place <= OFF
    connection.execute(update(deliveries).where(old).values(subscription_id=known["off"]))


async def test_a_replay_of_many_goes_on_where_the_call_before_ended(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.project(KEY)
        await made.make(f"/projects/{KEY}/sources", {"name": "ci", "kind": "generic", "secret": SECRET})
        for name in ("off", "on"):
            body = {"name": name, "url": FAR_URL, "events": ["pipeline.run.failed"], "enabled": name == "on"}
            await made.make(f"/projects/{KEY}/subscriptions", body)
        await made.parts.opened.database.write(dead_letters)
        body = {"state": "dead"}
        first = (await made.ask("POST", REPLAY, body)).json()
        assert (first["replayed"], first["refusals"], len(first["refused"])) == (MOST, OFF, OFF)
        rest = await made.ask("POST", f"{REPLAY}?cursor={first['next']}", body)
        assert rest.json() == {"replayed": LEFT, "refusals": 0, "refused": [], "next": None}
        wrong = await made.ask("POST", f"{REPLAY}?cursor=x", body)
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "cursor")


@pytest.mark.parametrize("key", ["robot", "state", "from", "to"])
@pytest.mark.parametrize("nothing", ["", None])
async def test_a_key_that_says_nothing_does_not_replay_everything(tmp_path: Path, key: str, nothing: object) -> None:
    async with house(tmp_path) as made:
        await made.project(KEY)
        reply = await made.ask("POST", REPLAY, {key: nothing})
        assert (reply.status_code, [one["field"] for one in reply.json()["errors"]]) == (422, [key])
