"""The CloudEvents source, with the official SDK as the client; batches by hand, since it writes none."""

import base64
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from calls import ARRIVED, event_in, ignored_in, read
from shipbell.domain.catalog import EVENT_TYPES
from shipbell.domain.errors import MalformedEvent, UnknownEventType
from shipbell.domain.events import Event, Ignored, Run, Subject

STRUCTURED = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
DATA = {"subject": {"name": "build"}, "run": {"number": "128"}}
ENVELOPE = {
    "specversion": "1.0",
    "id": "7",
    "source": "/ci",
    "type": "io.shipbell.pipeline.run.failed",
    "data": DATA,
}
BINARY = {"ce-specversion": "1.0", "ce-id": "7", "ce-source": "/ci", "ce-type": "io.shipbell.pipeline.run.failed"}


def cloud_event(data: Any = DATA, **attributes: object) -> CloudEvent:  # noqa: ANN401 - the SDK's own type
    """An event of the SDK, which fills in id and time where they are missing."""
    return CloudEvent({"source": "/ci", "type": "io.shipbell.pipeline.run.failed", "id": "7", **attributes}, data)


def sent(message: Any) -> tuple[bytes, dict[str, str]]:  # noqa: ANN401 - the SDK's own type
    """Body and headers as a server sees them."""
    return message.body, {name.lower(): value for name, value in message.headers.items()}


def without(name: str) -> dict[str, object]:
    return {one: value for one, value in ENVELOPE.items() if one != name}


@pytest.mark.parametrize("write", [to_binary_event, to_structured_event])
def test_both_modes_of_the_sdk_are_read_alike(write: Any) -> None:  # noqa: ANN401 - two functions of the SDK
    time = datetime(2026, 11, 24, 3, 4, 12, 250_000, tzinfo=UTC)
    body, headers = sent(write(cloud_event(time=time)))
    assert event_in("cloudevents", body, headers) == Event(
        id="/ci 7", type="pipeline.run.failed", time=time, subject=Subject(name="build"), run=Run(number="128")
    )


def test_binary_mode_needs_no_content_type() -> None:
    body, headers = sent(to_binary_event(cloud_event()))
    assert "content-type" not in headers
    assert event_in("cloudevents", body, headers).subject.name == "build"


def test_binary_mode_with_a_content_type_is_read_too() -> None:
    body, headers = sent(to_binary_event(cloud_event(datacontenttype="application/json")))
    assert headers["content-type"] == "application/json"
    assert event_in("cloudevents", body, headers).subject.name == "build"


@pytest.mark.parametrize("write", [to_binary_event, to_structured_event])
def test_attributes_outside_ascii_come_through(write: Any) -> None:  # noqa: ANN401 - two functions of the SDK
    body, headers = sent(write(cloud_event(id="r 1 é 100% ⛵🚀", type="com.example.other", subject="构建 1")))
    found = ignored_in("cloudevents", body, headers)
    assert found.id == "/ci r 1 é 100% ⛵🚀"
    assert found.subject.name == "构建 1"


def test_a_header_is_decoded_exactly_once() -> None:
    assert event_in("cloudevents", DATA, {**BINARY, "ce-id": "100%2525"}).id == "/ci 100%25"


def test_a_quoted_header_is_unquoted_before_it_is_decoded() -> None:
    assert event_in("cloudevents", DATA, {**BINARY, "ce-id": r'"a \"b\" \\c%20d"'}).id == r'/ci a "b" \c d'


@pytest.mark.parametrize("value", ["%C0%A0", "%FF", "%ED%A0%BD"])
def test_a_header_that_is_no_utf8_is_refused_and_named(value: str) -> None:
    with pytest.raises(MalformedEvent, match="ce-id"):
        read("cloudevents", DATA, {**BINARY, "ce-id": value})


@pytest.mark.parametrize(
    "content_type",
    ["application/cloudevents+json", "Application/CloudEvents+JSON; charset=utf-8", " application/cloudevents"],
)
def test_structured_mode_is_known_by_its_prefix(content_type: str) -> None:
    assert event_in("cloudevents", ENVELOPE, {"content-type": content_type}).id == "/ci 7"


@pytest.mark.parametrize("content_type", [BATCH["content-type"], "APPLICATION/CLOUDEVENTS-BATCH+json; charset=utf-8"])
def test_a_batch_keeps_its_order(content_type: str) -> None:
    batch = [{**ENVELOPE, "id": str(number)} for number in range(1_000)]
    found = read("cloudevents", batch, {"content-type": content_type})
    assert [one.id for one in found] == [f"/ci {number}" for number in range(1_000)]


def test_a_batch_may_be_empty_and_may_mix_ours_with_foreign_ones() -> None:
    assert list(read("cloudevents", [], BATCH)) == []
    mixed = read("cloudevents", [ENVELOPE, {**ENVELOPE, "type": "com.other", "data": 1}], BATCH)
    assert [type(one) for one in mixed] == [Event, Ignored]


def test_a_batch_of_more_than_a_thousand_is_refused() -> None:
    with pytest.raises(MalformedEvent, match="1001 events in one call; at most 1000"):
        read("cloudevents", [ENVELOPE] * 1_001, BATCH)


def test_one_bad_envelope_refuses_the_batch_and_is_named() -> None:
    with pytest.raises(MalformedEvent, match=r"at \[1\]\.data\.subject\.name"):
        read("cloudevents", [ENVELOPE, {**ENVELOPE, "data": {"subject": {"name": [3]}}}], BATCH)
    with pytest.raises(MalformedEvent, match=r"at \[1\]\.source"):
        read("cloudevents", [ENVELOPE, without("source")], BATCH)
    with pytest.raises(UnknownEventType, match=r"at \[1\]\.type"):
        read("cloudevents", [ENVELOPE, {**ENVELOPE, "type": "io.shipbell.nothing"}], BATCH)


def test_a_number_is_taken_where_a_text_of_the_data_is_meant() -> None:
    event = event_in("cloudevents", {**ENVELOPE, "data": {**DATA, "run": {"number": 128}}}, STRUCTURED)
    assert event.run.number == "128"


def test_the_envelope_wins_over_its_data() -> None:
    data = {**DATA, "id": "other", "type": "deploy.application.failed", "time": "2020-01-01T00:00:00Z"}
    event = event_in("cloudevents", {**ENVELOPE, "data": data, "time": "2026-11-24T11:04:12+08:00"}, STRUCTURED)
    assert (event.id, event.type) == ("/ci 7", "pipeline.run.failed")
    assert event.time == datetime(2026, 11, 24, 3, 4, 12, tzinfo=UTC)


def test_without_an_envelope_time_the_datas_own_holds_and_then_the_arrival() -> None:
    dated = {**DATA, "time": "2026-11-24T03:00:00Z"}
    assert event_in("cloudevents", {**ENVELOPE, "data": dated}, STRUCTURED).time.hour == 3
    assert event_in("cloudevents", ENVELOPE, STRUCTURED).time == ARRIVED


def test_source_and_id_together_tell_events_apart() -> None:
    ids = {
        event_in("cloudevents", {**ENVELOPE, "source": source, "id": number}, STRUCTURED).id
        for source in ("/ci", "/cd")
        for number in ("7", "8")
    }
    assert len(ids) == 4


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_type_of_the_catalog_is_taken_behind_our_prefix(event_type: str) -> None:
    assert event_in("cloudevents", {**ENVELOPE, "type": f"io.shipbell.{event_type}"}, STRUCTURED).type == event_type


@pytest.mark.parametrize("kind", ["dev.cdevents.pipelinerun.finished.0.3.0", "io.shipbellx.pipeline.run.failed", "x"])
def test_a_foreign_type_is_ignored_with_the_reason_whatever_its_data(kind: str) -> None:
    for data in (DATA, {"time": "yesterday"}, "text", [1], None):
        found = ignored_in("cloudevents", {**ENVELOPE, "type": kind, "data": data}, STRUCTURED)
        assert (found.id, found.type) == ("/ci 7", kind)
        assert "io.shipbell." in found.reason
    assert ignored_in("cloudevents", b"<xml/>", {**BINARY, "ce-type": kind}).type == kind


def test_an_unknown_type_behind_our_prefix_is_an_error() -> None:
    with pytest.raises(UnknownEventType, match=r"pipeline\.run\.started"):
        read("cloudevents", {**ENVELOPE, "type": "io.shipbell.pipeline.run.started"}, STRUCTURED)


def test_data_may_come_as_base64_or_as_text() -> None:
    raw = msgspec.json.encode(DATA)
    coded = {**without("data"), "data_base64": base64.b64encode(raw).decode()}
    assert event_in("cloudevents", coded, STRUCTURED).run.number == "128"
    assert event_in("cloudevents", {**ENVELOPE, "data": raw.decode()}, STRUCTURED).run.number == "128"


@pytest.mark.parametrize("signs", ["\\ud83d", "x\\ude00", "a\\u0000b"])
def test_what_no_database_can_hold_is_refused_inside_base64_too(signs: str) -> None:
    coded = base64.b64encode(b'{"subject": {"name": "' + signs.encode() + b'"}}').decode()
    with pytest.raises(MalformedEvent, match="at data_base64"):
        read("cloudevents", {**without("data"), "data_base64": coded}, STRUCTURED)
    with pytest.raises(MalformedEvent):
        read("cloudevents", {**ENVELOPE, "data": f'{{"subject": {{"name": "{signs}"}}}}'}, STRUCTURED)


@pytest.mark.parametrize("name", ["ce-id", "ce-source", "ce-subject"])
def test_a_nul_in_a_header_is_refused_and_named(name: str) -> None:
    with pytest.raises(MalformedEvent, match=name):
        read("cloudevents", DATA, {**BINARY, name: "a%00b"})


def test_data_in_base64_or_text_may_bring_the_time_too() -> None:
    raw = msgspec.json.encode({**DATA, "time": "2026-11-24T03:00:00Z"})
    coded = {**without("data"), "data_base64": base64.b64encode(raw).decode()}
    assert event_in("cloudevents", coded, STRUCTURED).time.minute == 0
    assert event_in("cloudevents", {**ENVELOPE, "data": raw.decode()}, STRUCTURED).time.minute == 0


def test_an_id_may_be_as_long_as_the_body_whosever_type_it_is() -> None:
    for kind in (ENVELOPE["type"], "com.other"):
        (one,) = read("cloudevents", {**ENVELOPE, "type": kind, "id": "x" * 100_000}, STRUCTURED)
        assert one.id.endswith(" " + "x" * 100_000)
    with pytest.raises(MalformedEvent, match="at type"):
        read("cloudevents", {**ENVELOPE, "type": "x" * 1_025}, STRUCTURED)


@pytest.mark.parametrize(
    ("envelope", "place"),
    [
        (without("specversion"), "at specversion"),
        (without("id"), "at id"),
        (without("source"), "at source"),
        (without("type"), "at type"),
        (without("data"), "at data"),
        ({**ENVELOPE, "id": ""}, "at id"),
        ({**ENVELOPE, "id": 7}, "at id"),
        ({**ENVELOPE, "specversion": "0.3"}, "at specversion"),
        ({**ENVELOPE, "time": "yesterday"}, "at time"),
        ({**ENVELOPE, "time": "2026-11-24T03:04:12"}, "at time"),
        ({**ENVELOPE, "time": 5}, "at time"),
        ({**ENVELOPE, "time": "9999-12-31T23:59:59-12:00"}, "at time"),
        ({**ENVELOPE, "data": []}, "at data"),
        ({**ENVELOPE, "data": "text"}, "malformed"),
        ({**ENVELOPE, "data": {}}, "at data"),
        ({**ENVELOPE, "data": {"subject": {"name": ""}}}, r"at data\.subject\.name"),
        ({**ENVELOPE, "data": {**DATA, "gate": 1}}, r"at data\.gate"),
        ({**without("data"), "data_base64": "???"}, "at data_base64"),
        ({**without("data"), "data_base64": base64.b64encode(b"[").decode()}, "at data_base64"),
        ({**without("data"), "data_base64": base64.b64encode(b"[" * 100_000).decode()}, "at data_base64"),
        ([ENVELOPE], "Expected an object, got a list"),
    ],
)
def test_a_bad_envelope_is_refused_and_the_place_is_named(envelope: object, place: str) -> None:
    with pytest.raises(MalformedEvent, match=place):
        read("cloudevents", envelope, STRUCTURED)


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type"])
def test_binary_mode_needs_each_required_header(name: str) -> None:
    headers = {one: value for one, value in BINARY.items() if one != f"ce-{name}"}
    with pytest.raises(MalformedEvent, match=name):
        read("cloudevents", DATA, headers)


def test_plain_json_is_told_what_is_missing() -> None:
    with pytest.raises(MalformedEvent, match="This is no CloudEvent"):
        read("cloudevents", ENVELOPE, {"content-type": "application/json"})


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[" * 200_000, b'{"specversion": "1.0", "id": "\\u0000"}', b"\xff"]
)
@pytest.mark.parametrize("headers", [STRUCTURED, BATCH, BINARY])
def test_a_body_that_is_no_json_is_refused_in_every_mode(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(MalformedEvent):
        read("cloudevents", body, headers)


def test_source_and_id_identify_an_event_wherever_a_space_stands() -> None:
    one, other = ({**ENVELOPE, "source": source, "id": name} for source, name in (("/ci a", "7"), ("/ci", "a 7")))
    assert event_in("cloudevents", one, STRUCTURED).id != event_in("cloudevents", other, STRUCTURED).id
