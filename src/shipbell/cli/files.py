"""`apply` and `export`."""

from pathlib import Path
from typing import Annotated

import typer

from shipbell.assemble import Parts
from shipbell.cli.output import put
from shipbell.cli.running import BY, fail, say, with_parts
from shipbell.domain.errors import BadInput
from shipbell.storage.database.server_lock import check_served
from shipbell.usecases.apply import Plan


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(name="apply", short_help="Make the settings what a file says.")(apply_command)
    app.command(name="export")(export_command)


def apply_command(
    place: Annotated[str, typer.Argument(metavar="FILE|DIR", help="A YAML file, or a folder of them.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="End what a named project does not mention.")] = False,
) -> None:
    """Make projects, members, sources and subscriptions what a file says."""
    if not place:
        # An empty variable of a script would be the folder where it runs.
        fail(BadInput("Name a file or a folder."))
    path = Path(place)

    async def work(parts: Parts) -> Plan:
        if dry_run:
            return await parts.apply.plan(path, prune=prune)
        # What a file brings is encrypted under the newest key.
        check_served(parts.opened.database.path.parent, parts.keys[0])
        return await parts.apply(path, BY, prune=prune)

    plan = with_parts(work, makes=True)
    for line in plan.lines:
        put(line)
    if not plan.lines:
        say("Nothing changes.")
    elif dry_run:
        say(f"{_counted(plan)}; nothing was done (dry run).")
    else:
        say(f"{_counted(plan)} done.")


def _counted(plan: Plan) -> str:
    return "1 change" if len(plan.lines) == 1 else f"{len(plan.lines)} changes"


def export_command(
    project: Annotated[str | None, typer.Argument(metavar="PROJECT", help="One project's key; left out = all.")] = None,
    with_secrets: Annotated[bool, typer.Option("--with-secrets", help="Write URLs and secrets in clear.")] = False,
) -> None:
    """Write the settings as the file that apply takes."""

    async def work(parts: Parts) -> str:
        return await parts.export(project, with_secrets=with_secrets)

    put(with_parts(work).rstrip("\n"))
