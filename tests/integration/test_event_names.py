"""An event is found by our id, by the tool's, and by the tool's own part of an id that is made of more."""

from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter

import pytest

from lane_house import House, furnished, house
from shipbell.domain.ids import Prefix, encode


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as one:
        await furnished(one)
        await one.accept("build", "/ci/main ce", "7f:FAILED", "/ci/100% ce")
        yield one


async def ids(made: House, identifier: str) -> list[str]:
    return [one.tool_id for one in await made.history.events_named(identifier)]


@pytest.mark.parametrize(
    ("identifier", "found"),
    [
        ("build-1", ["build-1"]),
        ("/ci/main ce-2", ["/ci/main ce-2"]),
        ("ce-2", ["/ci/main ce-2"]),
        ("7f", ["7f:FAILED-3"]),
        ("7f:FAILED-3", ["7f:FAILED-3"]),
        ("CE-2", []),
        ("7F", []),
        ("e-2", []),
        ("build", []),
        ("%", []),
        ("_f", []),
        ("", []),
        ("buil…", ["build-1"]),
        ("/ci/100% c…", ["/ci/100% ce-4"]),
        ("Buil…", []),
        ("…", []),
        ("x" * 900_000, []),
    ],
)
async def test_the_tools_own_part_of_an_id_is_enough_and_no_other_part_is(
    made: House, identifier: str, found: list[str]
) -> None:
    assert await ids(made, identifier) == found


async def test_ids_of_a_million_blanks_make_no_search_slow_and_hide_no_shorter_id(tmp_path: Path) -> None:
    blanks = " " * 1_000_000
    async with house(tmp_path) as made:
        await furnished(made)
        await made.accept(f"x{blanks}a", f"x{blanks}b", f"x{blanks}c", "/ci/main ce")
        for part in (" " * 2_000 + "-9", " " * 4_090 + "-9", "9-1:FAILED", "%" * 4_000):
            began = perf_counter()
            assert await ids(made, part) == []
            assert perf_counter() - began < 2, f"a search for {len(part)} characters"
        assert await ids(made, "ce-4") == ["/ci/main ce-4"]
        assert await ids(made, f"x{blanks}b-2") == [f"x{blanks}b-2"]


async def test_our_id_names_one_event_and_only_within_its_project(made: House) -> None:
    [line] = await made.history.events_named("build-1")
    ours = encode(Prefix.EVENT, line.id)
    assert await ids(made, ours) == ["build-1"]
    for identifier in (ours, "build-1", "ce-2"):
        assert await made.history.events_named(identifier, project_id=line.project_id + 1) == []


async def test_the_id_of_a_delivery_names_its_event_and_only_within_its_project(made: House) -> None:
    [line] = await made.history.events_named("7f")
    [whole] = await made.history.deliveries_of(line.id)
    theirs = encode(Prefix.DELIVERY, whole.delivery.id)
    assert await ids(made, theirs) == ["7f:FAILED-3"]
    assert await made.history.events_named(theirs, project_id=line.project_id + 1) == []
    assert await ids(made, encode(Prefix.DELIVERY, 1)) == []
