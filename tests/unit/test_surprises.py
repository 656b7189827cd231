"""A surprise is one line: what it was and where it came about, without a word of what it said."""

import re
from collections.abc import Callable
from typing import Any

from shipbell.storage.database.codec import to_ms
from shipbell.telemetry import redact
from shipbell.telemetry.surprises import surprise


class Deaf:
    """What cannot be shown."""

    def __str__(self) -> str:
        raise LookupError("key=0123456789-of-a-robot") from OSError("the cause")


def caught(work: Callable[[], object]) -> Exception:
    """The error that this work ends with."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError


def places(told: dict[str, Any]) -> list[str]:
    """The places without their line numbers."""
    return [re.sub(r":\d+ ", " ", one) for one in told["at"]]


def test_the_type_and_the_place_are_told_and_nothing_that_the_error_says() -> None:
    told = surprise(caught(lambda: to_ms("key=0123456789")))  # type: ignore[arg-type]
    assert told["error"] == "TypeError"
    assert places(told) == ["shipbell.storage.database.codec to_ms"]
    assert re.fullmatch(r"shipbell\.storage\.database\.codec:\d+ to_ms", told["at"][0])  # type: ignore[index]
    assert "0123456789" not in str(told)


def test_the_innermost_place_of_ours_is_first_and_five_are_told_at_most() -> None:
    told = surprise(caught(lambda: redact(None, "", {"a": [[[[[[Deaf()]]]]]]})))
    assert places(told)[:2] == ["shipbell.telemetry.logs _text", "shipbell.telemetry.logs _shown"]
    assert len(places(told)) == 5
    assert told["cause"] == "OSError"
    assert "robot" not in str(told)


def test_an_error_far_from_our_code_tells_its_own_place() -> None:
    told = surprise(caught(lambda: re.compile("(")))
    assert [one.partition(":")[0] for one in places(told)] == [places(told)[0].partition(":")[0]]
    assert "re" in places(told)[0]


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert surprise(LookupError()) == {"error": "LookupError", "at": []}


def test_nothing_is_told_of_no_error() -> None:
    assert surprise(None) == {"error": None}
