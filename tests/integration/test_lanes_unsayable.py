"""A delivery of which no message can be made is buried, and holds up nobody."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from lane_house import House, furnished, house, names_of
from shipbell.domain.deliveries import Handout, Head
from shipbell.storage.queue.lanes import SqlLanes
from shipbell.storage.tables.flow import events
from shipbell.usecases.next_call import Pick


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as one:
        await furnished(one)
        yield one


async def test_an_event_that_cannot_be_read_is_buried_and_the_next_one_goes(made: House) -> None:
    ids = await made.accept("broken", "whole")
    spoil = update(events).where(events.c.name_key == "broken").values(body=b"{")
    await made.store.database.write(lambda connection: connection.execute(spoil))
    assert [names_of(batch) for batch in await made.drain()] == [["whole"]]
    rows = await made.rows(ids)
    assert [(rows[one]["state"], rows[one]["cause"]) for one in ids] == [("dead", "not-composed"), ("delivered", None)]


async def test_an_event_that_no_message_can_be_made_of_is_buried_and_the_next_one_goes(made: House) -> None:
    rules = made.lanes._rules
    pick = rules.pick

    def breaking(head: Head) -> Handout:
        if head.waiting[0].event.subject.name == "broken":
            raise OverflowError
        return pick(head)

    assert isinstance(pick, Pick)
    made.lanes = SqlLanes(made.store.database, replace(rules, pick=breaking), made.clock)
    ids = await made.accept("broken", "whole")
    assert [names_of(batch) for batch in await made.drain(seconds=1)] == [["whole"]]
    assert await made.states(ids) == ["dead", "delivered"]
