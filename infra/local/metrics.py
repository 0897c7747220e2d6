"""GET /metrics on the laptop: what a Prometheus asks for, as text; on loopback, as all here is."""

from starlette.responses import PlainTextResponse, Response

from shared.edge.composition.container import AutowiredContainer
from shared.edge.triggers.gauges import MeasureBacklog
from shared.ports.telemetry import Telemetry

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OFF = "Start Postroom with POSTROOM_TELEMETRY=prometheus, as `make demo` does.\n"


async def metrics_of(container: AutowiredContainer) -> Response:
    """Return every metric, after a look at what waits; 404 where no meter runs."""
    text, telemetry = None, container.use(Telemetry)
    if telemetry.enabled:
        # The SDK is imported by now, and only then.
        from shared.adapters.telemetry.export import ExportedTelemetry  # noqa: PLC0415

        if isinstance(telemetry, ExportedTelemetry):
            await container.use(MeasureBacklog)()
            text = telemetry.prometheus_text()
    if text is None:
        return PlainTextResponse(OFF, status_code=404)
    return Response(text, headers={"Content-Type": CONTENT_TYPE})
