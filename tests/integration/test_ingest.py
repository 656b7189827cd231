"""Ingest: from a call at a hook to committed events, with every call noted at the door."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from hook_house import SECRET, STARTED, House, house, moved, project, subscription, with_secrets
from shipbell.domain.errors import (
    BadInput,
    BadSignature,
    Busy,
    DatabaseUnusable,
    MalformedEvent,
    NotFound,
    ShipbellError,
    UnknownSourceKind,
)
from shipbell.ports.directory import Snapshot
from shipbell.ports.intake import Accepted
from shipbell.ports.source import InboundRequest

FAILED = {"id": "1", "type": "pipeline.run.failed", "subject": {"name": "build"}}
CHECKED = {"id": "2", "type": "check.task.completed", "subject": {"name": "check"}, "gate": "passed"}
UNWANTED = {"id": "3", "type": "pipeline.run.completed", "subject": {"name": "build"}}


async def sent(
    built: House, body: object, *, target: str = "payments/generic", secret: str = SECRET, late: timedelta = timedelta()
) -> Accepted:
    """Let a call come in."""
    key, _, name = target.partition("/")
    request = InboundRequest(
        headers={"authorization": f"Bearer {secret}"},
        query={},
        body=msgspec.json.encode(body),
        received_at=STARTED + late,
    )
    return await built.ingest()(key, name, request, "192.0.2.7")


async def test_an_event_is_kept_with_a_delivery_for_each_subscription_that_wants_it() -> None:
    built = house()
    accepted = await sent(built, [FAILED, CHECKED, UNWANTED])
    assert len(accepted.event_ids) == 3
    lanes = [[one.lane_id for one in received.deliveries] for received in built.intake.kept]
    assert lanes == [[10], [20], []]
    assert all(one.received_at == STARTED and one.source_id == 1 for one in built.intake.kept)


async def test_a_small_call_comes_between_large_ones_that_came_before_it() -> None:
    built = house()
    ingest = built.ingest()

    def calling(tool_id: str, description: str) -> Coroutine[None, None, Accepted]:
        told = msgspec.json.encode({**FAILED, "id": tool_id, "run": {"description": description}})
        request = InboundRequest(
            headers={"authorization": f"Bearer {SECRET}"}, query={}, body=told, received_at=STARTED
        )
        return ingest("payments", "generic", request, "192.0.2.7")

    await asyncio.gather(*(calling(f"large {number}", "x" * 200_000) for number in range(10)), calling("small", "x"))
    assert [one.event.id for one in built.intake.kept].index("small") <= 1
    assert [size > 200_000 for size in sorted(built.intake.sizes)] == [False, *[True] * 10]


async def test_every_row_has_a_number_of_its_own() -> None:
    built = house(project(*(subscription(number, "pipeline.run.failed") for number in range(1, 4))))
    await sent(built, [FAILED, {**FAILED, "id": "2"}])
    numbers = [one.id for one in built.intake.kept]
    numbers += [delivery.id for one in built.intake.kept for delivery in one.deliveries]
    assert len(numbers) == len(set(numbers)) == 8


async def test_a_channel_that_is_not_offered_in_the_region_gets_no_delivery() -> None:
    built = house(project(subscription(1, "pipeline.run.failed"), region="eu-west-101"))
    accepted = await sent(built, FAILED)
    assert len(accepted.event_ids) == 1
    assert built.intake.kept[0].deliveries == ()


async def test_an_ignored_happening_is_kept_without_deliveries() -> None:
    built = house()
    accepted = await sent(built, {"id": "1", "status": "RUNNING"}, target="payments/codearts")
    assert (accepted.event_ids, accepted.ignored) == ((), 1)
    assert built.intake.kept[0].deliveries == ()


@pytest.mark.parametrize("target", ["other/generic", "payments/other", "other/other", "/", "Payments/generic"])
async def test_an_unknown_project_and_an_unknown_source_are_the_same_to_a_stranger(target: str) -> None:
    built = house()
    with pytest.raises(NotFound) as refusal:
        await sent(built, FAILED, target=target)
    assert refusal.value.sentence == "There is no such project or source: check the address of the hook."
    assert built.intake.calls == []


async def test_the_secret_is_asked_before_the_body_is_read() -> None:
    built = house()
    with pytest.raises(BadSignature):
        await sent(built, "no event at all", secret="wrong")
    assert built.intake.kept == []


async def test_during_a_rotation_both_secrets_admit_and_after_it_the_new_one_alone() -> None:
    built = house()
    with_secrets(built, "new", "old", old_until=timedelta(hours=24))
    await sent(built, FAILED, secret="old", late=timedelta(hours=24) - timedelta(microseconds=1))
    await sent(built, CHECKED, secret="new")
    with pytest.raises(BadSignature):
        await sent(built, UNWANTED, secret="old", late=timedelta(hours=24))
    await sent(built, UNWANTED, secret="new", late=timedelta(hours=25))
    assert len(built.intake.kept) == 3


async def test_a_source_without_a_secret_admits_nobody() -> None:
    built = house()
    with_secrets(built)
    with pytest.raises(BadSignature):
        await sent(built, FAILED, secret="")


async def test_a_change_of_settings_in_between_matches_again_by_the_new_ones() -> None:
    built = house()
    moved(built, subscription(7, "pipeline.run.failed"))
    accepted = await sent(built, FAILED)
    assert len(accepted.event_ids) == 1
    assert [one.subscription_id for one in built.intake.kept[0].deliveries] == [7]
    assert built.directory.refreshed == 1


async def test_a_project_that_goes_in_between_is_not_found() -> None:
    built = house()
    built.intake.version = 2
    built.directory.next_picture = Snapshot(version=2, projects={})
    with pytest.raises(NotFound):
        await sent(built, FAILED)
    assert built.intake.kept == []


async def test_settings_that_never_stand_still_end_in_a_word_not_in_a_loop() -> None:
    built = house()
    built.intake.version = 2
    with pytest.raises(Busy):
        await sent(built, FAILED)
    assert built.directory.refreshed <= 10


async def test_an_accepted_call_is_noted_at_the_door_with_its_counts() -> None:
    built = house()
    await sent(built, [FAILED, CHECKED])
    await sent(built, [FAILED, UNWANTED])
    first, second = built.intake.calls
    assert (first.status, first.code, first.accepted, first.duplicates) == (202, "accepted", 2, 0)
    assert (second.accepted, second.duplicates, second.ignored) == (1, 1, 0)
    assert (first.source_id, first.at, first.address) == (1, STARTED, "192.0.2.7")


@pytest.mark.parametrize(
    ("trouble", "status", "code"),
    [
        (Busy("Full."), 503, "busy"),
        (DatabaseUnusable("The disk is full."), 503, "database-unusable"),
    ],
)
async def test_a_call_that_cannot_be_kept_is_noted_too(trouble: ShipbellError, status: int, code: str) -> None:
    built = house()
    built.intake.trouble = trouble
    with pytest.raises(type(trouble)):
        await sent(built, FAILED)
    [call] = built.intake.calls
    assert (call.status, call.code, call.accepted) == (status, code, 0)


async def test_a_refused_call_is_noted_with_its_code() -> None:
    built = house()
    for body, secret, refusal in [
        (FAILED, "wrong", BadSignature),
        ({}, SECRET, MalformedEvent),
        ({**FAILED, "type": "nothing.known"}, SECRET, MalformedEvent),
    ]:
        with pytest.raises(refusal):
            await sent(built, body, secret=secret)
    assert [(one.status, one.code) for one in built.intake.calls] == [
        (401, "bad-signature"),
        (400, "malformed-event"),
        (400, "unknown-event-type"),
    ]


async def test_a_fault_of_ours_is_noted_too() -> None:
    built = house()
    built.intake.trouble = RuntimeError("the inside")
    with pytest.raises(RuntimeError):
        await sent(built, FAILED)
    assert [(one.status, one.code) for one in built.intake.calls] == [(500, "internal-error")]


async def test_a_kind_that_this_version_does_not_read_is_told_in_words() -> None:
    built = house()
    known = built.directory.picture.projects["payments"]
    newer = replace(known.sources["generic"], kind="bamboo")
    changed = replace(known, sources={"generic": newer})
    built.directory.picture = Snapshot(version=1, projects={"payments": changed})
    with pytest.raises(UnknownSourceKind, match="bamboo"):
        await sent(built, FAILED)
    assert [(one.status, one.code) for one in built.intake.calls] == [(503, "unknown-source-kind")]


async def test_only_calls_with_the_secret_count_towards_the_limit() -> None:
    built = house()
    asked: list[int] = []
    ingest = replace(built.ingest(), limit=lambda source_id, _now: asked.append(source_id))
    for secret in ("wrong", SECRET):
        request = InboundRequest(
            headers={"authorization": f"Bearer {secret}"}, query={}, body=b"{}", received_at=STARTED
        )
        with pytest.raises(BadInput):
            await ingest("payments", "generic", request, "192.0.2.7")
    assert asked == [1]
