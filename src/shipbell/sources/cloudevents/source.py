"""The CloudEvents source: binary, structured and batch mode (CloudEvents HTTP binding 1.0.2)."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import unquote_to_bytes

import msgspec

from shipbell.domain.catalog import known
from shipbell.domain.errors import MalformedEvent, UnknownEventType
from shipbell.domain.events import Event, Ignored, Subject
from shipbell.domain.secret import Secret
from shipbell.ports.source import InboundRequest
from shipbell.sources.reading import MOST_EVENTS, EventBody, aware, bounded, converted, decoded, event_of, malformed
from shipbell.sources.signatures import verify_shared

_OURS = "io.shipbell."
_BATCH = "application/cloudevents-batch"
_STRUCTURED = "application/cloudevents"
_REQUIRED = ("specversion", "id", "source", "type")
_OBJECT = msgspec.json.Decoder(dict[str, object])
_OBJECTS = msgspec.json.Decoder(list[dict[str, object]])
_QUOTED = re.compile(r"\\(.)")

Envelope = Mapping[str, object]


class CloudEventsSource:
    """Reads envelopes whose type is `io.shipbell.` and an event type of the catalog."""

    kind = "cloudevents"

    def verify(self, request: InboundRequest, secret: Secret) -> None:
        """Raise BadSignature unless the call carries this source's secret."""
        verify_shared(request, secret)

    def parse(self, request: InboundRequest) -> Sequence[Event | Ignored]:
        """Read the envelope or envelopes of a call."""
        content_type = request.headers.get("content-type", "").strip().lower()
        # The batch prefix first: it begins with the structured one.
        if content_type.startswith(_BATCH):
            return _batch(request)
        if content_type.startswith(_STRUCTURED):
            envelope = decoded(_OBJECT, request.body)
            return (_event(envelope, request.received_at, ""),)
        return (_event(_binary(request), request.received_at, ""),)


def _batch(request: InboundRequest) -> list[Event | Ignored]:
    envelopes = decoded(_OBJECTS, request.body)
    if len(envelopes) > MOST_EVENTS:
        raise MalformedEvent(f"{len(envelopes)} events in one call; at most {MOST_EVENTS}.")
    return [_event(one, request.received_at, f"[{index}]") for index, one in enumerate(envelopes)]


def _binary(request: InboundRequest) -> Envelope:
    """Attributes stand in `ce-` headers, percent-encoded; the body is the data."""
    envelope: dict[str, object] = {
        name[3:]: _header(name, value) for name, value in request.headers.items() if name.startswith("ce-")
    }
    if "specversion" not in envelope:
        raise MalformedEvent("This is no CloudEvent: send ce-specversion, ce-id, ce-source and ce-type headers.")
    if str(envelope.get("type", "")).startswith(_OURS) and request.body.strip():
        envelope["data"] = decoded(_OBJECT, request.body)
    return envelope


def _header(name: str, value: str) -> str:
    """Undo quoting once, then percent-encoding once."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = _QUOTED.sub(r"\1", value[1:-1])
    try:
        text = unquote_to_bytes(value).decode()
    except UnicodeDecodeError as error:
        raise MalformedEvent(f"The header {name} is not percent-encoded UTF-8.") from error
    if "\0" in text:
        raise MalformedEvent(f"The header {name} holds a NUL character: leave it out.")
    return text


def _event(envelope: Envelope, received_at: datetime, place: str) -> Event | Ignored:
    prefix = f"{place}." if place else ""
    for name in _REQUIRED:
        if not isinstance(envelope.get(name), str) or not envelope[name]:
            raise MalformedEvent(f"Expected the attribute {name} as text (at {prefix}{name})")
    if not str(envelope["specversion"]).startswith("1."):
        raise MalformedEvent(f"Expected specversion 1.0 (at {prefix}specversion)")
    # A source with a space is no URI; were it kept, another source and id could read the same.
    identity = f"{str(envelope['source']).replace(' ', '%20')} {envelope['id']}"
    kind = bounded(str(envelope["type"]), f"{prefix}type")
    if not kind.startswith(_OURS):
        return Ignored(
            id=identity,
            type=kind,
            reason="Its type is another system's; only io.shipbell.* can be subscribed to.",
            time=_time(envelope.get("time"), f"{prefix}time") or received_at,
            subject=Subject(name=str(envelope.get("subject") or kind)),
        )
    event_type = kind.removeprefix(_OURS)
    if not known(event_type):
        raise UnknownEventType(f"The catalog has no event type “{event_type[:80]}” (at {prefix}type).")
    data = _data(envelope, prefix)
    time = _time(envelope.get("time"), f"{prefix}time") or _time(data.get("time"), f"{prefix}data.time")
    try:
        body = converted({**data, "id": identity, "type": event_type, "time": time}, EventBody)
    except msgspec.ValidationError as error:
        raise malformed(error, f"{prefix}data") from error
    return event_of(body, received_at=received_at, place=f"{prefix}data")


def _time(given: object, place: str) -> datetime | None:
    if given is None or given == "":
        return None
    try:
        time = msgspec.convert(given, datetime)
    except msgspec.ValidationError as error:
        raise MalformedEvent(f"Expected an RFC 3339 time (at {place})") from error
    return aware(time, place)


def _data(envelope: Envelope, prefix: str) -> dict[str, object]:
    data = envelope.get("data")
    if data is None and "data_base64" in envelope:
        return _coded(envelope["data_base64"], f"{prefix}data_base64")
    if isinstance(data, str):
        return decoded(_OBJECT, data.encode())
    if not isinstance(data, dict):
        raise MalformedEvent(f"Expected the event as a JSON object (at {prefix}data)")
    return data


def _coded(text: object, place: str) -> dict[str, object]:
    try:
        raw = base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedEvent(f"Expected base64 of a JSON object (at {place})") from error
    try:
        return decoded(_OBJECT, raw)
    except MalformedEvent as error:
        raise MalformedEvent(f"{error.sentence} (at {place})") from error
