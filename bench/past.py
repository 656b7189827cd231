"""A large past, written straight into the tables of a database that `apply` has given its settings."""

import random
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from shipbell.domain.ids import first_at
from shipbell.storage.queue.insert_events import id_hash

_KINDS = ("pipeline.run.completed", "pipeline.run.failed", "check.task.completed", "deploy.application.deployed")
_STATUS = {"pipeline.run.failed": "FAILED"}
_CHUNK = 20_000
# One event in so many goes to every subscription.
_WIDE = 50_000
_DAY_MS = 86_400_000
_TABLES = {
    "events": 12, "event_keys": 4, "attempts": 12, "attempt_deliveries": 3, "door_calls": 11,
}  # fmt: skip
_DELIVERY = (
    "id, place, project_id, event_id, subscription_id, lane_id, state, cause, maybe_delivered, alone, stepped_aside, "
    "failures, uncertain, accepted_at, expires_at, settled_at"
)
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """How much there was: of each thousand deliveries, those that ended badly; what waits stands at the end.

    `begin` numbers the first event: a second past in the same database begins behind the first.
    """

    deliveries: int
    days: float = 29
    dead: int = 4
    expired: int = 2
    cancelled: int = 4
    ignored: int = 10
    waiting: int = 2_000
    begin: int = 0


@dataclass(frozen=True, slots=True)
class _Project:
    """A project by its rows."""

    id: int
    sources: Sequence[int]
    subscriptions: Sequence[tuple[int, int]]


@dataclass(slots=True)
class _Rows:
    """What is to be written next."""

    of: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in (*_TABLES, "deliveries")})

    def write(self, connection: sqlite3.Connection) -> None:
        """Write it in one transaction."""
        with connection:
            for name, rows in self.of.items():
                columns = f"deliveries ({_DELIVERY})" if name == "deliveries" else name
                marks = ", ".join("?" * (16 if name == "deliveries" else _TABLES[name]))
                connection.executemany(f"INSERT INTO {columns} VALUES ({marks})", rows)  # noqa: S608 - our names
                rows.clear()


def fill(connection: sqlite3.Connection, past: Past, now: datetime) -> None:
    """Write the past of every project: nine tenths of it belong to the one with most subscriptions.

    Each event has two deliveries, one of them in a message of its own and one in a digest of up to three; a few of the
    large project are for every subscription.
    """
    large, *others = _projects(connection)
    chance = random.Random(1)  # noqa: S311 - the same past each time
    rows, many = _Rows(), max(1, past.deliveries // 2)
    step = past.days * _DAY_MS / many
    began = int(now.timestamp() * 1000 - past.days * _DAY_MS)
    for index in range(past.begin, past.begin + many):
        project = large if index % 10 or not others else others[index // 10 % len(others)]
        at = began + int((index - past.begin) * step)
        _event(rows, project, index, at, chance)
        _deliveries(rows, project, index, past, at)
        if index % (_CHUNK // 2) == 0:
            rows.write(connection)
    rows.write(connection)
    _audit(connection, past.deliveries // 10, began)


def _projects(connection: sqlite3.Connection) -> list[_Project]:
    """The projects that have both sources and subscriptions, the largest first."""
    ids = [row[0] for row in connection.execute("SELECT id FROM projects ORDER BY id")]
    found = [
        _Project(
            one,
            [row[0] for row in connection.execute("SELECT id FROM sources WHERE project_id = ?", (one,))],
            connection.execute("SELECT id, lane_id FROM subscriptions WHERE project_id = ?", (one,)).fetchall(),
        )
        for one in ids
    ]
    return sorted((one for one in found if one.sources and one.subscriptions), key=lambda one: -len(one.subscriptions))


def _id(at: int, index: int) -> int:
    return first_at(datetime.fromtimestamp(at / 1000, UTC)) + index % 1_000 * 4_000


def _event(rows: _Rows, project: _Project, index: int, at: int, chance: random.Random) -> None:
    number, kind = _id(at, index), _KINDS[index % len(_KINDS)]
    source = project.sources[index % len(project.sources)] if index % 1_000 else None
    ignored = "not-in-the-catalog" if index % 100 == 50 else None
    name, commit = f"build-and-release-{index % 97:02d}", f"{chance.getrandbits(64):016x}"
    body = {
        "id": f"run-{index}-{kind}",
        "type": kind,
        "time": datetime.fromtimestamp(at / 1000, UTC).isoformat(),
        "subject": {"name": name, "url": f"https://ci.example.com/{name}"},
        "run": {
            "number": str(index), "status": _STATUS.get(kind, "COMPLETED"), "description": "Merge #42 Fix refunds",
            "url": f"https://ci.example.com/{name}/{index}",
        },
        "actor": {"name": "zhang.san"},
        "trigger": {"kind": "push", "branch": "main", "commit": commit},
    }  # fmt: skip
    if ignored:
        body["reason"] = ignored
    rows.of["events"].append(
        (
            number, project.id, source, f"run-{index}-{kind}", kind, ignored, at, name, str(index), commit,
            f"https://ci.example.com/{name}/{index}", msgspec.json.encode(body),
        )
    )  # fmt: skip
    if source is not None:
        rows.of["event_keys"].append((id_hash(f"run-{index}-{kind}"), project.id, source, number))
        rows.of["door_calls"].append((number, source, at, 202, "ok", "192.0.2.7", 1, 0, 0, "", None))


def _deliveries(rows: _Rows, project: _Project, index: int, past: Past, at: int) -> None:
    if index % 100 == 50:
        return
    event = _id(at, index)
    wide = index % _WIDE == 1
    for which in range(len(project.subscriptions) if wide else 2):
        place = index * 2 + which
        subscription, lane = project.subscriptions[place % len(project.subscriptions)]
        waits = place >= 2 * past.begin + past.deliveries - past.waiting
        state, cause = ("waiting", None) if waits else _ending(place, past)
        rows.of["deliveries"].append(
            (
                event + which, place + 1, project.id, event, subscription, lane, state, cause, 0, 0, 0,
                int(waits and place % 4 == 0), 0, at, at + _DAY_MS * 40, None if waits else at + 400 + place % 3_000,
            )
        )  # fmt: skip
        if state == "waiting" and place % 4:
            continue
        attempt = event + which
        if not (which and index % 3):
            result, code = ("delivered", "0") if state == "delivered" else ("gone", "93000")
            rows.of["attempts"].append(
                (
                    attempt, lane, at, at + 300, result, code, "ok", 200, 0, 0, 1 + 2 * which,
                    b'{"msgtype":"markdown","markdown":{"content":"%s"}}' % (b"x" * 300),
                )
            )  # fmt: skip
        else:
            attempt = event
        rows.of["attempt_deliveries"].append((event + which, attempt, "one line" if which else None))


def _ending(place: int, past: Past) -> tuple[str, str | None]:
    turn = place * 7919 % 1_000
    for state, cause, share in (
        ("dead", "93000", past.dead),
        ("expired", "expired", past.expired),
        ("cancelled", "subscription-disabled", past.cancelled),
    ):
        if turn < share:
            return state, cause
        turn -= share
    return "delivered", None


def _audit(connection: sqlite3.Connection, many: int, began: int) -> None:
    """Entries behind the last one; their chain is not whole, and no page asks for that."""
    last = connection.execute("SELECT coalesce(max(id), 0) FROM audit").fetchone()[0]
    keys = [row[0] for row in connection.execute("SELECT key FROM projects ORDER BY key")]
    with connection:
        connection.executemany(
            "INSERT INTO audit VALUES (?, ?, 'alice', 'console', '192.0.2.7', 'subscription.updated', ?, 'group', "
            "'{\"enabled\": true}', '{\"enabled\": false}', x'00')",
            _audit_rows(many, last, keys, began),
        )


def _audit_rows(many: int, last: int, keys: Sequence[str], began: int) -> Iterator[Row]:
    for index in range(many):
        yield (last + index + 1, began + index, keys[index % len(keys)])


def open_quickly(path: str) -> sqlite3.Connection:
    """A connection that does not wait for the disk: what it writes is thrown away after the run."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -262144")
    return connection


def timed_fill(path: str, past: Past) -> float:
    """Fill a database; the seconds that it took."""
    began = time.perf_counter()
    connection = open_quickly(path)
    try:
        fill(connection, past, datetime.now(UTC))
    finally:
        connection.close()
    return time.perf_counter() - began
