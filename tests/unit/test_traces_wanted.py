"""Traces are made when OpenTelemetry's own variables ask for them, and only then."""

from collections.abc import Mapping

import pytest

from shipbell.domain.errors import BadSettings
from shipbell.telemetry.collector import traces_for
from shipbell.telemetry.otlp import OtlpTraces
from shipbell.telemetry.traces import Traces

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


def made() -> Traces:
    return OtlpTraces.__new__(OtlpTraces)


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "shipbell"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, False),
        (ENDPOINT, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, False),
        ({**ENDPOINT, "OTEL_SDK_DISABLED": "True"}, False),
        ({**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True),
    ],
)
def test_the_variables_of_opentelemetry_decide(environ: Mapping[str, str], *, wanted: bool) -> None:
    assert (traces_for(environ, made) is not None) == wanted


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "grpc is not spoken here"),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "zipkin is not known here"),
    ],
)
def test_what_cannot_be_done_is_told_at_the_start(more: Mapping[str, str], word: str) -> None:
    with pytest.raises(BadSettings, match=word):
        traces_for({**ENDPOINT, **more}, made)


def test_without_the_extra_the_sentence_names_it() -> None:
    assert traces_for({}, None) is None
    with pytest.raises(BadSettings, match=r"pip install '\.\[otel\]'"):
        traces_for(ENDPOINT, None)
