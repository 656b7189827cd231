"""Every address that shows something, with rows of a database in it: no GET route is left out."""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from shipbell.domain.ids import Prefix, encode
from shipbell.web.api.table import OPERATIONS
from shipbell.web.console.app import ROUTES

_KEY = "large"
# Alice has made nearly all entries of the past, and reopened no robot.
_BY_WHOM = (
    "?actor=alice", "?actor=nobody", "?action=subscription.updated", "?action=robot.reopened",
    "?actor=alice&action=robot.reopened", "?actor=nobody&action=subscription.updated",
)  # fmt: skip
# Asked beside the bare address, by the end of its path; `{…}` as in paths.
_ASKED: dict[str, Sequence[str]] = {
    "/workspace": ("?q=small", "?region=ap-southeast-3"),
    "/projects/{key}": ("?range=1h", "?range=7d", "?range=30d"),
    "/projects/{key}/deliveries": (
        "?state=dead", "?state=expired", "?state=cancelled", "?state=waiting", "?state=retrying", "?state=delivered",
        "?subscription={subscription}", "?source={source}", "?type=pipeline.run.failed", "?type=pipeline.run.ignored",
        "?time=1h", "?time=30d", "?q=build", "?q=%23{number}", "?q=nothing-like-it", "?robot={robot}",
        "?robot={robot}&state=dead", "?subscription={subscription}&state=dead&time=7d", "?before={delivery}",
        "?state=dead&type=pipeline.run.failed", "?state=waiting&q=build", "?before={delivery}&state=dead",
        "?seen={delivery}", "?source={source}&before={delivery}",
    ),
    "/projects/{key}/events": (
        "?kind=ignored", "?kind=accepted", "?type=pipeline.run.failed", "?type=pipeline.run.ignored", "?time=1h",
        "?source={source}", "?q=build", "?q=%23{number}", "?before={event}", "?source={source}&before={event}",
    ),
    "/projects/{key}/why": ("?q={event}", "?q={wide}", "?q=%23{number}", "?q=build", "?q=https://ci.example.com/no/1"),
    "/projects/{key}/robots": ("?q=group", "?q=0999", "?from={robot}"),
    "/projects/{key}/settings/audit": ("?before={audit}", *_BY_WHOM),
    "/admin/audit": ("?before={audit}", *_BY_WHOM),
    "/admin/projects": ("?q=small", "?from=small-150"),
    "/projects/{key}/settings/general/notifications/{channel}": (
        "?new", "?edit={subscription}", "?show={subscription}", "?q=0999", "?from={subscription}",
    ),
    "/projects/{key}/deliveries/replay": ("?id={dead}",),
    "/api/v1/projects/{key}/deliveries": (
        "?state=dead", "?state=waiting", "?limit=200", "?source={source}", "?type=pipeline.run.ignored", "?text=build",
        "?text=nothing-like-it", "?robot={robot}&state=dead", "?subscription={subscription}",
        "?from=2026-01-01T00:00:00Z&state=delivered", "?state=retrying",
    ),
    "/api/v1/projects/{key}/events": (
        "?source={source}", "?type=pipeline.run.ignored", "?text=build", "?text=nothing-like-it", "?text=%23{number}",
    ),
    "/api/v1/projects/{key}/robots": ("?limit=200",),
    "/api/v1/projects/{key}/subscriptions": ("?limit=200",),
    "/api/v1/audit": ("?project=large", *_BY_WHOM, "?project=large&actor=nobody&action=robot.reopened"),
    "/projects/{key}/events/{wide}": (),
    "/api/v1/projects/{key}/events/{wide}/why": (),
}  # fmt: skip
# Without a provider there is nothing behind these.
_LEFT_OUT = ("/sign-in",)
_API = "/api/v1"
_PLACE = re.compile(r"\{([a-z]+)\}")


@dataclass(frozen=True, slots=True)
class Known:
    """What stands for each place of an address."""

    words: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Take rows from the middle of a database's past."""
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

        def one(statement: str, *values: object) -> int:
            number: int = connection.execute(statement, values).fetchone()[0]
            return number

        mine = one("SELECT id FROM projects WHERE key = ?", _KEY)
        some = "SELECT id FROM deliveries WHERE project_id = ? AND id >= ? {} ORDER BY id LIMIT 1"
        first, last = (one(f"SELECT {edge}(id) FROM deliveries WHERE project_id = ?", mine) for edge in ("min", "max"))  # noqa: S608 - two words
        delivery = one(some.format(""), mine, (first + last) // 2)
        dead = one(some.format("AND state = 'dead'"), mine, first)
        event = one("SELECT event_id FROM deliveries WHERE id = ?", delivery)
        subscription = one("SELECT id FROM subscriptions WHERE project_id = ? ORDER BY id LIMIT 1 OFFSET 500", mine)
        source = one("SELECT id FROM sources WHERE project_id = ? LIMIT 1", mine)
        number = one("SELECT number_key FROM events WHERE id = ?", event)
        wide = one(
            "SELECT event_id FROM deliveries WHERE project_id = ? GROUP BY event_id HAVING count(*) > 2 LIMIT 1", mine
        )
        words = {
            "key": _KEY,
            "project": _KEY,
            "channel": "wecom",
            "user": "dave",
            "provider": "oidc",
            "delivery": encode(Prefix.DELIVERY, delivery),
            "dead": encode(Prefix.DELIVERY, dead),
            "event": encode(Prefix.EVENT, event),
            "wide": encode(Prefix.EVENT, wide),
            "number": str(number),
            "subscription": encode(Prefix.SUBSCRIPTION, subscription),
            "source": encode(Prefix.SOURCE, source),
            "robot": encode(Prefix.ROBOT, one("SELECT lane_id FROM deliveries WHERE id = ?", dead)),
            "audit": encode(Prefix.AUDIT, one("SELECT max(id) / 2 FROM audit")),
        }
        connection.close()
        return cls(words)

    def put(self, path: str, **more: str) -> str:
        """An address with words in its places; raises KeyError for a place that nobody knows."""
        return _PLACE.sub(lambda found: {**self.words, **more}[found[1]], path)


def addresses(known: Known) -> list[str]:
    """The console's pages, then what the API reads."""
    pages = [route.path for route in ROUTES if "GET" in (route.methods or ()) and not route.path.startswith(_LEFT_OUT)]
    reads = [_API + one.path for one in OPERATIONS if one.method == "GET"]
    wide = [path for path in _ASKED if "{wide}" in path]
    return [address for path in (*pages, *reads, *wide) for address in _addresses(known, path)]


def _addresses(known: Known, path: str) -> list[str]:
    # In the API the last id of a path is that of the list before it.
    before = path.partition("/{id}")[0].rpartition("/")[2].removesuffix("s").replace("deliverie", "delivery")
    more = {"id": known.words.get(before, "")} if "{id}" in path else {}
    if "{id}" in path and not more["id"]:
        return []
    if path.endswith("/deliveries/replay"):
        return [known.put(path + one, **more) for one in _ASKED["/projects/{key}/deliveries/replay"]]
    return [known.put(path + query, **more) for query in ("", *_ASKED.get(path, ()))]
