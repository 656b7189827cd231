"""How quick and light the pages are: 1,000 subscriptions in one project, 1,000,000 deliveries.

Run: `make bench-pages`. `work` is the server's processor time for one answer: what it takes on an idle machine,
whatever else runs on this one. Fails where that is over 50 ms or a first load over 150 kB, and for a statement that
reads a large table from end to end.
"""

import argparse
import http.client
import os
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from addresses import Known, addresses
from past import Past, timed_fill
from person import PASSWORD, Person
from shipbell.storage.upkeep.tallies import quarter_of

_SERVER_MS, LIGHT_BYTES = 50, 150_000
_LARGE = ("events", "deliveries", "attempts", "attempt_deliveries", "event_keys", "door_calls", "audit")
_SCAN = re.compile(rf"^SCAN ({'|'.join(_LARGE)})\b")
# What waits has indexes of its own, and is little; the newest rows of a table without a condition are its last ones.
_LAST_ROWS = re.compile(r"^SELECT (?:(?! WHERE ).)* ORDER BY \w+\.id DESC LIMIT \? OFFSET \?$")
_LISTENS = re.compile(r"http://127\.0\.0\.1:(\d+)")
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large the instance is."""

    subscriptions: int
    deliveries: int
    projects: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What one address took."""

    who: str
    path: str
    work_ms: float
    median_ms: float
    most_ms: float
    first_load: int
    page: bool

    @property
    def over(self) -> bool:
        """Whether it breaks a promise."""
        return self.work_ms > _SERVER_MS or (self.page and self.first_load > LIGHT_BYTES)

    def tell(self) -> str:
        """One line of the table."""
        sign = "OVER" if self.over else ""
        times = f"{self.work_ms:7.1f} {self.median_ms:7.1f} {self.most_ms:7.1f}"
        return f"{times} {self.first_load:8,d}  {self.who:5} {self.path} {sign}"


def settings(size: Size) -> bytes:
    """One large project with a robot for each subscription, and many small ones."""
    large = {
        "key": "large",
        "name": "Large",
        "members": {"alice": "project_administrator", "dave": "viewer"},
        "sources": [_source(f"ci-{number}") for number in range(5)],
        "subscriptions": [_subscription(number, "large") for number in range(size.subscriptions)],
    }
    small = [
        {
            "key": f"small-{number}",
            "name": f"Small {number}",
            "members": {"alice": "developer", "dave": "viewer"},
            "sources": [_source("ci")],
            "subscriptions": [_subscription(one, f"small-{number}") for one in (0, 1)],
        }
        for number in range(size.projects)
    ]
    return msgspec.json.encode({"projects": [large, *small]})


def _source(name: str) -> dict[str, str]:
    return {"name": name, "kind": "generic", "secret": "bench-secret"}


def _subscription(number: int, key: str) -> dict[str, object]:
    return {
        "name": f"group {number:04d} of the people who care for {key}",
        "url": f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={key}-{number:06d}-made-up",
        "events": ["pipeline.run.failed", "pipeline.run.completed", "check.task.completed"],
        "user_ids": "zhang.san;li.si",
    }


def prepare(folder: Path, size: Size) -> dict[str, str]:
    """Make the database; the environment of every process of the run."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SHIPBELL_")},
        "SHIPBELL_DATA": str(folder),
        "SHIPBELL_LOG_LEVEL": "warning",
        "SHIPBELL_ADMIN_PASSWORD": PASSWORD,
    }
    if (folder / "shipbell.db").exists():
        return environ
    file = folder / "bench.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    file.write_bytes(settings(size))
    _run(environ, "apply", str(file))
    for name in ("alice", "dave"):
        _run(environ, "user", "add", name, "--password-stdin", given=PASSWORD)
    took = timed_fill(str(folder / "shipbell.db"), Past(deliveries=size.deliveries))
    print(f"{size.deliveries:,} deliveries written in {took:.0f} s")
    return environ


def _run(environ: dict[str, str], *words: str, given: str = "") -> None:
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "shipbell", *words],
        env=environ,
        input=given,
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: {done.stderr}")


def measure(folder: Path, environ: dict[str, str], times: int) -> list[Figure]:
    """Ask a server for every address, as everybody."""
    server = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, str(_HERE / "watched.py"), str(folder / "statements"), "serve", "--port", "0"],
        env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        port = _port(server)
        _wait_for_tallies(folder / "shipbell.db")
        known = Known.read(folder / "shipbell.db")
        figures: list[Figure] = []
        for name in ("admin", "alice", "dave"):
            person = Person(name, http.client.HTTPConnection("127.0.0.1", port))
            person.sign_in()
            figures += _asked(person, server.pid, addresses(known), times)
        return figures
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def _port(server: subprocess.Popen[str]) -> int:
    for line in server.stdout or ():
        found = _LISTENS.search(line)
        if found:
            return int(found[1])
    raise SystemExit("The server did not start.")


def _wait_for_tallies(database: Path) -> None:
    """Let the server count the past once, as it does after an upgrade."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    for _ in range(600):
        row = connection.execute("SELECT value FROM counters WHERE name = 'tallied-until'").fetchone()
        if row is not None and row[0] >= quarter_of(datetime.now(UTC) - timedelta(minutes=20)):
            return
        time.sleep(0.5)
    raise SystemExit("The server does not count the past.")


def _worked_ms(process_id: int) -> float:
    """The milliseconds that all threads of a process have had of a processor."""
    threads = Path(f"/proc/{process_id}/task").iterdir()
    return sum(int((one / "schedstat").read_text().split()[0]) for one in threads) / 1e6


def _asked(person: Person, server: int, paths: Sequence[str], times: int) -> Iterator[Figure]:
    for path in paths:
        status, body, _ = person.get(path)
        if status in {403, 404} and person.name != "admin":
            continue
        if status not in {200, 303}:
            raise SystemExit(f"{person.name} gets {status} for {path}.")
        took, work = [], []
        for _ in range(times):
            before = _worked_ms(server)
            took.append(person.get(path)[2])
            work.append(_worked_ms(server) - before)
        page = not path.startswith("/api/")
        yield Figure(
            who=person.name,
            path=path,
            work_ms=statistics.median(work),
            median_ms=statistics.median(took),
            most_ms=max(took),
            first_load=person.weigh(body) if page else len(body),
            page=page,
        )


def scans(folder: Path) -> list[str]:
    """The statements of the run that read a large table from end to end, each with that step of its plan."""
    connection = sqlite3.connect(folder / "shipbell.db")
    found = []
    for line in (folder / "statements").read_bytes().splitlines():
        statement, many = msgspec.json.decode(line, type=tuple[str, int])
        if not statement.lstrip().upper().startswith(("SELECT", "WITH")):
            continue
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", (None,) * many)]
        words = " ".join(statement.split())
        found += [f"{step}\n    {words}" for step in steps if reads_all(step, words)]
    connection.close()
    return found


def reads_all(step: str, statement: str) -> bool:
    """Whether a step of a plan reads a large table from end to end."""
    if _SCAN.match(step) is None or "deliveries_waiting" in step or "deliveries_expiring" in step:
        return False
    return _LAST_ROWS.match(" ".join(statement.split())) is None


def report(figures: Sequence[Figure], scanned: Sequence[str]) -> bool:
    """Print what was measured; whether every promise holds."""
    print("   work  median     max    bytes  who   address (milliseconds; bytes of a first load)")
    for one in sorted(figures, key=lambda figure: -figure.work_ms):
        print(one.tell())
    for statement in scanned:
        print(f"READS A WHOLE TABLE: {statement}")
    over = [one for one in figures if one.over]
    print(f"{len(figures)} addresses, {len(over)} over a promise, {len(scanned)} statements read a whole table")
    return not over and not scanned


def main() -> None:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=1_000_000)
    parser.add_argument("--subscriptions", type=int, default=1_000)
    parser.add_argument("--times", type=int, default=9)
    parser.add_argument("--folder", type=Path, help="keep the database here and use it again")
    chosen = parser.parse_args()
    size = Size(subscriptions=chosen.subscriptions, deliveries=chosen.deliveries)
    with tempfile.TemporaryDirectory() as thrown_away:
        folder = chosen.folder or Path(thrown_away) / "data"
        environ = prepare(folder, size)
        (folder / "statements").unlink(missing_ok=True)
        kept = report(measure(folder, environ, chosen.times), scans(folder))
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
