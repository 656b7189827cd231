"""A part of the server that ends by itself ends the server."""

import asyncio

import pytest
from structlog.testing import capture_logs

from shipbell.worker.supervisor import until_stopped


async def forever() -> None:
    await asyncio.Event().wait()


async def broken() -> None:
    raise ValueError("the inside")


async def over() -> None:
    """End as if all were done."""


@pytest.fixture
async def healthy() -> asyncio.Task[None]:
    return asyncio.create_task(forever())


@pytest.mark.parametrize(("end", "error"), [(broken, "ValueError"), (over, None)])
async def test_a_part_that_ends_is_named_and_logged(
    healthy: asyncio.Task[None], end: object, error: str | None
) -> None:
    assert callable(end)
    with capture_logs() as lines:
        name = await until_stopped(asyncio.Event(), {"intake": healthy, "tidy": asyncio.create_task(end())}, {})
    assert name == "tidy"
    assert [(line["event"], line["part"], line["error"]) for line in lines] == [("part.ended", "tidy", error)]


async def test_a_part_that_is_cancelled_has_ended_too(healthy: asyncio.Task[None]) -> None:
    healthy.cancel()
    assert await until_stopped(asyncio.Event(), {"drain": healthy}, {}) == "drain"


async def test_whoever_is_asked_to_stop_stops_without_a_word(healthy: asyncio.Task[None]) -> None:
    stop = asyncio.Event()
    stop.set()
    with capture_logs() as lines:
        assert await until_stopped(stop, {"intake": healthy, "drain": asyncio.create_task(broken())}, {}) is None
    assert lines == []


async def test_the_end_of_a_part_that_is_not_vital_is_logged_and_the_server_goes_on(
    healthy: asyncio.Task[None],
) -> None:
    stop, watch = asyncio.Event(), asyncio.create_task(broken())
    watch.add_done_callback(lambda _task: asyncio.get_running_loop().call_soon(stop.set))
    with capture_logs() as lines:
        assert await until_stopped(stop, {"intake": healthy}, {"watch": watch}) is None
    assert [(line["event"], line["part"]) for line in lines] == [("part.ended", "watch")]


async def test_parts_that_end_after_the_stop_are_no_news(healthy: asyncio.Task[None]) -> None:
    with capture_logs() as lines:
        assert await until_stopped(asyncio.Event(), {"intake": healthy, "drain": asyncio.create_task(over())}, {})
        healthy.cancel()
        await asyncio.gather(healthy, return_exceptions=True)
    assert [line["part"] for line in lines] == ["drain"]
