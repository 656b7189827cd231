"""One group with its robot: what it saw, what it refused, and how much it may still take."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shipbell.channels.wecom import dialect
from shipbell.simulator.answers import TOO_MANY_AT_ONCE, TOO_OFTEN, Refusal
from shipbell.simulator.faults import Fault, due
from shipbell.simulator.rules import Taken, judge
from shipbell.simulator.settings import RobotSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A message as the group saw it; `view` is its text without markup, `mentions` are those who are alerted."""

    at: str
    at_ms: int
    msgtype: str
    content: str
    mentioned_list: tuple[str, ...]
    bytes: int
    view: str
    mentions: tuple[str, ...]


@dataclass(slots=True)
class Group:
    """The state behind one key; every moment is in epoch seconds."""

    key: str
    settings: RobotSettings
    messages: deque[tuple[float, Taken]]
    removed: bool = False
    disabled: bool = False
    calls: int = 0
    accepted: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    faults: Mapping[Fault, int] = field(default_factory=dict)
    _struck: int = 0
    _starts: deque[float] = field(default_factory=deque)
    _blocked_until: float = 0.0

    def enter(self) -> None:
        """Count a call that begins."""
        self.calls += 1
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def strike(self, everyone: Mapping[Fault, int]) -> Fault | None:
        """The fault of this call; the group's own faults win over everyone's."""
        faults = {**everyone, **self.faults} if self.faults else everyone
        if not faults:
            return None
        self._struck += 1
        return due(faults, self._struck)

    def set_faults(self, faults: Mapping[Fault, int]) -> None:
        """Put these in place of the group's own; calls are counted from here."""
        self.faults = faults
        self.recount()

    def recount(self) -> None:
        """Count calls from here, for the faults."""
        self._struck = 0

    def admit(self, body: bytes, at: float) -> Taken | Refusal:
        """Keep the message, or say why not: first how many calls, then how often, then what is in it."""
        settings = self.settings
        if settings.concurrency and self.in_flight > settings.concurrency:
            return TOO_MANY_AT_ONCE
        if settings.limit and self._over(at):
            return TOO_OFTEN
        taken = judge(body, settings.text_limit)
        if isinstance(taken, Refusal):
            if settings.count_refused:
                self._starts.append(at)
            return taken
        if settings.limit:
            self._starts.append(at)
        self.accepted += 1
        self.messages.append((at, taken))
        return taken

    def clear(self) -> None:
        """Forget messages and counts; what was sent this minute still counts."""
        self.messages.clear()
        self.refused.clear()
        self.calls = self.accepted = 0
        self.max_in_flight = self.in_flight

    def _over(self, at: float) -> bool:
        if at < self._blocked_until:
            if self.settings.prolong_block:
                self._blocked_until = at + self.settings.block_s
            return True
        starts = self._starts
        while starts and at - starts[0] >= self.settings.window_s:
            starts.popleft()
        if len(starts) < self.settings.limit:
            return False
        self._blocked_until = at + self.settings.block_s
        return True


class Groups:
    """Every group by its key; any key is a robot from its first call on."""

    def __init__(self, settings: RobotSettings, everyone: Mapping[Fault, int]) -> None:
        """Start without groups; `everyone` are the faults of all of them."""
        self.everyone = everyone
        self._settings = settings
        self._by_key: dict[str, Group] = {}

    def of(self, key: str) -> Group:
        """The group of a key, made when it is new."""
        group = self._by_key.get(key)
        if group is None:
            group = self._by_key[key] = self.blank(key)
        return group

    def look(self, key: str) -> Group:
        """The group of a key to read from; an unknown one is not kept."""
        return self._by_key.get(key) or self.blank(key)

    def all(self) -> list[Group]:
        """The groups in the order of their first call."""
        return list(self._by_key.values())

    def set_everyone(self, faults: Mapping[Fault, int]) -> None:
        """Put these in place of everyone's faults; each group counts its calls from here."""
        self.everyone = faults
        for group in self._by_key.values():
            group.recount()

    def blank(self, key: str) -> Group:
        """A group that has seen nothing."""
        return Group(key=key, settings=self._settings, messages=deque(maxlen=self._settings.keep))


def seen(at: float, taken: Taken) -> Seen:
    """A kept message as people and tests read it."""
    moment = datetime.fromtimestamp(at, UTC)
    return Seen(
        at=moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        at_ms=int(at * 1000),
        msgtype=taken.msgtype,
        content=taken.content,
        mentioned_list=taken.mentioned,
        bytes=taken.content_bytes,
        view=_view(taken),
        mentions=_mentions(taken),
    )


def _view(taken: Taken) -> str:
    match taken.msgtype:
        case "markdown":
            return dialect.as_text(taken.content)
        case "markdown_v2":
            return dialect.as_text(taken.content, own=False)
        case _:
            return taken.content


def _mentions(taken: Taken) -> tuple[str, ...]:
    if taken.msgtype not in {"text", "markdown"}:
        return ()
    return tuple(dict.fromkeys((*taken.mentioned, *dialect.mentions(taken.content))))
