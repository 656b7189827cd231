"""What every source keeps, whatever tool it reads: the next one is checked by being in the registry."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell import sources
from shipbell.clock import SystemClock
from shipbell.domain.catalog import known
from shipbell.domain.errors import BadSignature, MalformedEvent
from shipbell.domain.events import Event
from shipbell.domain.secret import Secret
from shipbell.ports.source import EventSource, InboundRequest
from shipbell.storage.database.codec import read_event, read_ignored, write_event

ARRIVED = SystemClock().now()
SECRET = Secret("s3cret")
FOLDER = Path(sources.__file__).parent
SAMPLES = sorted(FOLDER.glob("*/samples/*.json"))

every_source = pytest.mark.parametrize("source", sources.REGISTRY, ids=lambda source: source.kind)
every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.parts[-3]}/{sample.stem}")


def call(body: bytes, headers: dict[str, str] | None = None, query: dict[str, str] | None = None) -> InboundRequest:
    return InboundRequest(headers=headers or {}, query=query or {}, body=body, received_at=ARRIVED)


def recorded(sample: Path) -> InboundRequest:
    """A sample with the headers that stand beside it, one `Name: value` a line."""
    beside = sample.with_suffix(".headers")
    lines = beside.read_text("utf-8").splitlines() if beside.exists() else []
    pairs = [line.partition(": ") for line in lines]
    return call(sample.read_bytes(), {name.lower(): value for name, _, value in pairs})


def of(sample: Path) -> EventSource:
    return sources.by_kind()[sample.parts[-3]]


def test_kinds_are_unique_and_name_their_folder() -> None:
    kinds = [source.kind for source in sources.REGISTRY]
    assert len(set(kinds)) == len(kinds)
    folders = {path.name for path in FOLDER.iterdir() if (path / "source.py").exists()}
    assert set(kinds) == folders == set(sources.by_kind())


@every_source
def test_a_source_has_samples_and_a_page_that_shows_how_to_connect(source: EventSource) -> None:
    page = (FOLDER / source.kind / "README.md").read_text("utf-8")
    assert page.startswith("# ")
    assert "{hook_url}" in page
    assert "{secret}" in page
    assert any(sample.parts[-3] == source.kind for sample in SAMPLES)


@every_sample
def test_a_sample_reads_the_same_each_time(sample: Path) -> None:
    once, again = (of(sample).parse(recorded(sample)) for _ in range(2))
    assert list(once) == list(again)
    assert once


@every_sample
def test_what_a_sample_holds_can_be_kept_and_read_back(sample: Path) -> None:
    for one in of(sample).parse(recorded(sample)):
        assert one.id
        assert one.subject.name
        assert one.time.tzinfo is not None
        if isinstance(one, Event):
            assert known(one.type)
            assert read_event(write_event(one)) == one
        else:
            assert one.reason
            assert read_ignored(write_event(one)) == one


@every_sample
def test_the_happenings_of_a_sample_are_told_apart(sample: Path) -> None:
    ids = [one.id for one in of(sample).parse(recorded(sample))]
    assert len(set(ids)) == len(ids)


@every_source
def test_the_right_secret_admits_and_nothing_else(source: EventSource) -> None:
    source.verify(call(b"", {"authorization": "Bearer s3cret"}), SECRET)
    for headers, query in [({}, {}), ({"authorization": "Bearer other"}, {}), ({}, {"token": "s3cre"})]:
        with pytest.raises(BadSignature) as refusal:
            source.verify(call(b"", headers, query), SECRET)
        assert "s3cret" not in str(refusal.value)


@every_source
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"not json",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"null",
        b"7",
        b'"text"',
        b"{}",
        b"[[]]",
        b"{" * 100_000,
        b"[" * 100_000,
        b'{"id": NaN}',
        b'{"id": "\\ud83d"}',
        b'{"id": "\\u0000"}',
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_body_of_another_shape_is_refused_in_a_sentence(source: EventSource, body: bytes) -> None:
    with pytest.raises(MalformedEvent) as refusal:
        source.parse(call(body))
    assert 0 < len(refusal.value.sentence) < 300


@every_source
@given(data=st.data())
def test_a_damaged_sample_is_read_or_refused_and_never_breaks_the_reader(
    source: EventSource, data: st.DataObject
) -> None:
    sample = data.draw(st.sampled_from([one for one in SAMPLES if one.parts[-3] == source.kind]))
    request = recorded(sample)
    cut = data.draw(st.integers(0, len(request.body)))
    piece = data.draw(st.binary(max_size=8))
    body = request.body[:cut] + piece + request.body[cut + data.draw(st.integers(0, 8)) :]
    try:
        found = source.parse(call(body, dict(request.headers)))
    except MalformedEvent:
        return
    assert all(one.id and one.type for one in found)
