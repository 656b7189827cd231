"""The form of a subscription: shown, ticked, previewed, tested and saved; what was typed is never lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from shipbell.domain.catalog import GATES, GROUPS, SERVICES
from shipbell.domain.errors import ChannelUnavailable, InvalidValue, NameTaken, NotFound, Problem, Stale
from shipbell.domain.ids import Prefix, decode, encode
from shipbell.domain.validation import NAME_CHARACTERS, URL_CHARACTERS, USER_IDS_CHARACTERS
from shipbell.ports import facts
from shipbell.ports.directory import SubscriptionRecord
from shipbell.usecases.send_test import Told
from shipbell.web.console.frame.page import by_of, form_of, frame_of, project_of, render, see_other, who_of
from shipbell.web.console.frame.services import services_of
from shipbell.web.console.frame.words import Words, en
from shipbell.web.console.notifications.form_fields import Typed, raw_of, record_named, toggled
from shipbell.web.console.notifications.list import channel_name, format_name, listed
from shipbell.web.console.notifications.preview import preview_of

_FIELDS: Mapping[str, str] = {
    "name": en("Name"),
    "url": en("URL"),
    "events": en("Event types"),
    "gate": en("Gate check"),
    "content": en("Notification content"),
    "user_ids": en("@user_id"),
    "locale": en("Language"),
    "format": en("Format"),
    "enabled": en("Send messages"),
}
_TOLD: Mapping[Told, tuple[str, str]] = {
    Told.DELIVERED: ("ok", en("Test message delivered.")),
    Told.REFUSED: ("dead", en("Test refused.")),
    Told.UNREACHABLE: ("dead", en("The robot was not reached.")),
    Told.NOT_ALLOWED: ("dead", en("The test was not sent.")),
    Told.PACED: ("wait", en("The test message waits.")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that the form tells above its buttons; `look` is ok, wait, retry or dead."""

    look: str
    title: str
    sentence: str = ""
    overwrites: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One broken rule, at its field."""

    field: str
    label: str
    sentence: str


async def show_form(
    request: Request,
    typed: Typed,
    *,
    problems: Sequence[Problem] = (),
    notices: Sequence[Notice] = (),
    status: int = 200,
) -> Response:
    """The tab with the form below the list."""
    services, project, words = services_of(request), project_of(request), frame_of(request).words
    kind = str(request.path_params["channel"])
    broken = _broken(words, problems)
    known = record_named(project.whole, typed.id, kind)
    return render(
        request,
        "notifications_form.html",
        status,
        nav="notifications",
        kind=kind,
        channel=channel_name(words, kind),
        tabs=[(one, channel_name(words, one)) for one in services.channels],
        list=await listed(request, kind, typed.id),
        editing=typed.id,
        offered=services.offered(kind, project.whole.project.region),
        changes=True,
        typed=typed,
        known=known,
        broken=broken,
        at={one.field: one.sentence for one in reversed(broken)},
        notices=notices,
        services=SERVICES.values(),
        gates=GATES,
        groups=GROUPS,
        most={"name": NAME_CHARACTERS, "url": URL_CHARACTERS, "user_ids": USER_IDS_CHARACTERS},
        about=services.channels[kind].about,
        formats=[(one.value, format_name(words, one)) for one in services.channels[kind].about.formats],
        preview=await preview_of(request, typed, kind),
    )


async def saved(request: Request, typed: Typed) -> Response:
    """Carry out the button that was pressed; without one (the Enter key) it is OK."""
    form = form_of(request)
    if form.has("toggle"):
        return await show_form(request, toggled(typed, form.one("toggle")))
    match form.one("action", "ok"):
        case "preview":
            return await show_form(request, typed)
        case "check":
            return await _checked(request, typed)
        case "test":
            return await _tested(request, typed)
        case _:
            return await _kept(request, typed)


async def _checked(request: Request, typed: Typed) -> Response:
    """The form with what is wrong so far with fields that are not empty, for the one who still types."""
    kind, whole = str(request.path_params["channel"]), project_of(request).whole
    try:
        services_of(request).subscriptions.checked(raw_of(typed, kind, whole), record_named(whole, typed.id, kind))
    except InvalidValue as error:
        begun = {"name": typed.name, "url": typed.url, "user_ids": typed.user_ids}
        return await show_form(request, typed, problems=[one for one in error.problems if begun.get(one.field)])
    return await show_form(request, typed)


async def _kept(request: Request, typed: Typed) -> Response:
    services, project, words = services_of(request), project_of(request), frame_of(request).words
    kind = str(request.path_params["channel"])
    raw, number = raw_of(typed, kind, project.whole), decode(Prefix.SUBSCRIPTION, typed.id)
    try:
        if number is None:
            record = await services.subscriptions.create(project.key, raw, by_of(request))
        else:
            record = await services.subscriptions.replace(
                project.key, number, lambda _known: raw, by_of(request), expected=typed.revision
            )
    except InvalidValue as error:
        return await show_form(request, typed, problems=error.problems, status=422)
    except NameTaken as error:
        taken = Problem(field="name", code=error.code, message=error.sentence)
        return await show_form(request, typed, problems=[taken], status=409)
    except ChannelUnavailable:
        region = frame_of(request).region(project.whole.project.region)
        title = words.t("{channel} is not offered in this region", channel=channel_name(words, kind))
        sentence = words.t("The project is in {region}. Not saved.", region=region)
        return await show_form(
            request, typed, notices=[Notice(look="dead", title=title, sentence=sentence)], status=409
        )
    except Stale:
        return await _overtaken(request, typed)
    except NotFound:
        title = words.t("This subscription was deleted after you opened it.")
        sentence = words.t("Your entries are kept here; OK makes a new subscription of them.")
        gone = Notice(look="retry", title=title, sentence=sentence)
        return await show_form(request, replace(typed, id="", revision=0), notices=[gone], status=409)
    shown = project.path(f"/settings/general/notifications/{kind}")
    return see_other(request, shown, show=encode(Prefix.SUBSCRIPTION, record.id), done="saved")


async def _overtaken(request: Request, typed: Typed) -> Response:
    """Somebody was faster: their change is named, the entries are kept, and OK then saves over it."""
    words, project = frame_of(request).words, project_of(request)
    kind = str(request.path_params["channel"])
    whole = await services_of(request).directory.whole(project.key)
    theirs = record_named(whole, typed.id, kind) if whole else None
    if whole is None or theirs is None or theirs.stamp is None:
        raise NotFound("There is no such subscription.")
    title = words.t(
        "{name} changed this subscription at {time}, after you opened it.",
        name=words.who(theirs.stamp.updated_by),
        time=words.at(theirs.stamp.updated_at),
    )
    differing = _differing(words, typed, theirs, kind, request)
    sentence = words.t("Your entries are kept here. Different from theirs: {fields}.", fields=differing)
    notice = Notice(look="retry", title=title, sentence=sentence, overwrites=True)
    return await show_form(request, replace(typed, revision=theirs.stamp.revision), notices=[notice], status=409)


def _differing(words: Words, typed: Typed, theirs: SubscriptionRecord, kind: str, request: Request) -> str:
    mine = raw_of(typed, kind, project_of(request).whole)
    kept = {**facts.subscription(theirs), "events": sorted(theirs.events)}
    labels = [words.t(label) for name, label in _FIELDS.items() if mine[name] != kept[name]]
    return words.listed(labels) or words.t("nothing")


async def _tested(request: Request, typed: Typed) -> Response:
    """Send a test message as the form says, saved or not, and tell what came of it."""
    services, project, words = services_of(request), project_of(request), frame_of(request).words
    kind = str(request.path_params["channel"])
    raw = raw_of(typed, kind, project.whole)
    known = record_named(project.whole, typed.id, kind)
    if known is not None and raw["url"] == known.url_mask:
        raw["url"] = known.url.reveal()
    # A test needs neither a name nor event types, so what is wrong with them is not in its way.
    wish = {name: value for name, value in raw.items() if name not in {"name", "events"}}
    try:
        told = await services.send_test.unsaved(
            project.key, wish, actor=who_of(request).user.name, locale=words.language
        )
    except InvalidValue as error:
        return await show_form(request, typed, problems=error.problems, status=422)
    except ChannelUnavailable:
        title = words.t("{channel} is not offered in this region", channel=channel_name(words, kind))
        return await show_form(request, typed, notices=[Notice(look="dead", title=title)], status=409)
    look, title = _TOLD[told.verdict]
    return await show_form(request, typed, notices=[Notice(look=look, title=words.t(title), sentence=told.detail)])


def _broken(words: Words, problems: Sequence[Problem]) -> list[Broken]:
    """Broken rules in the order of the form; those of one service's content count as content."""
    order = list(_FIELDS)
    told = []
    for one in problems:
        field = one.field.partition(".")[0]
        label = words.t(_FIELDS.get(field, one.field))
        told.append(Broken(field=field, label=label, sentence=words.told(one.message)))
    return sorted(told, key=lambda one: order.index(one.field) if one.field in order else len(order))
