"""The generic source: Shipbell's own event, one or many, and what it says of a body that is not one."""

import gzip
import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls import ARRIVED, event_in, read
from shipbell.domain.catalog import EVENT_TYPES
from shipbell.domain.errors import MalformedEvent, UnknownEventType
from shipbell.domain.events import Actor, Event, Gate, Issues, Run, Subject, Trigger
from shipbell.domain.text import clean

LEAST = {"id": "run-128", "type": "pipeline.run.failed", "subject": {"name": "build"}}
LEAST_BYTES = msgspec.json.encode(LEAST)
ASTRAL = "\N{SHIP}\U0001f680"


def with_member(member: bytes) -> bytes:
    """The least event with one more member, written by hand."""
    return LEAST_BYTES[:-1] + b"," + member + b"}"


def test_every_member_of_the_shape_is_read() -> None:
    body = {
        "id": "run-128-failed",
        "type": "check.task.completed",
        "time": "2026-11-24T03:04:12Z",
        "subject": {"name": "build-and-release", "url": "https://ci/p"},
        "run": {
            "number": "128",
            "status": "FAILED",
            "description": "Merge #42",
            "url": "https://ci/p/128",
            "started_at": "2026-11-24T11:00:00+08:00",
            "finished_at": "2026-11-24T03:04:00.5Z",
        },
        "actor": {"name": "zhang.san"},
        "trigger": {"kind": "push", "branch": "main", "tag": "v1", "commit": "0123abc"},
        "gate": "failed",
        "issues": {"total": 3},
        "project_name": "Payments",
        "labels": {"environment": "prod"},
    }
    assert event_in("generic", body) == Event(
        id="run-128-failed",
        type="check.task.completed",
        time=datetime(2026, 11, 24, 3, 4, 12, tzinfo=UTC),
        subject=Subject(name="build-and-release", url="https://ci/p"),
        run=Run(
            number="128",
            status="FAILED",
            description="Merge #42",
            url="https://ci/p/128",
            started_at=datetime(2026, 11, 24, 3, 0, tzinfo=UTC),
            finished_at=datetime(2026, 11, 24, 3, 4, 0, 500_000, tzinfo=UTC),
        ),
        actor=Actor(name="zhang.san"),
        trigger=Trigger(kind="push", branch="main", tag="v1", commit="0123abc"),
        gate=Gate.FAILED,
        issues=Issues(total=3),
        project_name="Payments",
        labels={"environment": "prod"},
    )


def test_id_type_and_subject_are_enough_and_nothing_is_invented() -> None:
    assert event_in("generic", LEAST) == Event(
        id="run-128", type="pipeline.run.failed", time=ARRIVED, subject=Subject(name="build")
    )


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_type_of_the_catalog_is_taken(event_type: str) -> None:
    assert event_in("generic", {**LEAST, "type": event_type}).type == event_type


@pytest.mark.parametrize("gate", list(Gate))
def test_every_gate_is_taken(gate: Gate) -> None:
    assert event_in("generic", {**LEAST, "gate": gate.value}).gate is gate


def test_unknown_members_are_passed_over() -> None:
    body = {**LEAST, "run": {"number": "1", "colour": "red"}, "more": [{"a": None}, 1.5, True]}
    assert event_in("generic", body).run == Run(number="1")


def test_null_means_unknown() -> None:
    body = {**LEAST, "time": None, "run": None, "actor": None, "gate": None, "issues": {"total": None}, "labels": None}
    event = event_in("generic", body)
    assert (event.time, event.run, event.actor, event.gate) == (ARRIVED, Run(), None, None)


@pytest.mark.parametrize("actor", [{}, {"name": None}, {"name": ""}, {"id": 7}])
def test_an_actor_without_a_name_is_unknown(actor: dict[str, object]) -> None:
    assert event_in("generic", {**LEAST, "actor": actor}).actor is None


def test_long_text_is_kept_whole() -> None:
    name = "é" * 300_000
    assert event_in("generic", {**LEAST, "subject": {"name": name}}).subject.name == name


def test_characters_beyond_the_first_plane_are_taken_written_or_escaped() -> None:
    body = LEAST_BYTES.replace(b'"build"', b'"\\u26F5\\uD83D\\uDE80 \\\\u0000 \\\\ud83d"').replace(
        b"\\u26F5", "⛵".encode()
    )
    assert event_in("generic", body).subject.name == "⛵🚀 \\u0000 \\ud83d"
    assert event_in("generic", {**LEAST, "subject": {"name": ASTRAL}}).subject.name == ASTRAL


def test_an_array_keeps_its_order() -> None:
    found = read("generic", [{**LEAST, "id": str(number)} for number in range(1_000)])
    assert [one.id for one in found] == [str(number) for number in range(1_000)]


def test_an_empty_array_holds_no_event() -> None:
    assert list(read("generic", [])) == []


def test_more_than_a_thousand_in_one_call_are_refused() -> None:
    with pytest.raises(MalformedEvent, match="1001 events in one call; at most 1000"):
        read("generic", [LEAST] * 1_001)


@pytest.mark.parametrize("many", [False, True])
def test_a_number_is_taken_where_a_text_is_meant(*, many: bool) -> None:
    body = {
        "id": 128,
        "type": "pipeline.run.failed",
        "subject": {"name": 7},
        "run": {"number": 128, "status": 1.5},
        "issues": {"total": 3},
        "project_name": 9,
        "labels": {"build": 12},
    }
    [event] = read("generic", [body] if many else body)
    assert isinstance(event, Event)
    assert (event.id, event.subject.name, event.project_name) == ("128", "7", "9")
    assert (event.run.number, event.run.status, event.issues) == ("128", "1.5", Issues(total=3))
    assert event.labels == {"build": "12"}


def test_what_is_wrong_beside_a_number_is_what_is_named() -> None:
    with pytest.raises(MalformedEvent, match=r"at gate"):
        read("generic", {**LEAST, "run": {"number": 128}, "gate": "maybe"})


@pytest.mark.parametrize(
    ("third", "place"),
    [
        ({"id": "3"}, r"at \[2\]"),
        ({**LEAST, "subject": {"name": [3]}}, r"at \[2\]\.subject\.name"),
        ({**LEAST, "id": ""}, r"at \[2\]\.id"),
        ({**LEAST, "type": "nothing.known"}, r"at \[2\]\.type"),
        ({**LEAST, "run": {"started_at": "2026-11-24T03:04:12"}}, r"at \[2\]\.run\.started_at"),
        (None, r"at \[2\]"),
    ],
)
def test_one_bad_item_refuses_the_array_and_is_named(third: object, place: str) -> None:
    with pytest.raises(MalformedEvent, match=place):
        read("generic", [LEAST, LEAST, third])


@pytest.mark.parametrize("place", ["", "[0]."])
@pytest.mark.parametrize(
    "event_type", ["pipeline.run.started", "PIPELINE.RUN.FAILED", "io.shipbell.pipeline.run.failed"]
)
def test_a_type_outside_the_catalog_is_named(event_type: str, place: str) -> None:
    body = {**LEAST, "type": event_type}
    with pytest.raises(UnknownEventType) as refusal:
        read("generic", [body] if place else body)
    assert event_type in refusal.value.sentence
    assert f"(at {place}type)" in refusal.value.sentence


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b" \r\n\t", "empty"),
        (b"hello", "malformed"),
        (b"<event/>", "malformed"),
        (b"id=1&type=2", "malformed"),
        (LEAST_BYTES[:-1], "truncated"),
        (LEAST_BYTES + b"x", "trailing"),
        (b"\xef\xbb\xbf" + LEAST_BYTES, "malformed"),
        (LEAST_BYTES.decode().encode("utf-16"), ""),
        (LEAST_BYTES.replace(b"build", b"\xff\xfe"), "utf-8"),
        (LEAST_BYTES.replace(b"build", b"\xed\xa0\xbd"), "utf-8"),
        (LEAST_BYTES.replace(b"build", b"a\x00b"), "NUL"),
        (LEAST_BYTES.replace(b"build", b"a\\u0000b"), "NUL"),
        (LEAST_BYTES.replace(b"build", b"\\\\\\u0000"), "NUL"),
        (with_member(b'"more": "\\u0000"'), "NUL"),
        (LEAST_BYTES.replace(b"build", b"\\ud83d"), "surrogate"),
        (LEAST_BYTES.replace(b"build", b"\\uDE80"), "surrogate"),
        (LEAST_BYTES.replace(b"build", b"\\uDE80\\uD83D"), "surrogate"),
        (with_member(b'"more": "\\ud83d"'), "surrogate"),
        (with_member(b'"issues": {"total": NaN}'), "malformed"),
        (with_member(b'"more": NaN'), "malformed"),
        (with_member(b'"more": Infinity'), "malformed"),
        (with_member(b'"more": ' + b"[" * 100_000 + b"]" * 100_000), "recursion"),
        (with_member(b'"run": ' + b'{"more":' * 100_000 + b"1" + b"}" * 100_000), "recursion"),
        (b"[" * 500_000, "Expected an object"),
        (gzip.compress(LEAST_BYTES, mtime=0), "compressed"),
        (b"null", "Expected an object, got null"),
        (b"3", "Expected an object, got a whole number"),
        (b'"text"', "Expected an object, got text"),
        (b"{}", "missing required field `id`"),
        (with_member(b'"issues": {"total": ' + b"9" * 6_000 + b"}"), "at issues.total"),
    ],
)
def test_a_body_that_is_no_event_is_refused_in_words(body: bytes, words: str) -> None:
    with pytest.raises(MalformedEvent) as refusal:
        read("generic", body)
    assert words in refusal.value.sentence
    assert len(refusal.value.sentence) < 300


@pytest.mark.parametrize(
    ("member", "value", "place"),
    [
        ("id", [5], "at id"),
        ("id", "", "at id"),
        ("id", "  ", "at id"),
        ("type", None, "at type"),
        ("subject", "build", "at subject"),
        ("subject", {}, "at subject"),
        ("subject", {"name": ""}, "at subject.name"),
        ("subject", {"name": None}, "at subject.name"),
        ("subject", {"name": "a", "url": [1]}, "at subject.url"),
        ("time", "yesterday", "at time"),
        ("time", "2026-11-24", "at time"),
        ("time", "2026-11-24T03:04:12", "at time"),
        ("time", "2026-13-24T03:04:12Z", "at time"),
        ("time", 1_764_000_000, "at time"),
        ("time", "0001-01-01T00:00:00+14:00", "at time"),
        ("time", "9999-12-31T23:59:59-12:00", "at time"),
        ("run", [], "at run"),
        ("run", {"number": [128]}, "at run.number"),
        ("run", {"finished_at": "2026-11-24T03:04:12"}, "at run.finished_at"),
        ("run", {"started_at": "9999-12-31T23:59:59Z"}, "at run.started_at"),
        ("subject", {"name": "\x1b\u202e"}, "at subject.name"),
        ("actor", {"name": True}, "at actor.name"),
        ("actor", "zhang.san", "at actor"),
        ("trigger", {"branch": ["main"]}, "at trigger.branch"),
        ("gate", "maybe", "at gate"),
        ("gate", True, "at gate"),
        ("issues", 3, "at issues"),
        ("issues", {"total": "3"}, "at issues.total"),
        ("issues", {"total": 3.5}, "at issues.total"),
        ("project_name", {}, "at project_name"),
        ("labels", {"environment": None}, "at labels"),
        ("labels", ["prod"], "at labels"),
    ],
)
def test_a_member_of_the_wrong_kind_is_named(member: str, value: object, place: str) -> None:
    with pytest.raises(MalformedEvent, match=place):
        read("generic", {**LEAST, member: value})


@given(st.binary(max_size=200))
def test_no_bytes_bring_anything_but_words(body: bytes) -> None:
    try:
        read("generic", body)
    except MalformedEvent as refusal:
        assert refusal.sentence  # noqa: PT017 - either ending is right


@given(st.text(min_size=1).filter(lambda text: clean(text) and "\0" not in text))
def test_any_text_is_kept_as_it_came(name: str) -> None:
    body = {**LEAST, "subject": {"name": name}, "labels": {name: name}}
    event = event_in("generic", body)
    assert event.subject.name == name
    assert event.labels == {name: name}


@pytest.mark.parametrize(
    ("total", "fits"), [(-1, False), (0, True), (10**12, True), (10**12 + 1, False), (10**30, False)]
)
def test_a_count_of_issues_is_neither_negative_nor_absurd(total: int, *, fits: bool) -> None:
    body = {**LEAST, "issues": {"total": total}}
    raw = json.dumps(body).encode()
    if fits:
        assert event_in("generic", raw).issues == Issues(total=total)
        return
    with pytest.raises(MalformedEvent, match=r"at issues\.total"):
        read("generic", raw)
    with pytest.raises(MalformedEvent, match=r"at \[1\]\.issues\.total"):
        read("generic", b"[" + LEAST_BYTES + b"," + raw + b"]")
