"""`project`, `source` and `subscription`: the settings that are there, and a test of one."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, TypeVar

import typer

from shipbell import sources
from shipbell.assemble import Parts
from shipbell.cli.output import put, put_json, put_table
from shipbell.cli.running import BY, REFUSED, number_of, with_parts
from shipbell.domain.errors import NotFound
from shipbell.domain.ids import Prefix, encode
from shipbell.ports.directory import ProjectRecord, ProjectWhole, SourceRecord, SubscriptionRecord
from shipbell.usecases.manage import whole_of
from shipbell.usecases.send_test import Told, TrialVerdict
from shipbell.usecases.validate import wish_of

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]
Key = Annotated[str | None, typer.Argument(metavar="PROJECT", help="One project's key; left out = all.")]
projects = typer.Typer(no_args_is_help=True, help="Projects.")
source_group = typer.Typer(no_args_is_help=True, help="Sources: who sends events.")
subscriptions = typer.Typer(no_args_is_help=True, help="Subscriptions: which group gets which events.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(projects, name="project")
    app.add_typer(source_group, name="source")
    app.add_typer(subscriptions, name="subscription")


@projects.command("list")
def list_projects(project: Key = None, as_json: Json = False) -> None:
    """List projects."""
    found = [one.project for one in _wholes(project)]
    _show(found, _project, ["KEY", "NAME", "REGION", "TIME ZONE"], as_json=as_json)


@source_group.command("list")
def list_sources(project: Key = None, as_json: Json = False) -> None:
    """List sources, without their secrets."""
    found = [(whole, one) for whole in _wholes(project) for one in whole.sources]
    _show(found, _source, ["ID", "PROJECT", "NAME", "KIND"], as_json=as_json)


@source_group.command("kinds")
def list_kinds(as_json: Json = False) -> None:
    """List the kinds of sources."""
    kinds = list(sources.by_kind())
    if as_json:
        put_json([{"kind": kind} for kind in kinds])
        return
    for kind in kinds:
        put(kind)


@subscriptions.command("list")
def list_subscriptions(project: Key = None, as_json: Json = False) -> None:
    """List subscriptions; the keys of their URLs are masked."""
    found = [(whole, one) for whole in _wholes(project) for one in whole.subscriptions]
    _show(found, _subscription, ["ID", "PROJECT", "NAME", "CHANNEL", "ENABLED", "URL"], as_json=as_json)


@subscriptions.command("test")
def send_test_message(
    subscription: Annotated[str, typer.Argument(metavar="ID", help="sub_…")], as_json: Json = False
) -> None:
    """Send a test message and wait for its result."""
    number = number_of(Prefix.SUBSCRIPTION, subscription, "subscription")

    async def work(parts: Parts) -> TrialVerdict:
        picture = await parts.directory.snapshot()
        for project in picture.projects.values():
            if any(one.id == number for one in project.subscriptions):
                return await parts.send_test.saved(project.key, number, actor=BY.actor)
        raise NotFound(f"There is no subscription {subscription}.")

    told = with_parts(work)
    if as_json:
        put_json({"verdict": told.verdict.value, "detail": told.detail})
    else:
        put(f"{told.verdict.value}: {told.detail}")
    if told.verdict is not Told.DELIVERED:
        raise typer.Exit(REFUSED)


def _wholes(key: str | None) -> Sequence[ProjectWhole]:
    """One project with all that belongs to it, or every one."""

    async def work(parts: Parts) -> Sequence[ProjectWhole]:
        keys = [key] if key else [one.key for one in await parts.directory.projects()]
        return await asyncio.gather(*(whole_of(parts.directory, one) for one in keys))

    return with_parts(work)


def _show(
    found: Iterable[T], value_of: Callable[[T], dict[str, object]], heads: Sequence[str], *, as_json: bool
) -> None:
    """The same values for people and for programs: a head is the name of its value."""
    values = [value_of(one) for one in found]
    if as_json:
        put_json(values)
        return
    put_table(heads, [[_shown(one[head.lower().replace(" ", "_")]) for head in heads] for one in values])


def _shown(value: object) -> object:
    return ("yes" if value else "no") if isinstance(value, bool) else value


def _project(one: ProjectRecord) -> dict[str, object]:
    identifier = encode(Prefix.PROJECT, one.id)
    return {"id": identifier, "key": one.key, "name": one.name, "region": one.region, "time_zone": one.time_zone}


def _source(given: tuple[ProjectWhole, SourceRecord]) -> dict[str, object]:
    whole, one = given
    identifier = encode(Prefix.SOURCE, one.id)
    return {"id": identifier, "project": whole.project.key, "name": one.name, "kind": one.kind}


def _subscription(given: tuple[ProjectWhole, SubscriptionRecord]) -> dict[str, object]:
    whole, one = given
    return {
        "id": encode(Prefix.SUBSCRIPTION, one.id),
        "project": whole.project.key,
        **wish_of(one),
        "url": one.url_mask,
        "robot_id": encode(Prefix.ROBOT, one.lane_id),
    }
