"""Where spans go: as OpenTelemetry's own environment variables say; nowhere without them."""

import os
from importlib.metadata import entry_points

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

from simpatico.errors import SettingsError

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_GROUP = "opentelemetry_traces_exporter"


def provider_from_environment() -> TracerProvider | None:
    """A provider that exports; to be shut down at the end, which sends what is left.

    It is on when OTEL_TRACES_EXPORTER or an endpoint is set; what else the SDK and its exporters
    read of the environment counts. Without a service's name it is "simpatico".

    Raises:
        SettingsError: for an exporter that is not installed.
    """
    names = _given("OTEL_TRACES_EXPORTER").split(",")
    if _given("OTEL_SDK_DISABLED").lower() == "true" or names == ["none"]:
        return None
    if names == [""]:
        if not any(map(_given, _ENDPOINTS)):
            return None
        names = ["otlp"]
    exporters = [_exporter(name.strip()) for name in names]
    named = "OTEL_SERVICE_NAME" in os.environ or "service.name=" in _given(
        "OTEL_RESOURCE_ATTRIBUTES"
    )
    provider = TracerProvider(
        resource=Resource.create({} if named else {"service.name": "simpatico"})
    )
    for exporter in exporters:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _exporter(name: str) -> SpanExporter:
    if name == "otlp":
        protocol = next(filter(None, map(_given, _PROTOCOLS)), "grpc")
        name = {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}.get(protocol, name)
    installed = {point.name: point for point in entry_points(group=_GROUP)}
    if name not in installed:
        raise SettingsError(
            f"no exporter of spans named {name[:40]!r} is installed; there are"
            f" {', '.join(sorted(installed))} (for otlp over HTTP: pip install"
            " opentelemetry-exporter-otlp-proto-http)"
        )
    made: SpanExporter = installed[name].load()()
    return made


def _given(name: str) -> str:
    return os.environ.get(name, "").strip()
