"""The collector of traces: whether somebody asks for it; when not, nothing is done at all."""

from collections.abc import Callable, Mapping, Sequence

from shipbell.domain.errors import BadSettings
from shipbell.telemetry.traces import Traces

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SPOKEN = "http/protobuf"
_EXPORTERS = frozenset({"otlp", "none"})

try:
    from shipbell.telemetry.otlp import OtlpTraces

    _made: Callable[[], Traces] | None = OtlpTraces.to_the_collector
except ImportError:  # the extra `otel` is not installed
    _made = None


def traces_for(environ: Mapping[str, str], made: Callable[[], Traces] | None = _made) -> Traces | None:
    """Traces, when OpenTelemetry's own variables ask for them; None when not.

    Raises BadSettings when they ask for what cannot be done here.
    """
    if not _wanted(environ):
        return None
    if made is None:
        raise BadSettings(
            "OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_TRACES_EXPORTER asks for traces, and OpenTelemetry is not installed:"
            " pip install '.[otel]' in the folder of Shipbell's sources, or set OTEL_SDK_DISABLED=true."
        )
    protocol = _first(environ, _PROTOCOLS) or _SPOKEN
    if protocol != _SPOKEN:
        raise BadSettings(f"OTEL_EXPORTER_OTLP_PROTOCOL: {protocol} is not spoken here, {_SPOKEN} is.")
    return made()


def _wanted(environ: Mapping[str, str]) -> bool:
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environ.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if exporter and exporter not in _EXPORTERS:
        raise BadSettings(f"OTEL_TRACES_EXPORTER: {exporter} is not known here; otlp and none are.")
    return exporter == "otlp" or (not exporter and bool(_first(environ, _ENDPOINTS)))


def _first(environ: Mapping[str, str], names: Sequence[str]) -> str:
    return next((value for name in names if (value := environ.get(name, "").strip())), "")
