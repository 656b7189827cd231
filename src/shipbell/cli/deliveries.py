"""`deliveries list`, `show` and `replay`."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from shipbell.assemble import Parts
from shipbell.channels import causes_of
from shipbell.cli.output import put, put_json, put_table
from shipbell.cli.render_history import delivery_value, state_words, subject_words, whole_lines, whole_value
from shipbell.cli.running import BY, REFUSED, fail, number_of, say, with_parts
from shipbell.domain.errors import BadInput, NotFound
from shipbell.domain.explanations import explain
from shipbell.domain.ids import Prefix, encode
from shipbell.ports.history import DeliveryLine, DeliveryWhole, Find, Replayed
from shipbell.usecases.replay import MOST_TOLD
from shipbell.usecases.waiting_reason import Holdup, holdups

STATES = ("waiting", "retrying", "delivered", "dead", "expired", "cancelled")
_PAGE = 200
_STEP = 500
_deliveries = typer.Typer(no_args_is_help=True, help="Deliveries: what became of events.")
Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]
Robot = Annotated[str | None, typer.Option("--robot", metavar="ID", help="Only those of this robot (rob_…).")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_deliveries, name="deliveries")


@_deliveries.command("list")
def list_deliveries(
    project: Annotated[str | None, typer.Argument(metavar="PROJECT", help="One project's key; left out = all.")] = None,
    state: Annotated[str | None, typer.Option(metavar="STATE", help=f"One of {', '.join(STATES)}.")] = None,
    robot: Robot = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 50,
    as_json: Json = False,
) -> None:
    """Show deliveries, the newest first."""
    if state is not None and state not in STATES:
        fail(BadInput(f"There is no state {state}: use one of {', '.join(STATES)}."))
    lane_id = None if robot is None else number_of(Prefix.ROBOT, robot, "robot")

    async def work(parts: Parts) -> list[DeliveryLine]:
        project_id = await _project_id(parts, project)
        return await _gathered(parts, Find(project_id=project_id, state=state, lane_id=lane_id), limit)

    found = with_parts(work)
    if as_json:
        put_json([delivery_value(one) for one in found])
        return
    put_table(
        ["ID", "STATE", "PROJECT", "EVENT TYPE", "SUBJECT", "SUBSCRIPTION", "ACCEPTED", "CAUSE"],
        [_row(one) for one in found],
    )


async def _project_id(parts: Parts, key: str | None) -> int | None:
    if key is None:
        return None
    whole = await parts.directory.whole(key)
    if whole is None:
        raise NotFound(f"There is no project {key}.")
    return whole.project.id


async def _gathered(parts: Parts, find: Find, limit: int) -> list[DeliveryLine]:
    """Page after page, up to a limit."""
    found: list[DeliveryLine] = []
    before: int | None = None
    while len(found) < limit:
        page = await parts.history.deliveries(
            Find(
                project_id=find.project_id,
                state=find.state,
                lane_id=find.lane_id,
                before=before,
                limit=min(_PAGE, limit - len(found)),
            )
        )
        found += page.items
        before = page.next
        if before is None:
            break
    return found


def _row(one: DeliveryLine) -> list[object]:
    return [
        encode(Prefix.DELIVERY, one.id),
        state_words(one),
        one.project_key,
        one.event_type,
        subject_words(one.subject, one.number),
        one.subscription,
        one.accepted_at,
        explain(one.cause, causes=causes_of(one.channel)).cause if one.cause else None,
    ]


@_deliveries.command("show")
def show(delivery: Annotated[str, typer.Argument(metavar="ID")], as_json: Json = False) -> None:
    """Show one delivery with every attempt, cause and cure."""
    number = number_of(Prefix.DELIVERY, delivery, "delivery")

    async def work(parts: Parts) -> tuple[DeliveryWhole | None, Mapping[int, Holdup]]:
        whole = await parts.history.delivery(number)
        lines = [whole.delivery] if whole else []
        return whole, await holdups(parts.history, lines, parts.clock.now())

    found, kept_by = with_parts(work)
    if found is None:
        fail(NotFound(f"There is no delivery {delivery}."))
    if as_json:
        put_json(whole_value(found, kept_by))
        return
    for line in whole_lines(found, kept_by):
        put(line)


@_deliveries.command("replay", short_help="Send deliveries again.")
def replay(deliveries: Annotated[list[str] | None, typer.Argument(metavar="ID…")] = None, robot: Robot = None) -> None:
    """Send deliveries again: these, or (with --robot) every dead one of a robot."""
    if bool(deliveries) == bool(robot):
        fail(BadInput("Name deliveries, or one robot with --robot."))
    numbers = [number_of(Prefix.DELIVERY, one, "delivery") for one in deliveries or []]
    lane_id = None if robot is None else number_of(Prefix.ROBOT, robot, "robot")

    async def work(parts: Parts) -> Replayed:
        if lane_id is None:
            return await _replay_named(parts, numbers)
        return await _replay_robot(parts, lane_id)

    done = with_parts(work)
    say(f"{done.replayed} replayed.")
    for number, code in done.refused.items():
        told = explain(code)
        say(f"{encode(Prefix.DELIVERY, number)}: {told.cause} {told.cure} [{code}]")
    if done.refused:
        raise typer.Exit(REFUSED)


async def _replay_named(parts: Parts, numbers: Sequence[int]) -> Replayed:
    """These deliveries, in steps that keep nobody else waiting."""
    replayed, refused = 0, dict[int, str]()
    for start in range(0, len(numbers), _STEP):
        done = await parts.history.replay(numbers[start : start + _STEP], by=BY)
        replayed += done.replayed
        refused.update(done.refused)
        if start + _STEP < len(numbers):
            say(f"{replayed} so far, more are left")
    return Replayed(replayed=replayed, refused=refused)


async def _replay_robot(parts: Parts, lane_id: int) -> Replayed:
    """Every delivery that is dead by now on a robot, the oldest first, step by step, with progress."""
    find = Find(lane_id=lane_id, state="dead", until=parts.clock.now())
    replayed, refusals, last = 0, 0, 0
    refused: dict[int, str] = {}
    while True:
        done = await parts.replay.many(find, BY, after=last, most=_STEP)
        replayed, refusals, last = replayed + done.replayed, refusals + done.refusals, done.last
        refused.update(list(done.refused.items())[: MOST_TOLD - len(refused)])
        if not done.more:
            break
        say(f"{replayed} so far, more are left")
    if refusals > len(refused):
        say(f"{refusals} cannot go again; the oldest {len(refused)} are told below.")
    return Replayed(replayed=replayed, refused=refused)
