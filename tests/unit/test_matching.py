"""Matching: who wants an event, and the rules that say why."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shipbell.domain.catalog import EVENT_TYPES
from shipbell.domain.events import Event, Gate, Subject
from shipbell.domain.matching import Rule, matching, rules
from shipbell.domain.subscriptions import GateFilter, Subscription

CHECK = "check.task.completed"
AT = datetime(2026, 11, 24, 3, 4, tzinfo=UTC)


def happened(event_type: str = CHECK, gate: Gate | None = None) -> Event:
    return Event(id="1", type=event_type, time=AT, subject=Subject(name="payments"), gate=gate)


def wants(*events: str, gate: GateFilter = GateFilter.ALL, enabled: bool = True, number: int = 1) -> Subscription:
    return Subscription(
        id=number,
        project_id=1,
        lane_id=number,
        name=f"group {number}",
        channel="wecom",
        events=frozenset(events),
        gate=gate,
        enabled=enabled,
    )


def naive(event: Event, one: Subscription) -> bool:
    """The rule as the contract tells it, word by word."""
    if not one.enabled or event.type not in one.events:
        return False
    if event.type == CHECK and one.gate == GateFilter.PASSED:
        return event.gate == Gate.PASSED
    if event.type == CHECK and one.gate == GateFilter.FAILED:
        return event.gate == Gate.FAILED
    return True


GATES = [None, *Gate]
EVENTS = st.builds(happened, st.sampled_from(sorted(EVENT_TYPES)), st.sampled_from(GATES))
SUBSCRIPTIONS = st.builds(
    lambda events, gate, enabled: wants(*events, gate=gate, enabled=enabled),
    st.sets(st.sampled_from(sorted(EVENT_TYPES))),
    st.sampled_from(GateFilter),
    st.booleans(),
)


@given(EVENTS, st.lists(SUBSCRIPTIONS))
def test_matching_equals_the_naive_definition(event: Event, subscriptions: list[Subscription]) -> None:
    assert matching(event, subscriptions) == tuple(one for one in subscriptions if naive(event, one))


@given(EVENTS, SUBSCRIPTIONS, st.booleans())
def test_the_rules_all_hold_exactly_when_the_event_is_wanted_and_offered(
    event: Event,
    subscription: Subscription,
    offered: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    verdicts = rules(event, subscription, offered=offered)
    assert all(one.holds for one in verdicts) is (offered and bool(matching(event, [subscription])))


@given(EVENTS, SUBSCRIPTIONS)
def test_every_rule_is_told_each_time_in_one_order(event: Event, subscription: Subscription) -> None:
    assert [one.rule for one in rules(event, subscription, offered=True)] == list(Rule)


@pytest.mark.parametrize(
    ("chosen", "gate", "wanted"),
    [
        (GateFilter.ALL, None, True),
        (GateFilter.ALL, Gate.NONE, True),
        (GateFilter.ALL, Gate.PASSED, True),
        (GateFilter.ALL, Gate.FAILED, True),
        (GateFilter.PASSED, None, False),
        (GateFilter.PASSED, Gate.NONE, False),
        (GateFilter.PASSED, Gate.PASSED, True),
        (GateFilter.PASSED, Gate.FAILED, False),
        (GateFilter.FAILED, None, False),
        (GateFilter.FAILED, Gate.NONE, False),
        (GateFilter.FAILED, Gate.PASSED, False),
        (GateFilter.FAILED, Gate.FAILED, True),
    ],
)
def test_the_gate_filter_narrows_checks(chosen: GateFilter, gate: Gate | None, *, wanted: bool) -> None:
    assert bool(matching(happened(gate=gate), [wants(CHECK, gate=chosen)])) is wanted


@pytest.mark.parametrize("event_type", [one for one in EVENT_TYPES if one != CHECK])
@pytest.mark.parametrize("chosen", GateFilter)
def test_the_gate_filter_touches_no_other_event(event_type: str, chosen: GateFilter) -> None:
    assert matching(happened(event_type), [wants(event_type, gate=chosen)])


def test_a_disabled_subscription_hears_nothing() -> None:
    assert matching(happened(), [wants(CHECK, enabled=False)]) == ()


def test_an_event_type_that_is_not_ticked_is_not_heard() -> None:
    assert matching(happened(), [wants("pipeline.run.failed")]) == ()


def test_every_wanting_subscription_hears_in_the_order_given() -> None:
    crowd = [wants(CHECK, number=number) for number in (3, 1, 2)]
    assert [one.id for one in matching(happened(), crowd)] == [3, 1, 2]


@pytest.mark.parametrize(
    ("subscription", "offered", "broken"),
    [
        (wants(CHECK), False, {Rule.OFFERED}),
        (wants(CHECK, enabled=False), True, {Rule.ENABLED}),
        (wants("pipeline.run.failed"), True, {Rule.TYPE}),
        (wants(CHECK, gate=GateFilter.FAILED), True, {Rule.GATE}),
        (wants(gate=GateFilter.FAILED, enabled=False), False, set(Rule)),
        (wants(CHECK), True, set()),
    ],
)
def test_each_broken_rule_is_told_by_itself(
    subscription: Subscription,
    broken: set[Rule],
    *,
    offered: bool,
) -> None:
    event = replace(happened(), gate=Gate.PASSED)
    assert {one.rule for one in rules(event, subscription, offered=offered) if not one.holds} == broken
