"""Who takes the telemetry: Google Cloud, any OTLP collector, or a Prometheus that comes for it.

* `google`: OTLP to telemetry.googleapis.com with this process's own credentials.
* `otlp`: OTLP over HTTP to OTEL_EXPORTER_OTLP_ENDPOINT, as every collector takes it.
* `prometheus`: metrics as text, from `prometheus_text`; no traces.

The SDK's own OTEL_* variables hold as everywhere, such as OTEL_TRACES_SAMPLER. A taker has two
seconds, its exporter's retries included, where OTEL_EXPORTER_OTLP_TIMEOUT gives no other: flushing
knows no limit of its own, and an answer waits for it.
"""

# ruff: noqa: PLC0415  each exporter brings its own dependencies

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

from shared.adapters.telemetry.otel import FLUSH_MS, OtelTelemetry

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

GOOGLE: Final = "https://telemetry.googleapis.com"
SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"


class ExportedTelemetry(OtelTelemetry):
    """Telemetry with its exporters."""

    def __init__(self, takers: Iterable[str], *, environment: str, project: str | None) -> None:
        named = {"service.name": "postroom", "deployment.environment.name": environment}
        resource = Resource.create(named | ({"gcp.project_id": project} if project else {}))
        self.registry: CollectorRegistry | None = None
        traces: TracerProvider | None = None
        readers: list[MetricReader] = []
        for taker in sorted(takers):
            if taker == "prometheus":
                readers.append(self._prometheus())
            else:
                session = _google_session() if taker == "google" else None
                traces = traces or TracerProvider(resource=resource)
                traces.add_span_processor(BatchSpanProcessor(_span_exporter(session)))
                readers.append(_metric_reader(session))
        super().__init__(traces, MeterProvider(readers, resource))

    def _prometheus(self) -> MetricReader:
        from opentelemetry.exporter.prometheus import PrometheusMetricReader
        from prometheus_client import CollectorRegistry

        self.registry = CollectorRegistry()
        return PrometheusMetricReader(scope_info_enabled=False, registry=self.registry)

    def prometheus_text(self) -> bytes | None:
        """Return every metric in Prometheus' text format, None where it is not asked for."""
        if self.registry is None:
            return None
        from prometheus_client import generate_latest

        return generate_latest(self.registry)


def _google_session() -> Any:
    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    credentials, _ = google.auth.default(scopes=[SCOPE])
    return AuthorizedSession(credentials)  # type: ignore[no-untyped-call]  # unannotated there


def _span_exporter(session: Any) -> SpanExporter:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    if session is None:
        return OTLPSpanExporter(timeout=_timeout_s("TRACES"))
    endpoint = f"{GOOGLE}/v1/traces"
    return OTLPSpanExporter(endpoint=endpoint, session=session, timeout=_timeout_s("TRACES"))


def _metric_reader(session: Any) -> MetricReader:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

    timeout = _timeout_s("METRICS")
    if session is None:
        return PeriodicExportingMetricReader(OTLPMetricExporter(timeout=timeout))
    endpoint = f"{GOOGLE}/v1/metrics"
    exporter = OTLPMetricExporter(endpoint=endpoint, session=session, timeout=timeout)
    return PeriodicExportingMetricReader(exporter)


def _timeout_s(signal: str) -> float | None:
    """Return the seconds that an exporter may take; None leaves it to the SDK's variables."""
    names = {f"OTEL_EXPORTER_OTLP_{signal}_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"}
    return None if names & os.environ.keys() else FLUSH_MS / 1e3
