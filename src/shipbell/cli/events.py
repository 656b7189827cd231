"""`emit`, `why` and `source try`."""

import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import aiohttp
import msgspec
import typer

from shipbell import sources
from shipbell.assemble import Parts
from shipbell.cli.configured import source_group
from shipbell.cli.output import put, put_json
from shipbell.cli.render_history import ID_BYTES, path_lines, path_value, turned_away_line
from shipbell.cli.running import REFUSED, fail, run, say, settings, with_parts
from shipbell.domain.errors import BadInput, BodyTooLarge, InvalidFile, NotFound
from shipbell.domain.events import Event, Ignored
from shipbell.domain.text import clean, shorten
from shipbell.ports.source import InboundRequest
from shipbell.usecases.refused_calls import turned_away
from shipbell.usecases.waiting_reason import Holdup, holdups
from shipbell.usecases.why import Path as EventPath
from shipbell.usecases.why import Why
from shipbell.web.hooks import MOST_BYTES, TOO_LARGE

_DEFAULT_URL = "http://127.0.0.1:8080"
_SECONDS = 30
_ACCEPTED = 202
_DOORS = 20
_JSON = "application/json"
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f]")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(name="emit")(emit)
    app.command(name="why")(why)


def read_input(path: str) -> bytes:
    """A file, or standard input for `-`; no more of it is read than a hook takes."""
    try:
        with nullcontext(sys.stdin.buffer) if path == "-" else Path(path).open("rb") as file:
            body = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        fail(InvalidFile(f"{path} cannot be read ({type(error).__name__})."))
    if len(body) > MOST_BYTES:
        fail(BodyTooLarge(TOO_LARGE))
    return body


def emit(
    target: Annotated[str, typer.Argument(metavar="PROJECT/SOURCE", help="Where the event goes.")],
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The event as JSON.")],
    url: Annotated[str | None, typer.Option(help="The server; left out = SHIPBELL_PUBLIC_URL.")] = None,
    secret: Annotated[str | None, typer.Option(help="The source's secret; left out = SHIPBELL_SECRET.")] = None,
) -> None:
    """Post an event to a running server and print its answer."""
    project, slash, source = target.partition("/")
    if not slash or not project or not source:
        fail(BadInput(f"“{target}” names no source: write PROJECT/SOURCE."))
    chosen = settings()
    given = secret or (chosen.emit_secret.reveal() if chosen.emit_secret else None)
    if given and _UNSENDABLE.search(given):
        fail(BadInput("The secret holds a line break or another control character: give the secret alone."))
    address = (url or chosen.public_url or _DEFAULT_URL).rstrip("/")
    if not address.startswith(("http://", "https://")):
        fail(BadInput(f"“{address}” is no address of a server: write such as {_DEFAULT_URL}."))
    status, answer = run(_post(f"{address}/hooks/{quote(project)}/{quote(source)}", given, read_input(file)))
    if status == _ACCEPTED:
        put(answer)
        return
    say(clean(_refusal(status, answer)))
    raise typer.Exit(REFUSED)


async def _post(url: str, secret: str | None, body: bytes) -> tuple[int, str]:
    headers = {"Content-Type": content_type_of(body)}
    if secret is not None:
        headers["Authorization"] = f"Bearer {secret}"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as response,
        ):
            return response.status, await response.text()
    except aiohttp.InvalidURL as error:
        raise BadInput(f"“{url.partition('/hooks/')[0]}” is no address of a server.") from error
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise NotFound(f"No server answers at {url.partition('/hooks/')[0]} ({type(error).__name__}).") from error


def content_type_of(body: bytes) -> str:
    """What a body is, by its looks: an envelope of CloudEvents, a batch of them, or any other JSON."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return _JSON
    match value:
        case {"specversion": str()}:
            return "application/cloudevents+json"
        case [{"specversion": str()}, *_]:
            return "application/cloudevents-batch+json"
        case _:
            return _JSON


def _refusal(status: int, answer: str) -> str:
    try:
        told = msgspec.json.decode(answer, type=dict[str, object])
    except msgspec.DecodeError:
        return f"The server answered {status}."
    return f"{told.get('detail', 'The server refused it.')} [{told.get('code', status)}]"


def why(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="evt_… or the tool's own id.")],
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Tell the path of an event, from the door to the group."""

    async def work(parts: Parts) -> tuple[Sequence[EventPath], Mapping[int, Holdup], list[str]]:
        asked = Why(directory=parts.directory, history=parts.history, offered=parts.settings.offered)
        found = await asked(identifier)
        made = [branch.delivery.delivery for path in found for branch in path.branches if branch.delivery]
        kept_by = await holdups(parts.history, made, parts.clock.now())
        return found, kept_by, [] if found else await _doors(parts)

    paths, kept_by, doors = with_parts(work)
    if not paths:
        for line in doors:
            say(line)
        fail(
            NotFound(
                f"No event {shorten(identifier, ID_BYTES)} is known: "
                "it never arrived, was refused at the door, or is older than the retention; "
                "a call to a wrong address leaves no trace."
            )
        )
    if as_json:
        put_json([path_value(one, kept_by) for one in paths])
        return
    for one in paths:
        for line in path_lines(one, kept_by):
            put(line)


async def _doors(parts: Parts) -> list[str]:
    """What was turned away of late at every door, a few of them at most."""
    found: list[str] = []
    for project in (await parts.directory.snapshot()).projects.values():
        for one in await turned_away(parts.door_pages, project.sources.values()):
            found.append(turned_away_line(project.key, one))
            if len(found) == _DOORS:
                return found
    return found


@source_group.command("try", short_help="Show what a source would read in a file.")
def try_source(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="The source's kind.")],
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The body that the tool sends.")],
    header: Annotated[list[str] | None, typer.Option(help="A header as `Name: value`; may be repeated.")] = None,
    _as_json: Annotated[bool, typer.Option("--json", help="Write JSON; it does so without, too.")] = False,
) -> None:
    """Read a file as a source would, and show the events; nothing is kept."""
    known = sources.by_kind()
    if kind not in known:
        fail(BadInput(f"There is no source kind {kind}: known are {', '.join(known)}."))
    body = read_input(file)
    pairs = [one.partition(":") for one in header or ()]
    given = {name.strip().lower(): value.strip() for name, _, value in pairs}
    request = InboundRequest(
        headers=given or {"content-type": content_type_of(body)},
        query={},
        body=body,
        received_at=datetime.now(UTC),
    )
    try:
        events = known[kind].parse(request)
    except BadInput as error:
        fail(error)
    put_json([_event(one) for one in events])


def _event(one: Event | Ignored) -> dict[str, object]:
    value: dict[str, object] = msgspec.to_builtins(one)
    return _without_nothing({"ignored": True, **value} if isinstance(one, Ignored) else value)


def _without_nothing(value: dict[str, object]) -> dict[str, object]:
    """Absent means unknown: what is not known is left out."""
    inner = {name: _without_nothing(one) if isinstance(one, dict) else one for name, one in value.items()}
    return {name: one for name, one in inner.items() if one not in (None, {})}
