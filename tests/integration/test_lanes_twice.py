"""Settling twice changes nothing, whatever came before (a property, on the real database)."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from lane_house import BAD, BUSY, GONE, LOST, OK, THROTTLED, House, furnished, house
from shipbell.domain.results import Rejected, Result
from shipbell.ports.lanes import Batch
from shipbell.storage.tables.flow import attempt_deliveries, attempts, deliveries, lanes

WARNED = Rejected(code="ok-with-warning", maybe=True)
RESULTS: list[Result] = [OK, BAD, BUSY, LOST, THROTTLED, WARNED, GONE]
TABLES = (lanes, deliveries, attempts, attempt_deliveries)
STEPS = st.lists(
    st.tuples(
        st.integers(0, 9),  # so many events come in
        st.sampled_from(RESULTS),  # how the next call ends
        st.integers(0, 90),  # so many seconds pass
        st.integers(0, 20),  # which of the settled calls is settled again
        st.sampled_from(RESULTS),  # and with what
    ),
    min_size=1,
    max_size=8,
)


async def picture(made: House) -> list[list[tuple[object, ...]]]:
    """Every row of the flow."""
    found: list[list[tuple[object, ...]]] = []
    for table in TABLES:
        rows = await made.store.rows(select(table))
        found.append(sorted((tuple(row.values()) for row in rows), key=repr))
    return found


async def lived(folder: Path, steps: list[tuple[int, Result, int, int, Result]]) -> None:
    async with house(folder) as made:
        await furnished(made)
        settled: list[Batch] = []
        for coming, result, seconds, which, other in steps:
            await made.accept(*(f"run-{number}" for number in range(coming)))
            for batch in await made.claim():
                await made.settle(batch, result)
                settled.append(batch)
            before = await picture(made)
            if settled:
                again = settled[which % len(settled)]
                await made.settle(again, other)
                await made.settle(settled[-1], result)
            assert await picture(made) == before
            made.clock.move(seconds)


@given(STEPS)
@settings(max_examples=25, deadline=None)
def test_settling_twice_changes_nothing(steps: list[tuple[int, Result, int, int, Result]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(lived(Path(folder), steps))
