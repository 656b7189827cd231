"""Settings › General › Notifications: a tab per channel with its subscriptions, their form and its preview."""

from dataclasses import replace

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from shipbell.domain.access import Action
from shipbell.domain.errors import NotFound
from shipbell.domain.ids import Prefix, encode
from shipbell.domain.validation import NAME_CHARACTERS
from shipbell.ports import facts
from shipbell.ports.directory import SubscriptionRecord
from shipbell.web.console.frame.page import by_of, deed, form_of, frame_of, page, project_of, render, see_other
from shipbell.web.console.frame.services import services_of
from shipbell.web.console.notifications.form import saved, show_form
from shipbell.web.console.notifications.form_fields import Typed, blank, record_named, typed_from, typed_of
from shipbell.web.console.notifications.list import channel_name, listed, people_who_may, spread_out

# What the number behind a name takes at most.
_ROOM = 5
_TAB = "/projects/{key}/settings/general/notifications/{channel}"


async def first_tab(request: Request) -> Response:
    """The way to the first channel."""
    channel = next(iter(services_of(request).channels))
    return see_other(request, project_of(request).path(f"/settings/general/notifications/{channel}"))


async def tab(request: Request) -> Response:
    """The list and the form, blank or by `?copy=` or `?edit=` filled in, or one subscription by `?show=`."""
    kind = channel_of(request)
    project, query = project_of(request), request.query_params
    changes = project.may(Action.CHANGE_SUBSCRIPTIONS)
    if changes and "new" in query and offered(request):
        source = record_named(project.whole, query.get("copy", ""), kind)
        if source is None:
            return await show_form(request, _new(request))
        copied = replace(typed_from(source), id="", revision=0, name=_copied(request, source.name), copy_of=_id(source))
        return await show_form(request, copied)
    named = query.get("edit") or query.get("show")
    shown = record_named(project.whole, named, kind) if named else None
    if named and shown is None:
        raise NotFound("There is no such subscription.")
    if shown is not None and changes and "edit" in query:
        return await show_form(request, typed_from(shown))
    if shown is None and changes and offered(request) and "done" not in query:
        return await show_form(request, _new(request))
    return await show_list(request, shown)


def _new(request: Request) -> Typed:
    """A blank form with a name that is free: the parameters of the channel are enough for OK."""
    words = frame_of(request).words
    return replace(blank(words.language), name=_free(request, channel_name(words, channel_of(request))))


def _copied(request: Request, name: str) -> str:
    """The name of a copy: free, and as much of the first one as fits."""
    words = frame_of(request).words
    room = NAME_CHARACTERS - len(words.t("{name} (copy)", name="")) - _ROOM
    return _free(request, words.t("{name} (copy)", name=name[:room]))


def _free(request: Request, name: str) -> str:
    """This name, with a number behind it where another subscription has it."""
    taken = {one.name for one in project_of(request).whole.subscriptions}
    tried = (name, *(f"{name} {number}" for number in range(2, len(taken) + 2)))
    return next(one for one in tried if one not in taken)


async def show_list(request: Request, shown: SubscriptionRecord | None) -> Response:
    """The tab without the form; `shown` is spread out below the list."""
    services, project, words = services_of(request), project_of(request), frame_of(request).words
    kind = channel_of(request)
    frame = frame_of(request)
    there = [
        words.t("{name} ({code})", name=frame.region(one), code=one)
        for one in sorted(services.channel_regions.get(kind, ()))
    ]
    who_may = people_who_may(project.whole, Action.CHANGE_SUBSCRIPTIONS)
    return render(
        request,
        "notifications.html",
        nav="notifications",
        kind=kind,
        channel=channel_name(words, kind),
        tabs=[(one, channel_name(words, one)) for one in services.channels],
        list=await listed(request, kind, _id(shown) if shown else ""),
        shown=spread_out(words, shown) if shown else None,
        editing="",
        offered=offered(request),
        offered_in=there,
        offered_names=words.listed(there),
        setting=Markup("<code>SHIPBELL_CHANNEL_REGIONS</code>"),
        changes=project.may(Action.CHANGE_SUBSCRIPTIONS),
        who_may=who_may,
        people=words.listed(who_may),
        done=request.query_params.get("done", ""),
    )


async def save(request: Request) -> Response:
    """What the form's buttons do: tick a service, show the preview, test, or save."""
    return await saved(request, _typed(request))


async def shown_again(request: Request) -> Response:
    """The form as it was typed before a sign-in or an error; nothing is saved."""
    return await show_form(request, _typed(request))


def _typed(request: Request) -> Typed:
    """What the tab's form sent; raises NotFound for a subscription of another channel: OK would move it to this one."""
    kind, typed = channel_of(request), typed_of(form_of(request))
    if any(_id(one) == typed.id and one.channel != kind for one in project_of(request).whole.subscriptions):
        raise NotFound("There is no such subscription.")
    return typed


async def switch(request: Request) -> Response:
    """Switch a subscription on or off."""
    record = _record(request)
    enabled = form_of(request).one("enabled") == "true"
    await services_of(request).subscriptions.replace(
        project_of(request).key,
        record.id,
        lambda known: {**facts.subscription(known), "enabled": enabled},
        by_of(request),
        expected=None,
    )
    return see_other(request, _path(request), done="on" if enabled else "off")


async def ask_delete(request: Request) -> Response:
    """The question before a subscription goes."""
    record = _record(request)
    project_id = project_of(request).whole.project.id
    robots = await services_of(request).history.robots(project_id=project_id, lane_ids=[record.lane_id])
    waiting = sum(one.waiting for one in robots)
    return render(
        request, "notifications_delete.html", nav="notifications", record=record, id=_id(record), waiting=waiting,
        tab=_path(request),
    )  # fmt: skip


async def delete(request: Request) -> Response:
    """Delete a subscription."""
    record = _record(request)
    key = project_of(request).key
    await services_of(request).subscriptions.delete(key, record.id, by_of(request), expected=None)
    return see_other(request, _path(request), done="deleted")


def channel_of(request: Request) -> str:
    """The channel of the tab; raises NotFound for one that does not exist."""
    kind = str(request.path_params["channel"])
    if kind not in services_of(request).channels:
        raise NotFound("There is no such channel.")
    return kind


def offered(request: Request) -> bool:
    """Whether the tab's channel is offered in the project's region."""
    return services_of(request).offered(channel_of(request), project_of(request).whole.project.region)


def _record(request: Request) -> SubscriptionRecord:
    whole, kind = project_of(request).whole, channel_of(request)
    record = record_named(whole, request.path_params["subscription"], kind)
    if record is None:
        raise NotFound("There is no such subscription.")
    return record


def _path(request: Request) -> str:
    return project_of(request).path(f"/settings/general/notifications/{channel_of(request)}")


def _id(record: SubscriptionRecord) -> str:
    return encode(Prefix.SUBSCRIPTION, record.id)


ROUTES = (
    page("/projects/{key}/settings/general/notifications", first_tab),
    page(_TAB, tab),
    deed(_TAB, save, action=Action.CHANGE_SUBSCRIPTIONS, again=shown_again),
    deed(_TAB + "/{subscription}/switch", switch, action=Action.CHANGE_SUBSCRIPTIONS),
    page(_TAB + "/{subscription}/delete", ask_delete, action=Action.CHANGE_SUBSCRIPTIONS),
    deed(_TAB + "/{subscription}/delete", delete, action=Action.CHANGE_SUBSCRIPTIONS),
)
