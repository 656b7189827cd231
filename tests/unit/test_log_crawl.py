"""The crawler of a server's log finds whatever is no structured line of what was foreseen."""

import pytest

from log_crawl import crawled

_FINE = '{"event":"request.answered","status":200,"level":"info","timestamp":"2026-11-24T02:30:00Z"}'


@pytest.mark.parametrize(
    "line",
    [
        _FINE,
        "Shipbell serves on http://127.0.0.1:8080",
        "The first administrator is admin with the password kx-12_3 (shown this once).",
        "2026-11-24T02:30:00.123Z [warning  ] calls.cut_off                  count=2",
        "",
    ],
)
def test_a_structured_line_and_a_sentence_for_people_are_fine(line: str) -> None:
    assert crawled(f"{_FINE}\n{line}\n{_FINE}\n") == []


@pytest.mark.parametrize(
    "line",
    [
        "Traceback (most recent call last):",
        "asyncio.exceptions.CancelledError",
        "Invalid HTTP request received.",
        "[1, 2]",
        '{"level":"info"}',
        _FINE.replace('"status":200', '"exception":"LookupError"'),
        _FINE.replace('"status":200', '"at":["shipbell.serve:1 serve"]'),
        _FINE.replace("request.answered", "Traceback"),
        "2026-11-24T02:30:00.123Z [error    ] call.broken                    at=['shipbell.serve:1 serve']",
    ],
)
def test_anything_else_is_found_unless_it_is_expected(line: str) -> None:
    log = f"{_FINE}\n{line}\n{_FINE}\n"
    assert crawled(log) == [line]
    assert crawled(log, [line]) == []
