"""What the page of a source tells of the last call beside the newest event."""

from dataclasses import replace
from datetime import timedelta

import pytest

from happenings import AT, happening
from shipbell.ports.history import EventLine
from shipbell.ports.pages import DoorLine
from shipbell.web.console.project.sources import Arrivals

EVENT = EventLine(
    id=1, project_id=1, project_key="payments", source_id=1, source="ci", tool_id="1", type="pipeline.run.failed",
    ignored=None, happened_at=AT, received_at=AT, event=happening(),
)  # fmt: skip
REFUSED = DoorLine(
    id=1, at=AT, status=400, code="malformed-event", address="127.0.0.1", accepted=0, duplicates=0, ignored=0
)


@pytest.mark.parametrize(("seconds", "told"), [(-1, False), (0, True), (1, True)])
def test_a_refusal_from_before_the_event_is_history(seconds: int, told: bool) -> None:  # noqa: FBT001 - a table
    call = replace(REFUSED, at=AT + timedelta(seconds=seconds))
    assert Arrivals(calls=[call], first=EVENT).shown["last"] == (call if told else None)


def test_a_refusal_is_told_as_long_as_no_event_came() -> None:
    assert Arrivals(calls=[REFUSED], first=None).shown["last"] == REFUSED
