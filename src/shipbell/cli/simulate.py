"""`simulate`: a WeCom robot to test against."""

from typing import Annotated

import typer

from shipbell.cli.running import fail
from shipbell.domain.errors import ShipbellError
from shipbell.simulator import RobotSettings, read_faults, run_robot

# No number of seconds or milliseconds need be larger.
_DAY = 86_400
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 = a free one.")]
Window = Annotated[float, typer.Option(min=0.1, max=_DAY, help="Seconds over which messages are counted.")]
Block = Annotated[float, typer.Option(min=0, max=_DAY, help="Seconds that a robot is blocked for sending too much.")]
Limit = Annotated[int, typer.Option(min=0, help="Messages in a window; 0 = no limit.")]
Concurrency = Annotated[int, typer.Option(min=0, help="Calls at once; 0 = no limit.")]
TextLimit = Annotated[int, typer.Option(min=0, help="Bytes of a text message.")]
Latency = Annotated[float, typer.Option(min=0, max=_DAY, help="Milliseconds before each answer.")]
Stall = Annotated[float, typer.Option(min=0, max=_DAY, help="Seconds that the fault `stall` lasts.")]
Faults = Annotated[list[str] | None, typer.Option(metavar="NAME=EVERY", help="A fault on every Nth call.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="simulate", short_help="Simulate WeCom group robots.")(simulate)


def simulate(  # noqa: PLR0913 - one knob each
    host: Host = "127.0.0.1",
    port: Port = 9100,
    window: Window = 60.0,
    block: Block = 60.0,
    limit: Limit = 20,
    concurrency: Concurrency = 2,
    text_limit: TextLimit = 2_048,
    latency: Latency = 0.0,
    stall: Stall = 30.0,
    fault: Faults = None,
) -> None:
    """Simulate WeCom group robots: limits, codes, faults, and a page that shows the group."""
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
