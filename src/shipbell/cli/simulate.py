"""`robot`: a WeCom robot to test against."""

from typing import Annotated

import typer

from shipbell.cli.running import fail
from shipbell.domain.errors import ShipbellError
from shipbell.simulator import RobotSettings, read_faults, run_robot

# No number of seconds or milliseconds need be larger.
_DAY = 86_400


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="robot", short_help="Stand in for WeCom's robots.")(robot)


def robot(  # noqa: PLR0913 - one knob each
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 = a free one.")] = 9100,
    window: Annotated[float, typer.Option(min=0.1, max=_DAY, help="Seconds over which messages are counted.")] = 60.0,
    block: Annotated[
        float, typer.Option(min=0, max=_DAY, help="Seconds that a robot is blocked for sending too much.")
    ] = 60.0,
    limit: Annotated[int, typer.Option(min=0, help="Messages in a window; 0 = no limit.")] = 20,
    concurrency: Annotated[int, typer.Option(min=0, help="Calls at once; 0 = no limit.")] = 2,
    text_limit: Annotated[int, typer.Option(min=0, help="Bytes of a text message.")] = 2_048,
    latency: Annotated[float, typer.Option(min=0, max=_DAY, help="Milliseconds before each answer.")] = 0.0,
    stall: Annotated[float, typer.Option(min=0, max=_DAY, help="Seconds that the fault `stall` lasts.")] = 30.0,
    fault: Annotated[list[str] | None, typer.Option(metavar="NAME=EVERY", help="A fault on every Nth call.")] = None,
) -> None:
    """Stand in for WeCom's robots: limits, codes, faults, and a page that shows the group."""
    try:
        run_robot(
            RobotSettings(
                host=host,
                port=port,
                window_s=window,
                block_s=block,
                limit=limit,
                concurrency=concurrency,
                text_limit=text_limit,
                latency_s=latency / 1_000,
                stall_s=stall,
                faults=read_faults(fault or []),
            )
        )
    except ShipbellError as error:
        fail(error)
