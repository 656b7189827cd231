"""The long version of the flood: the service's own minute and the default pace."""

from pathlib import Path

import pytest

from flooding import EVENTS, LIMIT_BYTES, Flood, counted, fails_first, flooded, folded, names_shown, of_ten

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]
MINUTE = 60.0
SECONDS = {"markdown": 90.0, "text": 180.0}


def keeps_every_bound(flood: Flood, form: str) -> None:
    assert flood.seconds_to_post < 10
    assert flood.refused == 0
    assert flood.unsettled == 0
    assert max(one.bytes for one in flood.messages) <= LIMIT_BYTES[form]
    assert max(flood.neighbour_delays.values()) < 2
    assert flood.seconds_after_last_202 < SECONDS[form]


@pytest.mark.parametrize("form", ["markdown", "text"])
async def test_a_thousand_events_of_their_own_names_are_all_shown_in_time(tmp_path: Path, form: str) -> None:
    flood = await flooded(tmp_path, window=MINUTE, pace={}, form=form, patience=SECONDS[form])
    shown = names_shown(flood.messages)
    assert len(shown) == EVENTS
    assert set(shown.values()) == {1}
    assert all(fails_first(one) for one in flood.messages)
    keeps_every_bound(flood, form)


@pytest.mark.parametrize("form", ["markdown", "text"])
async def test_a_thousand_events_of_ten_names_fold_into_counts_that_add_up(tmp_path: Path, form: str) -> None:
    flood = await flooded(tmp_path, window=MINUTE, pace={}, form=form, made=of_ten, patience=SECONDS[form])
    assert folded(flood.messages)
    assert counted(flood.messages) == EVENTS
    keeps_every_bound(flood, form)
