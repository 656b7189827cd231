"""`robot list` and `robot reopen`; and the simulator by the name that it had."""

from collections.abc import Sequence
from typing import Annotated

import typer

from shipbell.assemble import Parts
from shipbell.cli import simulate
from shipbell.cli.configured import Json, Key
from shipbell.cli.output import put_json, put_table
from shipbell.cli.running import BY, number_of, say, with_parts
from shipbell.domain.deliveries import LaneState
from shipbell.domain.errors import NotFound
from shipbell.domain.explanations import explain
from shipbell.domain.ids import Prefix, encode
from shipbell.ports.history import RobotLine
from shipbell.usecases.manage import whole_of

_robots = typer.Typer(help="Robots: list and reopen them. `shipbell simulate` starts one to test against.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_robots, name="robot")


@_robots.callback(invoke_without_command=True)
def old_name(  # noqa: PLR0913 - what `simulate` takes
    context: typer.Context,
    host: simulate.Host = "127.0.0.1",
    port: simulate.Port = 9100,
    window: simulate.Window = 60.0,
    block: simulate.Block = 60.0,
    limit: simulate.Limit = 20,
    concurrency: simulate.Concurrency = 2,
    text_limit: simulate.TextLimit = 2_048,
    latency: simulate.Latency = 0.0,
    stall: simulate.Stall = 30.0,
    fault: simulate.Faults = None,
) -> None:
    """List and reopen robots. The options are those of `shipbell simulate`, which had this name before."""
    if context.invoked_subcommand is None:
        say("`shipbell robot` starts the simulator, as it did before: its name is `shipbell simulate` now.")
        simulate.simulate(host, port, window, block, limit, concurrency, text_limit, latency, stall, fault)


@_robots.command("list")
def list_robots(project: Key = None, as_json: Json = False) -> None:
    """List robots with their state and what waits for them."""

    async def work(parts: Parts) -> Sequence[RobotLine]:
        found = None if project is None else await whole_of(parts.directory, project)
        return await parts.history.robots(project_id=found.project.id if found else None)

    robots = with_parts(work)
    if as_json:
        put_json([_value(one) for one in robots])
        return
    rows = [[encode(Prefix.ROBOT, one.id), one.state.value, one.waiting, one.mask, _cause(one)] for one in robots]
    put_table(["ID", "STATE", "WAITING", "URL", "CAUSE"], rows)


@_robots.command("reopen")
def reopen(robot: Annotated[str, typer.Argument(metavar="ID", help="rob_…")]) -> None:
    """Open a closed or failing robot again."""
    number = number_of(Prefix.ROBOT, robot, "robot")

    async def work(parts: Parts) -> None:
        if not await parts.history.reopen(number, by=BY):
            raise NotFound(f"There is no robot {robot}.")

    with_parts(work)
    say(f"The robot {robot} is open. `shipbell deliveries replay --robot {robot}` sends its dead deliveries again.")


def _cause(one: RobotLine) -> str | None:
    return explain(one.cause).cause if one.cause and one.state is not LaneState.OPEN else None


def _value(one: RobotLine) -> dict[str, object]:
    return {
        "id": encode(Prefix.ROBOT, one.id),
        "channel": one.channel,
        "url": one.mask,
        "state": one.state.value,
        "since": one.state_since,
        "cause": one.cause,
        "why": _cause(one),
        "ready_at": one.ready_at,
        "waiting": one.waiting,
        "oldest_waiting_at": one.oldest_waiting_at,
    }
