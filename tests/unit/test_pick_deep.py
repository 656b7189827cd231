"""What a deep lane's next call carries: whole events, and lines that speak for all there is."""

import json
from collections.abc import Sequence

from msgspec.structs import replace

from happenings import WECOM, happening, head, waiting
from shipbell.domain.deliveries import Handout, Waiting
from shipbell.usecases.next_call import Pick

PICK = Pick({"wecom": WECOM})
KINDS = ("pipeline.run.failed", "pipeline.run.completed")


def queue(count: int, *, subjects: int = 10**9, name: str = "job") -> list[Waiting]:
    """Waiting deliveries in order, `subjects` different ones in turn."""
    return [
        waiting(
            happening(
                KINDS[at // subjects % 2],
                name=f"{name}-{at % subjects}",
                number=str(at),
                url=f"https://ci.example/{at}",
            ),
            id=at,
        )
        for at in range(count)
    ]


def twice(queued: Sequence[Waiting]) -> list[Waiting]:
    """The same events through two subscriptions."""
    return [replace(one, id=2 * one.id + half) for one in queued for half in (0, 1)]


def content(handout: Handout) -> str:
    """What the group reads."""
    return str(json.loads(handout.body)[handout.msgtype]["content"])


def drained(deliveries: Sequence[Waiting], *, look_ahead: int = 1_000) -> list[Handout]:
    """Every call until the lane is empty, when one may start at a time."""
    left, calls = list(deliveries), []
    while left:
        calls.append(PICK(head(*left[:look_ahead], backlog=len(left))))
        gone = {one.id for one in calls[-1].carried}
        left = [one for one in left if one.id not in gone]
    return calls


def test_a_digest_that_its_mentions_close_leaves_no_event_half_told() -> None:
    crowd = [tuple(f"{name}.{at:02d}.{'x' * 24}" for at in range(70)) for name in "abc"]
    deliveries = [replace(one, user_ids=crowd[one.event_id % 3]) if one.id % 2 else one for one in twice(queue(3))]
    assert [{one.event_id for one in call.carried} for call in drained(deliveries)] == [
        {one.event_id} for one in deliveries[::2]
    ]


def test_an_event_that_the_look_ahead_cuts_apart_waits_for_a_later_message() -> None:
    deliveries = twice(queue(40))
    call = PICK(head(*deliveries[:-1], backlog=len(deliveries)))
    assert [one.id for one in call.carried] == [one.id for one in deliveries[:-2]]


def test_events_one_by_one_are_not_held_back_at_the_edge_of_the_look_ahead() -> None:
    assert len(PICK(head(*queue(30), backlog=31)).carried) == 30


def test_a_folded_line_speaks_for_all_of_its_subject_and_type_that_wait() -> None:
    deliveries = queue(1_000, subjects=60)
    call = PICK(head(*deliveries, backlog=2_000))
    assert call.carried[0] == deliveries[0]
    spoken = {(one.event.subject.name, one.event.type) for one in call.carried}
    assert all(one in call.carried for one in deliveries if (one.event.subject.name, one.event.type) in spoken)
    assert len(call.carried) > 200


def test_hours_of_many_subjects_drain_within_minutes() -> None:
    deliveries = queue(10_000, subjects=300, name="a-service-with-a-name")
    calls = drained(deliveries)
    assert len(calls) <= 18 * 5
    assert sorted(one.id for call in calls for one in call.carried) == [one.id for one in deliveries]


def test_calls_go_by_their_oldest_line() -> None:
    oldest = [min(one.place for one in call.carried) for call in drained(queue(3_000, subjects=90))]
    assert oldest == sorted(oldest)


def test_counts_per_subject_lead_on_when_there_is_room_for_links() -> None:
    few, many = (content(PICK(head(*queue(1_000, subjects=count), backlog=100_000))) for count in (7, 300))
    assert few.count("](https://") == 7
    assert "](https://" not in many


def test_one_that_stepped_aside_draws_no_others_with_it() -> None:
    healthy, failing = queue(5), [replace(one, id=one.id + 100, stepped_aside=True) for one in queue(3)]
    assert [one.id for one in PICK(head(*healthy, *failing)).carried] == [one.id for one in healthy]
    assert [one.id for one in PICK(head(*failing)).carried] == [one.id for one in failing]
