"""Telemetry of a deployment that has no exporter: requests get trace ids, nothing is kept."""

from dataclasses import dataclass

from shared.domain.operation import Operation
from shared.domain.trace_context import TraceContext, new_trace
from shared.ports.telemetry import Served


@dataclass(frozen=True, slots=True)
class UnrecordedRequest:
    """A span that is only a place in the caller's trace."""

    context: TraceContext

    def end(self, served: Served) -> None:
        """Drop it."""


class SilentTelemetry:
    """Telemetry port that records nothing."""

    enabled = False

    def begin(self, function: str, parent: TraceContext | None) -> UnrecordedRequest:  # noqa: ARG002
        """Return a span below `parent`, or the first of a new trace."""
        return UnrecordedRequest(parent.child() if parent else new_trace())

    def record_operation(self, operation: Operation) -> None:
        """Drop it."""

    def count_refresh(self, outcome: str) -> None:
        """Drop it."""

    def count_send(self, state: str) -> None:
        """Drop it."""

    def count_renewals(self, *, armed: int, failed: int) -> None:
        """Drop it."""

    def count_surprise(self, kind: str, method: str) -> None:
        """Drop it."""

    def gauge(self, name: str, value: float) -> None:
        """Drop it."""

    def close(self) -> None:
        """Hold nothing, so hand over nothing."""
