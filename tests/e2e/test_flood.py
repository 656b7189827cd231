"""A thousand events for one robot: all shown in time, in its pace (the minute is ten times shorter here)."""

from pathlib import Path

import pytest

from flooding import EVENTS, LIMIT_BYTES, Flood, counted, fails_first, flooded, folded, names_shown, of_ten
from robots import SHORT, SHORT_SECONDS

# The drill's 90 s and 180 s, ten times shorter.
SECONDS = {"markdown": 9.0, "text": 18.0}


def keeps_every_bound(flood: Flood, form: str) -> None:
    """In calls, of which the pace has two a second: how many seconds they take, a drill asks on a quiet machine."""
    assert flood.refused == 0
    assert flood.unsettled == 0
    assert max(one.bytes for one in flood.messages) <= LIMIT_BYTES[form]
    assert len(flood.neighbour_delays) == 4
    assert max(flood.neighbour_delays.values()) < SECONDS[form]
    assert flood.calls_after_last_202 <= 2 * SECONDS[form]


@pytest.mark.parametrize("form", ["markdown", "text"])
async def test_a_thousand_events_of_their_own_names_are_all_shown_in_time(tmp_path: Path, form: str) -> None:
    flood = await flooded(tmp_path, window=SHORT_SECONDS, pace=SHORT, form=form, patience=SECONDS[form])
    shown = names_shown(flood.messages)
    assert len(shown) == EVENTS
    assert set(shown.values()) == {1}
    assert all(fails_first(one) for one in flood.messages)
    keeps_every_bound(flood, form)


async def test_a_thousand_events_of_ten_names_fold_into_counts_that_add_up(tmp_path: Path) -> None:
    flood = await flooded(
        tmp_path, window=SHORT_SECONDS, pace=SHORT, made=of_ten, a_post=EVENTS, patience=SECONDS["markdown"]
    )
    assert folded(flood.messages)
    assert counted(flood.messages) == EVENTS
    keeps_every_bound(flood, "markdown")
