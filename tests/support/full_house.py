"""The project `full` with everything that can have happened, and the way to every page of the console."""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from playwright.sync_api import Page

from running_house import TAB, RunningHouse, enter

FULL = "/projects/full"
BARE = "/projects/bare"
_TAB = TAB.format(key="full")
_LONG = "risk-rules/very-long-branch-based-pipeline-name-of-the-merge-queue-支付与结算平台夜间构建与回归测试通知"
_FILLED_SECONDS = 60.0

# Every page by its route, with the addresses to look at: full of data, and empty where it can be.
VISITS: Mapping[str, tuple[str, ...]] = {
    "/sign-in": ("/sign-in",),
    "/": ("/",),
    "/workspace": ("/workspace", "/workspace?q=nothing"),
    "/account": ("/account",),
    "/projects/{key}": (FULL, BARE),
    "/projects/{key}/deliveries": (
        f"{FULL}/deliveries",
        f"{FULL}/deliveries?state=dead&replayed=2&refused=1&robot=ROB&seen=DLV",
        f"{FULL}/deliveries?q=nothing",
        f"{BARE}/deliveries",
    ),
    "/projects/{key}/deliveries/{delivery}": (f"{FULL}/deliveries/DLV", f"{FULL}/deliveries/DEAD"),
    "/projects/{key}/deliveries/replay": (
        f"{FULL}/deliveries/replay?id=DEAD",
        f"{FULL}/deliveries/replay",
        f"{FULL}/deliveries/replay?id=DEAD&replayed=1&refused=1&why=robot-closed",
    ),
    "/projects/{key}/events": (f"{FULL}/events", f"{FULL}/events?q=nothing", f"{BARE}/events"),
    "/projects/{key}/events/{event}": (f"{FULL}/events/EVT",),
    "/projects/{key}/why": (f"{FULL}/why?q=EVT", f"{FULL}/why?q=build", f"{FULL}/why?q=nothing", f"{BARE}/why"),
    "/projects/{key}/sources": (f"{FULL}/sources", f"{BARE}/sources"),
    "/projects/{key}/sources/new": (f"{FULL}/sources/new",),
    "/projects/{key}/sources/{source}": (f"{FULL}/sources/SRC", f"{FULL}/sources/NEW"),
    "/projects/{key}/sources/{source}/rotate": (f"{FULL}/sources/SRC/rotate",),
    "/projects/{key}/sources/{source}/delete": (f"{FULL}/sources/SRC/delete",),
    "/projects/{key}/robots": (f"{FULL}/robots?reopened=ROB", f"{BARE}/robots"),
    "/projects/{key}/robots/{robot}/replay": (
        f"{FULL}/robots/ROB/replay",
        f"{FULL}/robots/ROB/replay?replayed=1&refused=1&why=robot-closed&until=1",
    ),
    "/projects/{key}/settings/members": (f"{FULL}/settings/members", f"{BARE}/settings/members"),
    "/projects/{key}/settings/members/{user}/remove": (f"{FULL}/settings/members/carol/remove",),
    "/projects/{key}/settings/general": (f"{FULL}/settings/general",),
    "/projects/{key}/settings/general/notifications": (f"{FULL}/settings/general/notifications",),
    "/projects/{key}/settings/general/notifications/{channel}": (
        _TAB,
        f"{_TAB}?show=SUB&done=saved",
        f"{_TAB}?edit=SUB",
        f"{_TAB}?new",
        f"{_TAB}?q=nothing",
        TAB.format(key="bare"),
        TAB.format(key="dublin"),
    ),
    "/projects/{key}/settings/general/notifications/{channel}/{subscription}/delete": (f"{_TAB}/SUB/delete",),
    "/projects/{key}/settings/audit": (f"{FULL}/settings/audit", f"{FULL}/settings/audit?actor=nobody"),
    "/admin/users": ("/admin/users?done=added",),
    "/admin/users/{user}": ("/admin/users/bob",),
    "/admin/users/{user}/remove": ("/admin/users/bob/remove",),
    "/admin/projects": ("/admin/projects",),
    "/admin/projects/{project}/delete": ("/admin/projects/bare/delete",),
    "/admin/audit": ("/admin/audit", "/admin/audit?actor=nobody"),
    # Not in the table of routes: the page of what is not there.
    "404": ("/projects/full/nowhere",),
}
# What answers GET without a page of its own.
NO_PAGES = {
    "/projects/{key}/deliveries/live": "a stream of pieces of the page of deliveries",
    "/projects/{key}/sources/{source}/live": "a stream of pieces of the page of a source",
    "/sign-in/openid": "leads to the provider",
    "/sign-in/openid/callback": "comes back from the provider; its refusal is the sign-in page",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FullHouse:
    """The ids that stand for the capital words in addresses."""

    names: Mapping[str, str]

    def there(self, path: str) -> str:
        """An address with its ids."""
        return re.sub(r"\b[A-Z]{3,4}\b", lambda found: self.names.get(found[0], found[0]), path)


def event(number: int, kind: str = "pipeline.run.failed", name: str = "build-and-release") -> dict[str, object]:
    """What a tool tells, every part of it."""
    return {
        "id": f"full-{number}",
        "type": kind,
        "subject": {"name": name},
        "run": {
            "number": str(number),
            "status": "FAILED",
            "description": "Merge #42",
            "url": f"https://ci.example.com/p/{number}",
            "started_at": "2026-11-24T03:04:12Z",
        },
        "actor": {"name": "zhang.san"},
        "trigger": {"kind": "push", "branch": "main", "commit": "0123abc"},
    }


def happen(running: RunningHouse) -> None:
    """A group that is gone, a robot that is busy, one that waits for its pace, and calls at the door that fail."""
    running.robot("DELETE", "a-robot-of-full-that-is-gone")
    running.robot("PUT", "a-robot-of-full-that-is-busy/faults", {"busy": 1})
    for number in range(12):
        running.emit("full", event(number, name=_LONG if number == 1 else "build-and-release"))
    running.emit("full", event(20, "check.task.completed"))
    running.emit("full", event(21, "deploy.application.deployed"))


def read_names(page: Page) -> FullHouse:
    """The ids by what the pages link to, once the first messages went out; `page` belongs to an administrator."""
    return FullHouse(
        names={
            "DLV": _find(page, f"{FULL}/deliveries?state=delivered", r"/deliveries/(dlv_\w+)"),
            "DEAD": _find(page, f"{FULL}/deliveries?state=dead", r"/deliveries/(dlv_\w+)"),
            "EVT": _find(page, f"{FULL}/events", r"/events/(evt_\w+)"),
            "SRC": _find(page, f"{FULL}/sources", r'/sources/(src_\w+)[^"]*">ci<'),
            "NEW": _find(page, f"{FULL}/sources", r'/sources/(src_\w+)[^"]*">tower<'),
            "ROB": _find(page, f"{FULL}/robots", r"robot=(rob_\w+|\w+)"),
            "SUB": _find(page, _TAB, r"edit=(sub_\w+)"),
        }
    )


def visited(page: Page, full: FullHouse, *, first: bool = False) -> Iterator[str]:
    """Open one page after another, the sign-in page first and the others as the administrator; the address of each.

    `first`: of each route only the first address, which is the one with the most on it.
    """
    page.goto("/sign-in")
    yield "before signing in"
    enter(page, "admin")
    for paths in VISITS.values():
        for path in paths[:1] if first else paths:
            page.goto(full.there(path))
            yield path


def _find(page: Page, path: str, pattern: str) -> str:
    ends = time.monotonic() + _FILLED_SECONDS
    while time.monotonic() < ends:
        page.goto(path)
        if (found := re.search(pattern, page.content())) is not None:
            return found[found.re.groups]
        page.wait_for_timeout(100)
    raise AssertionError(f"{path} never had {pattern}:\n{page.content()}")
