"""An id as long as a call may be is taken, found again, and grows out of hand nowhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from api_house import KEY
from console_house import console_house
from shipbell.cli.render_history import path_lines
from shipbell.telemetry import log, set_up_logs

LONG = "run-" + "x" * 900_000
PAGE_BYTES = 12 * 1024 * 1024


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    log.cache_clear()


async def test_a_very_long_id_is_kept_told_once_and_shown_cut(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs(level="debug")
    async with console_house(tmp_path) as console:
        made = console.house
        url = made.robots.url("group")
        wanted = {"name": "long ids", "url": url, "events": ["pipeline.run.failed"]}
        await made.make(f"/projects/{KEY}/subscriptions", wanted)
        first = await made.emit("pipeline.run.failed", LONG)
        for number in range(9):
            await made.emit("pipeline.run.failed", f"{LONG}-{number}")
        await made.deliveries("delivered", 10)
        assert all(one.bytes <= 4_096 for one in made.robots.messages("group"))

        whole = (await made.ask("GET", f"/projects/{KEY}/events/{first}")).json()
        assert whole["tool_id"] == whole["event"]["id"] == LONG
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            reply = await made.ask("GET", f"/projects/{KEY}/events?limit=200{cursor and f'&cursor={cursor}'}")
            assert len(reply.content) < PAGE_BYTES
            seen += [one["id"] for one in reply.json()["items"]]
            cursor = reply.json()["next"]
        assert len(seen) == len(set(seen)) == 10
        assert first in seen

        root = console["root"]
        page = (await root.get(f"/projects/{KEY}/events/{first}")).text
        assert len(page) < 200_000
        shown = page.partition('<code class="break">')[2].partition("</code>")[0]
        assert (shown[:8], shown[-1], len(shown) < 260) == ("run-xxxx", "…", True)
        for path in ("events", "deliveries", f"why?q={first}", f"why?q={shown}"):
            found = await root.get(f"/projects/{KEY}/{path}")
            assert found.status_code == 200
            assert len(found.text) < 200_000
            assert "build-and-release" in found.text

        for named in (LONG, shown):
            paths = await made.parts.why(named)
            assert paths[-1].event.tool_id == LONG
            assert all(len(line) < 500 for one in paths for line in path_lines(one, {}))
    lines = capsys.readouterr().err.splitlines()
    assert lines
    assert max(map(len, lines)) < 5_000
