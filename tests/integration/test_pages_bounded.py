"""Every address with 1,000 subscriptions and a past: over indexes, no more work for more of it, light on the wire."""

import re
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Connection, event

from addresses import Known, addresses
from api_house import SYSTEM
from console_house import ConsoleHouse, console_house
from pages import LIGHT_BYTES, Size, reads_all, settings
from past import Past, fill
from person import LINKED

MANY = 20_000
EVERY = 1_000
# A longer past may cost a page this much more: what ended badly is counted up to 1,000, and indexes grow deeper.
SLACK, GROWTH = 60_000, 1.25


@dataclass(slots=True)
class Watched:
    """What the readers of a database did: the steps of their plans that read whole tables, and their work."""

    whole: list[str] = field(default_factory=list)
    steps: int = 0

    def note(self, connection: Connection, _cursor: object, statement: str, values: object, *_rest: object) -> None:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.set_progress_handler(None, 0)
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            steps = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
            self.whole += [f"{step}: {statement}" for step in steps if reads_all(step, statement)]
        raw.set_progress_handler(self._count, EVERY)

    def _count(self) -> int:
        self.steps += EVERY
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowded:
    """A console with a long past, and what it takes to look at each address before and after the past grew."""

    console: ConsoleHouse
    known: Known
    watched: Watched
    first: dict[str, int]
    longer: dict[str, int]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crowded]:
    folder = tmp_path_factory.mktemp("crowd")
    async with console_house(folder) as made:
        parts = made.house.parts
        file = folder / "settings.yaml"
        file.write_bytes(settings(Size(subscriptions=1_000, projects=30, deliveries=MANY)))
        await parts.apply(file, SYSTEM, prune=False)
        database = parts.opened.database
        now = datetime.now(UTC)
        write(database.path, Past(deliveries=MANY, days=10, waiting=200), now)
        while await parts.upkeep.tally():
            pass
        known, watched = Known.read(database.path), Watched()
        event.listen(database.reader, "before_cursor_execute", watched.note)
        first = await worked(made, known, watched)
        write(database.path, Past(deliveries=MANY, days=10, waiting=0, begin=MANY), now - timedelta(days=10))
        longer = await worked(made, known, watched)
        yield Crowded(console=made, known=known, watched=watched, first=first, longer=longer)


def write(path: Path, past: Past, until: datetime) -> None:
    connection = sqlite3.connect(path)
    fill(connection, past, until)
    connection.close()


async def worked(console: ConsoleHouse, known: Known, watched: Watched) -> dict[str, int]:
    """The steps of the database for each address."""
    found = {}
    for path in addresses(known):
        watched.steps = 0
        reply = await console["root"].get(path)
        assert reply.status_code in {200, 303}, (path, reply.status_code)
        found[path] = watched.steps
    return found


@pytest.mark.asyncio(loop_scope="module")
async def test_no_address_reads_a_large_table_from_end_to_end(crowded: Crowded) -> None:
    assert sum(crowded.first.values()) > len(crowded.first) * EVERY
    assert crowded.watched.whole == []


@pytest.mark.asyncio(loop_scope="module")
async def test_a_longer_past_is_no_more_work_for_any_address(crowded: Crowded) -> None:
    slower = {
        path: (before, crowded.longer[path])
        for path, before in crowded.first.items()
        if crowded.longer[path] > before * GROWTH + SLACK
    }
    assert slower == {}


@pytest.mark.asyncio(loop_scope="module")
async def test_every_page_is_light_on_first_load(crowded: Crowded) -> None:
    heavy = {}
    sizes: dict[str, int] = {}
    for path in addresses(crowded.known):
        if path.startswith("/api/"):
            continue
        page = await crowded.console["root"].get(path)
        files = {one.decode() for one in LINKED.findall(page.content)}
        for one in files - set(sizes):
            sizes[one] = (await crowded.console["root"].get(one)).num_bytes_downloaded
        weight = len(page.content) + sum(sizes[one] for one in files)
        if weight > LIGHT_BYTES:
            heavy[path] = weight
    assert len(sizes) > 3
    assert all(sizes.values())
    assert heavy == {}


@pytest.mark.asyncio(loop_scope="module")
async def test_robots_come_in_pages_and_are_found_by_name(crowded: Crowded) -> None:
    root, seen, page = crowded.console["root"], list[str](), ""
    path: str | None = "/projects/large/robots"
    for _ in range(3):
        assert path is not None
        page = (await root.get(path)).text
        seen += re.findall(r"group (\d{4}) of the people", re.sub(r'aria-label="[^"]*"', "", page))
        found = re.search(r'href="(/projects/large/robots\?from=[^"&]+)"', page)
        path = found[1] if found else None
    assert seen == [f"{number:04d}" for number in range(75)]
    assert "1,000 robots" in page
    found_page = (await root.get("/projects/large/robots?q=group+0999")).text
    assert "group 0999" in found_page
    assert "group 0998" not in found_page


@pytest.mark.asyncio(loop_scope="module")
async def test_the_workspace_shows_what_waits_and_what_is_dead(crowded: Crowded) -> None:
    page = (await crowded.console["root"].get("/workspace?q=large")).text
    assert re.search(r'class="num"><a class="dead-num" href="/projects/large/deliveries\?state=dead">\d+<', page)
    assert re.search(r'data-label="Waiting" class="num">\d+<', page)
    assert page.count('<svg class="spark"') == 1
