"""`event list`: what came in."""

from typing import Annotated

import typer

from shipbell.assemble import Parts
from shipbell.cli.configured import Json, Key
from shipbell.cli.output import put_json, put_table
from shipbell.cli.render_history import ID_BYTES
from shipbell.cli.running import with_parts
from shipbell.domain.ids import Prefix, encode
from shipbell.domain.text import shorten
from shipbell.ports.history import EventLine, Find
from shipbell.usecases.manage import whole_of

_PAGE = 200
_events = typer.Typer(no_args_is_help=True, help="Events: what CI tools sent.")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.add_typer(_events, name="event")


@_events.command("list")
def list_events(
    project: Key = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 50,
    as_json: Json = False,
) -> None:
    """List events, the newest first."""

    async def work(parts: Parts) -> list[EventLine]:
        whole = None if project is None else await whole_of(parts.directory, project)
        return await _gathered(parts, whole.project.id if whole else None, limit)

    values = [_value(one) for one in with_parts(work)]
    if as_json:
        put_json(values)
        return
    heads = ["ID", "PROJECT", "SOURCE", "TYPE", "SUBJECT", "RECEIVED AT"]
    put_table(heads, [[one[head.lower().replace(" ", "_")] for head in heads] for one in values])


async def _gathered(parts: Parts, project_id: int | None, limit: int) -> list[EventLine]:
    """Page after page, up to a limit."""
    found: list[EventLine] = []
    before: int | None = None
    while len(found) < limit:
        asked = Find(project_id=project_id, before=before, limit=min(_PAGE, limit - len(found)))
        page = await parts.history.events(asked)
        found += page.items
        before = page.next
        if before is None:
            break
    return found


def _value(one: EventLine) -> dict[str, object]:
    return {
        "id": encode(Prefix.EVENT, one.id),
        "project": one.project_key,
        "source": one.source,
        "tool_id": one.tool_id,
        "type": one.type,
        "subject": shorten(one.event.subject.name, ID_BYTES),
        "ignored": one.ignored,
        "happened_at": one.happened_at,
        "received_at": one.received_at,
    }
