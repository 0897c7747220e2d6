"""Telemetry over OpenTelemetry's own SDK.

Its import costs 60 to 150 ms, so it is imported only where the settings name who takes the
telemetry. Providers belong to the container, not to the process: nothing global is set.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from math import inf
from typing import Any

from opentelemetry.context import Context
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

from shared.domain.events.event import EventState
from shared.domain.operation import Operation, OperationState, OperationStep, OperationType
from shared.domain.trace_context import TraceContext, current, new_span_id, new_trace
from shared.ports.telemetry import GAUGES, RequestSpan, Served

log = logging.getLogger(__name__)
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
LATENESS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
CHANGES = ("added", "updated", "deleted")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Anything else is one label: a caller must not be able to make new time series."""
SERVER_ERROR = 500
METRICS_EVERY_S = 10
FLUSH_MS = 2_000
"""How long an answer waits for a taker of traces or metrics that does not answer."""
SLOW_S = 1
REST_S = 30
"""How long no answer waits for a taker that let one wait for SLOW_S."""
Attributes = Mapping[str, str | int | float | bool]


class OtelTelemetry:
    """Telemetry of one deployment. Its instruments are the metrics' documentation.

    Without an exporter of traces there are none, and requests still name themselves to whom they
    call on.
    """

    enabled = True

    def __init__(
        self,
        traces: TracerProvider | None,
        metrics: MeterProvider,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._traces = traces
        self._metrics = metrics
        self._monotonic = monotonic
        self._rests_until = -inf
        self._metrics_flushed_at = -inf
        self._tracer = traces.get_tracer("postroom") if traces else None
        self._instruments = Instruments(metrics.get_meter("postroom"))

    def begin(self, function: str, parent: TraceContext | None) -> RequestSpan:
        """Open a server span; the sampler of the SDK heeds the parent's decision."""
        if self._tracer is None:
            return MeasuredRequest(parent.child() if parent else new_trace(), self._instruments)
        above = _within(parent, remote=True) if parent else Context()
        span = self._tracer.start_span(function, above, SpanKind.SERVER)
        return TracedRequest(span, self._instruments)

    def record_operation(self, operation: Operation) -> None:
        """Record it; what goes wrong in telling never reaches the work."""
        try:
            if self._tracer is not None:
                _trace(self._tracer, operation)
            self._instruments.record_operation(operation)
        except Exception as error:  # noqa: BLE001  whatever it is, the work it describes was done
            log.warning("telemetry lost: %s", type(error).__name__)

    def count_refresh(self, outcome: str) -> None:
        """Count a token refresh."""
        self._instruments.refreshes.add(1, {"outcome": outcome})

    def count_send(self, state: str) -> None:
        """Count a send that came into a state."""
        self._instruments.sends.add(1, {"state": str(state)})

    def count_renewals(self, *, armed: int, failed: int) -> None:
        """Count watches that were armed and that were not."""
        self._instruments.watches.add(armed, {"outcome": "armed"})
        self._instruments.watches.add(failed, {"outcome": "failed"})

    def count_surprise(self, kind: str, method: str) -> None:
        """Count something of Google's that is not known here."""
        self._instruments.surprises.add(1, {"kind": kind, "method": method})

    def gauge(self, name: str, value: float) -> None:
        """Note how much of something there is."""
        self._instruments.gauges[name].set(value)

    def flush(self) -> None:
        """Hand over what waits, for FLUSH_MS at most each; not to a taker that was slow just now.

        Metrics at most once in METRICS_EVERY_S: Cloud Monitoring takes no more points of a series,
        and as they count up the next ones say what the last ones would have said. What is not
        handed over waits for the SDK's own timers.
        """
        began = self._monotonic()
        if began < self._rests_until:
            return
        if self._traces is not None:
            self._traces.force_flush(FLUSH_MS)
        if began - self._metrics_flushed_at >= METRICS_EVERY_S:
            self._metrics_flushed_at = began
            self._metrics.force_flush(FLUSH_MS)
        ended = self._monotonic()
        if ended - began >= SLOW_S:
            self._rests_until = ended + REST_S

    def close(self) -> None:
        """Flush and end both providers."""
        if self._traces is not None:
            self._traces.shutdown()
        self._metrics.shutdown()


class MeasuredRequest:
    """RequestSpan that is not recorded: it is counted, and has a name to call on with."""

    def __init__(self, context: TraceContext, instruments: "Instruments") -> None:
        self._context = context
        self._instruments = instruments

    @property
    def context(self) -> TraceContext:
        """Its place in the trace."""
        return self._context

    def end(self, served: Served) -> None:
        """Count it by its route; an address may carry tokens."""
        self._instruments.requests.record(served.seconds, _labels(served))


class TracedRequest(MeasuredRequest):
    """RequestSpan of the SDK."""

    def __init__(self, span: Span, instruments: "Instruments") -> None:
        held = span.get_span_context()
        ids = f"{held.trace_id:032x}", f"{held.span_id:016x}"
        super().__init__(TraceContext(*ids, held.trace_flags.sampled), instruments)
        self._span = span

    def end(self, served: Served) -> None:
        """Count it, and close the span under the route's name."""
        super().end(served)
        span = self._span
        if span.is_recording():
            span.update_name(f"{served.method} {served.route}")
            span.set_attributes({**_labels(served), "faas.name": served.function})
            if served.connection:
                span.set_attribute("postroom.connection", served.connection)
            if served.status >= SERVER_ERROR:
                span.set_status(Status(StatusCode.ERROR))
        span.end()


def _labels(served: Served) -> dict[str, str | int]:
    return {
        "http.request.method": served.method if served.method in METHODS else "_OTHER",
        "http.route": served.route,
        "http.response.status_code": served.status,
    }


class Instruments:
    """Every metric by name, unit and meaning (semantic conventions where there is one)."""

    def __init__(self, meter: Meter) -> None:
        self.requests = meter.create_histogram(
            "http.server.request.duration",
            "s",
            "Requests served",
            explicit_bucket_boundaries_advisory=SECONDS,
        )
        self.operations = meter.create_histogram(
            "postroom.operation.duration",
            "s",
            "Operations by type, name, state and error",
            explicit_bucket_boundaries_advisory=SECONDS,
        )
        self.lateness = meter.create_histogram(
            "postroom.mail.lateness",
            "s",
            "From a live mail's arrival at Gmail to its record",
            explicit_bucket_boundaries_advisory=LATENESS,
        )
        self.units = meter.create_counter("postroom.gmail.units", "{unit}", "Quota units of syncs")
        self.records = meter.create_counter("postroom.records", "{record}", "Records by change")
        self.refreshes = meter.create_counter(
            "postroom.token.refreshes", "{refresh}", "Token refreshes by outcome"
        )
        self.sends = meter.create_counter("postroom.sends", "{send}", "Sends by state reached")
        self.watches = meter.create_counter(
            "postroom.watch.renewals", "{watch}", "Watch renewals by outcome"
        )
        self.surprises = meter.create_counter(
            "postroom.google.surprises",
            "{surprise}",
            "Answers of Google's that are not known, by kind and method",
        )
        self.dead = meter.create_counter("postroom.dead_letters", "{event}", "Events given up")
        self.gauges = {
            name: meter.create_gauge(name, "1", meaning) for name, meaning in GAUGES.items()
        }

    def record_operation(self, operation: Operation) -> None:
        """Measure what an operation says of itself."""
        took = (operation.finished_at - operation.started_at).total_seconds()
        labels = {
            "type": str(operation.type),
            "name": operation.name,
            "state": str(operation.state),
            "error": operation.error or "",
        }
        self.operations.record(took, labels)
        detail = operation.detail
        if operation.type is OperationType.SYNC:
            self.units.add(int(detail.get("units", 0)))
            for change in CHANGES:
                self.records.add(int(detail.get(change, 0)), {"change": change})
            if (late := detail.get("lateness_ms")) is not None:
                self.lateness.record(float(late) / 1000)
        elif detail.get("event_state") == EventState.DEAD:
            self.dead.add(1)


def _trace(tracer: Tracer, operation: Operation) -> None:
    """Write the spans of something that is over, at the times it had."""
    above = _parent(operation)
    span = tracer.start_span(
        f"{operation.type} {operation.name}",
        above,
        SpanKind.INTERNAL,
        _attributes(operation),
        start_time=_ns(operation.started_at),
    )
    if operation.state is OperationState.FAILED:
        span.set_status(Status(StatusCode.ERROR, operation.error))
    if span.is_recording():
        _trace_steps(tracer, set_span_in_context(span, Context()), operation.steps)
    span.end(_ns(operation.finished_at))


def _trace_steps(tracer: Tracer, within: Context, steps: Iterable[OperationStep]) -> None:
    for step in steps:
        attributes = _scalars(step.detail)
        started = _ns(step.started_at)
        span = tracer.start_span(step.name, within, attributes=attributes, start_time=started)
        span.end(_ns(step.started_at + timedelta(milliseconds=step.duration_ms)))


def _parent(operation: Operation) -> Context:
    """Return the request under way if it is of the operation's trace, else the trace alone."""
    here, trace_id = current(), operation.trace_id
    if here is not None and trace_id in {None, here.trace_id}:
        return _within(here, remote=False)
    if trace_id is None:
        return Context()
    return _within(TraceContext(trace_id, new_span_id()), remote=True)


def _within(context: TraceContext, *, remote: bool) -> Context:
    flags = TraceFlags(TraceFlags.SAMPLED if context.sampled else TraceFlags.DEFAULT)
    held = SpanContext(int(context.trace_id, 16), int(context.span_id, 16), remote, flags)
    return set_span_in_context(NonRecordingSpan(held), Context())


def _attributes(operation: Operation) -> Attributes:
    return {
        "postroom.operation": operation.id,
        **({"postroom.connection": operation.connection_id} if operation.connection_id else {}),
        **({"postroom.error": operation.error} if operation.error else {}),
        **_scalars(operation.detail),
    }


def _scalars(detail: Mapping[str, Any]) -> dict[str, str | int | float | bool]:
    """Return what of a detail an attribute can hold; details hold ids, codes and counts only."""
    return {
        f"postroom.{name}": value
        for name, value in detail.items()
        if isinstance(value, str | int | float | bool)
    }


def _ns(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1_000
