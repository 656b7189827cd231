"""The shapes of replies about the past: events, deliveries, attempts, robots."""

from datetime import datetime

from msgspec import Struct

from shipbell.web.api.shapes import Facts


class EventShape(Struct, kw_only=True):
    """An event; `ignored` says why nobody can subscribe to it, `tool_id` is its tool's own id for it."""

    id: str
    source_id: str | None
    source: str | None
    tool_id: str
    type: str
    ignored: str | None
    happened_at: datetime
    received_at: datetime
    event: Facts


class DeliveryShape(Struct, kw_only=True):
    """A delivery; `cause` is a code, `why` tells it in words with the cure.

    In lists `subject` and `run_number` are cut to 512 bytes and end in “…” then; the one delivery has them whole.
    """

    id: str
    event_id: str
    event_type: str
    subject: str
    run_number: str | None
    subscription_id: str | None
    subscription: str | None
    robot_id: str
    robot: str
    state: str
    cause: str | None
    why: str | None
    maybe_delivered: bool
    failures: int
    test: bool
    accepted_at: datetime
    settled_at: datetime | None
    expires_at: datetime


class AttemptShape(Struct, kw_only=True):
    """A call to a robot; of one that carried other projects' deliveries too, `body` is null and `line` one's own."""

    id: str
    started_at: datetime
    ended_at: datetime | None
    result: str
    code: str
    cause: str
    cure: str
    detail: str
    status: int | None
    maybe_delivered: bool
    companion: bool
    carried: int
    body: str | None
    line: str | None


class HoldupShape(Struct):
    """What keeps a delivery that waits: a code, its cause and cure in words, and when the robot is called next.

    `until` is the earliest time; null when it may be at once, or when the robot waits for somebody. `waiting` is how
    many deliveries of the project wait on the robot.
    """

    code: str
    why: str
    until: datetime | None
    waiting: int


class DeliveryToldShape(DeliveryShape, kw_only=True):
    """A delivery with every attempt, the oldest first; `waits_for` is null once it has ended."""

    waits_for: HoldupShape | None
    attempts: list[AttemptShape]


class DeliveryWholeShape(DeliveryToldShape, kw_only=True):
    """A delivery with its event and every attempt, the oldest first."""

    event: EventShape


class RefusalShape(Struct):
    """A delivery that could not be replayed, and why."""

    id: str
    code: str
    message: str


class ReplayedShape(Struct):
    """What a replay of many did; `next` is the cursor of what is left: go on with it and the same body.

    `refusals` says how many could not go; `refused` names the oldest 1,000 of them.
    """

    replayed: int
    refusals: int
    refused: list[RefusalShape]
    next: str | None


class RuleShape(Struct):
    """A rule of matching, and whether it holds."""

    rule: str
    holds: bool


class BranchShape(Struct):
    """What became of an event for one subscription: the rules as they are now, and the delivery, if one was made."""

    subscription: str
    matched: bool
    rules: list[RuleShape]
    delivery: DeliveryToldShape | None


class WhyShape(Struct):
    """The path of an event, from the door to the groups; `next` is the cursor of the branches that follow.

    The branches that have a delivery come first.
    """

    event: EventShape
    branches: list[BranchShape]
    next: str | None


class BudgetShape(Struct):
    """A robot's allowance: calls started in the last minute of those allowed (0 = unpaced)."""

    used: int
    per_minute: int


class RobotShape(Struct, kw_only=True):
    """A robot as this project sees it: `waiting` and `oldest_waiting_at` are of this project alone.

    `ready_at` is when a paused or paced robot takes the next call; null when it may at once, or is closed.
    """

    id: str
    channel: str
    url: str
    state: str
    since: datetime | None
    cause: str | None
    health: str
    detail: str | None
    budget: BudgetShape
    ready_at: datetime | None
    waiting: int
    oldest_waiting_at: datetime | None
