"""The look at the store that wakes streams: seldom, only while somebody listens, and only those it concerns."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from shipbell.domain.errors import Busy, DatabaseUnusable
from shipbell.ports.pulse import Mark
from shipbell.web.console.frame.streams import Stream, Streams


@dataclass(slots=True)
class Pulse:
    """A store whose projects stir when the test says so."""

    known: dict[int, Mark] = field(default_factory=lambda: {1: (0,), 2: (0,)})
    asked: list[list[int]] = field(default_factory=list)
    broken: bool = False

    async def marks(self, project_ids: Sequence[int]) -> Mapping[int, Mark]:
        self.asked.append(list(project_ids))
        if self.broken:
            raise DatabaseUnusable("The disk is full.")
        return {one: self.known[one] for one in project_ids if one in self.known}


def streams(pulse: Pulse) -> Streams:
    return Streams(pulse, most=3, most_each=3, look_seconds=0.001)


async def settled(stream: Stream) -> None:
    """The first look stirs whoever is new."""
    assert await stream.news(5)


async def test_nothing_is_asked_while_nobody_listens() -> None:
    pulse = Pulse()
    watched = streams(pulse)
    await asyncio.sleep(0.01)
    assert pulse.asked == []
    stream = watched.open(1, "alice")
    await settled(stream)
    watched.leave(stream)
    asked = len(pulse.asked)
    await asyncio.sleep(0.01)
    assert len(pulse.asked) == asked
    assert pulse.asked[0] == [1]


async def test_only_the_streams_of_a_project_where_something_happened_are_stirred() -> None:
    pulse = Pulse()
    watched = streams(pulse)
    one, two = watched.open(1, "alice"), watched.open(2, "bob")
    await settled(one)
    await settled(two)
    pulse.known[2] = (1,)
    assert await two.news(5)
    assert not await one.news(0.01)
    watched.leave(one)
    watched.leave(two)


async def test_many_streams_of_a_project_cost_one_question() -> None:
    pulse = Pulse()
    watched = streams(pulse)
    opened = [watched.open(1, "alice") for _ in range(3)]
    for one in opened:
        await settled(one)
    assert {tuple(one) for one in pulse.asked} == {(1,)}
    for one in opened:
        watched.leave(one)


async def test_a_store_that_cannot_be_asked_for_a_while_ends_no_stream() -> None:
    pulse = Pulse(broken=True)
    watched = streams(pulse)
    stream = watched.open(1, "alice")
    assert not await stream.news(0.01)
    pulse.broken = False
    assert await stream.news(5)
    watched.leave(stream)


async def test_closing_ends_every_stream_and_lets_none_in() -> None:
    watched = streams(Pulse())
    stream = watched.open(1, "alice")
    watched.close()
    assert await stream.news(5)
    assert stream.ended
    watched.leave(stream)
    with pytest.raises(Busy):
        watched.open(1, "alice")


async def test_many_streams_ask_only_so_often_together_and_none_of_them_holds_up_a_stop() -> None:
    watched, taken = Streams(Pulse()), list[int]()

    async def ask(number: int) -> None:
        async with watched.turn():
            taken.append(number)

    asking = [asyncio.create_task(ask(number)) for number in range(1_000)]
    for _ in range(100):
        await asyncio.sleep(0)
    assert taken[:20] == list(range(20))
    assert len(taken) < 100
    watched.close()
    async with asyncio.timeout(20):
        await asyncio.gather(*asking)
    assert len(taken) == 1_000
