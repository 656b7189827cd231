"""The subscriptions of a project, and test messages."""

from collections.abc import Callable, Mapping

from starlette.responses import Response

from shipbell.domain.ids import Prefix, encode
from shipbell.ports import facts
from shipbell.ports.directory import SubscriptionRecord
from shipbell.usecases.manage import revision, whole_of
from shipbell.usecases.send_test import TrialVerdict
from shipbell.web.api import writing
from shipbell.web.api.changing import patched, replaced
from shipbell.web.api.operation import CREATED, Call, answer, nothing
from shipbell.web.api.paging import listed
from shipbell.web.api.reading import id_in_path
from shipbell.web.api.shapes import VerdictShape


async def every(call: Call) -> Response:
    """The subscriptions, URLs masked."""
    whole = await whole_of(call.services.directory, call.key)
    return answer(listed(call.request, whole.subscriptions, by=lambda one: one.name, shape=writing.subscription))


async def create(call: Call) -> Response:
    """A new subscription."""
    return _one(call, await call.services.subscriptions.create(call.key, call.body, call.who.by), 201)


async def look(call: Call) -> Response:
    """One subscription."""
    return _one(call, await call.services.subscriptions.one(call.key, _id(call)))


async def replace(call: Call) -> Response:
    """A subscription as the body says; what is left out takes its default."""
    return await _changed(call, replaced(call))


async def patch(call: Call) -> Response:
    """A subscription with what the body says changed."""
    return await _changed(call, patched(call, facts.subscription))


async def _changed(call: Call, change: Callable[[SubscriptionRecord], Mapping[str, object]]) -> Response:
    record = await call.services.subscriptions.replace(call.key, _id(call), change, call.who.by, expected=call.expected)
    return _one(call, record)


async def delete(call: Call) -> Response:
    """The end of a subscription."""
    await call.services.subscriptions.delete(call.key, _id(call), call.who.by, expected=call.expected)
    return nothing()


async def test_saved(call: Call) -> Response:
    """A test message for a subscription as it is kept."""
    return _verdict(await call.services.send_test.saved(call.key, _id(call), actor=call.who.user.name))


async def test_unsaved(call: Call) -> Response:
    """A test message for what the body says."""
    return _verdict(await call.services.send_test.unsaved(call.key, call.body, actor=call.who.user.name))


def _verdict(found: TrialVerdict) -> Response:
    return answer(VerdictShape(found.verdict.value, found.detail))


def _id(call: Call) -> int:
    return id_in_path(call.request, Prefix.SUBSCRIPTION, "subscription")


def _one(call: Call, record: SubscriptionRecord, status: int = 200) -> Response:
    location = (
        f"/projects/{call.key}/subscriptions/{encode(Prefix.SUBSCRIPTION, record.id)}" if status == CREATED else None
    )
    return answer(writing.subscription(record), status, revision=revision(record.stamp), location=location)
