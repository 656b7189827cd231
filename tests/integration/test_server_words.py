"""What libraries say about connections stands in our log, as lines of ours."""

import logging
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from hook_house import house
from shipbell.web.crowd import Crowd
from shipbell.web.server import configured

LIBRARIES = ("uvicorn.error", "asyncio")


@pytest.fixture
def loggers() -> Iterator[list[logging.Logger]]:
    made = [logging.getLogger(name) for name in LIBRARIES]
    before = [(one.handlers, one.propagate) for one in made]
    yield made
    for one, (handlers, propagate) in zip(made, before, strict=True):
        one.handlers, one.propagate = handlers, propagate


def test_words_of_libraries_are_lines_of_our_log(loggers: list[logging.Logger]) -> None:
    configured(house().app(), Crowd())
    with capture_logs() as told:
        for one in loggers:
            one.warning("%s cannot be read", "This")
    assert [(line["event"], line["logger"], line["words"]) for line in told] == [
        ("server.said", name, "This cannot be read") for name in LIBRARIES
    ]


@pytest.mark.usefixtures("loggers")
def test_few_wait_to_be_accepted_where_few_may_come_in() -> None:
    assert configured(house().app(), Crowd(most=10)).backlog == 5
    assert configured(house().app(), Crowd()).backlog == 2_048
