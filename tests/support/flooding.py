"""A thousand events for one robot within seconds, and a robot beside it that must not notice."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from robots import Sender, event, first_shown, sender, strict, until
from server import serving
from shipbell.simulator import Seen

EVENTS = 1_000
LIMIT_BYTES = {"markdown": 4_096, "text": 2_048}
_NEIGHBOURS = 4
_NEIGHBOUR = r"beside-\d"
# A name with its count, wherever it stands in a line: `api-3 ×17`.
_COUNTED = re.compile(r"(api-\d)[^\n×]*?(?: ×(\d+))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """What came of a flood."""

    messages: Sequence[Seen]
    neighbour_delays: Mapping[str, float]
    seconds_to_post: float
    seconds_after_last_202: float
    calls_after_last_202: int
    refused: int
    unsettled: int
    delivered: int


def distinct(number: int) -> dict[str, object]:
    """Events with a name of their own, of 12 bytes, and a link of 40; every third fails."""
    failed = number % 3 == 0
    name = f"{'f' if failed else 'c'}{number:04}-deploy"
    return event(name, number, failed=failed, run=_run(number))


def of_ten(number: int) -> dict[str, object]:
    """Events of ten subjects."""
    return event(f"api-{number % 10}", number, failed=number % 3 == 0, run=_run(number))


def _run(number: int) -> dict[str, str]:
    return {"number": str(number), "url": f"https://ci.example.com/pipelines/r/{number:05}"}


async def flooded(
    folder: Path,
    *,
    window: float,
    pace: Mapping[str, str],
    form: str = "markdown",
    made: Callable[[int], dict[str, object]] = distinct,
    a_post: int = 10,
    patience: float,
) -> Flood:
    """Post a thousand events, then watch until all are delivered."""
    async with strict(window) as robot:
        projects = {
            "flood": {"group": {"url": robot.url("flooded"), "format": form}},
            "beside": {"group": {"url": robot.url("beside"), "format": form}},
        }
        async with serving(folder, projects, pace) as server, sender(server.address) as post:
            began = time.time()
            beside = asyncio.create_task(_beside(post))
            for start in range(0, EVENTS, a_post):
                body = [made(number) for number in range(start, start + a_post)]
                assert await post.post("flood", body) == 202
            ended = time.time()
            await until(lambda: server.count("delivered") >= EVENTS, 2 * patience + 120, "a delivered thousand")
            await beside
            await until(lambda: server.count("waiting") == 0, 120, "an empty queue")
            delivered = server.count("delivered")
        messages = robot.messages("flooded")
        seen = first_shown(robot.messages("beside"), _NEIGHBOUR)
        return Flood(
            messages=messages,
            neighbour_delays={name: seen[name] - post.accepted[name] for name in seen},
            seconds_to_post=ended - began,
            seconds_after_last_202=messages[-1].at_ms / 1_000 - ended,
            calls_after_last_202=sum(one.at_ms / 1_000 > ended for one in messages),
            refused=robot.refused("flooded") + robot.refused("beside"),
            unsettled=EVENTS + _NEIGHBOURS - delivered,
            delivered=delivered,
        )


async def _beside(post: Sender) -> None:
    for number in range(_NEIGHBOURS):
        assert await post.post("beside", event(f"beside-{number}")) == 202
        await asyncio.sleep(1.0)


def lines(message: Seen) -> list[str]:
    """A message without its headline, as the group reads it."""
    return [line.strip() for line in message.view.splitlines()[1:] if line.strip()]


def names_shown(messages: Sequence[Seen]) -> Counter[str]:
    """How often each distinct name stands in a line or is a message's own."""
    return Counter(name for one in messages for name in set(re.findall(r"[fc]\d{4}-deploy", one.view)))


def fails_first(message: Seen) -> bool:
    """Whether no failure stands below a success."""
    order = [found[0][0] for line in lines(message) if (found := re.findall(r"[fc]\d{4}-deploy", line))]
    return order == sorted(order, key="fc".index)


def folded(messages: Sequence[Seen]) -> list[str]:
    """The lines that stand for several events."""
    return [line for one in messages for line in lines(one) if _COUNTED.search(line)]


def counted(messages: Sequence[Seen]) -> int:
    """How many events the lines of these messages speak of: a folded line for its count, another for one."""
    total = 0
    for message in messages:
        told = [line for line in lines(message) if re.match(r"\W*api-\d", line)]
        if not told:
            total += 1
        for line in told:
            folded = _COUNTED.search(line)
            total += int(folded[2]) if folded else 1
    return total
