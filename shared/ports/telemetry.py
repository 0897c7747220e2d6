"""What every process reports beside its work: traces, metrics, troubles, what it saw of Google.

Measuring never raises or waits.
"""

from dataclasses import dataclass
from typing import Protocol

from shared.domain.google.observations import Observed
from shared.domain.operation import Operation
from shared.domain.trace_context import TraceContext
from shared.domain.trouble_board import TroubleBoard
from shared.ports.documents import Documents


@dataclass(frozen=True, slots=True)
class Served:
    """How a request went; `route` is the route's pattern, never the address itself."""

    function: str
    method: str
    route: str
    status: int
    seconds: float
    connection: str | None = None


class RequestSpan(Protocol):
    """The span of one request under way."""

    @property
    def context(self) -> TraceContext:
        """Its place in the trace: what log lines and onward calls carry."""
        ...

    def end(self, served: Served) -> None:
        """Close it and count the request."""
        ...


class Telemetry(Protocol):
    """Where spans and measurements go."""

    @property
    def enabled(self) -> bool:
        """Whether they are exported: what only serves them need not be looked up otherwise."""
        ...

    def begin(self, function: str, parent: TraceContext | None) -> RequestSpan:
        """Open the span of a request; without a parent it begins a trace."""
        ...

    def record_operation(self, operation: Operation) -> None:
        """Trace and measure what was done: a span for it and one for each of its steps."""
        ...

    def count_refresh(self, outcome: str) -> None:
        """Count a token refresh: `ok`, or the code of the error it ended in."""
        ...

    def count_send(self, state: str) -> None:
        """Count a send that came into a state."""
        ...

    def count_renewals(self, *, armed: int, failed: int) -> None:
        """Count watches that were armed and that were not."""
        ...

    def count_surprise(self, kind: str, method: str) -> None:
        """Count something of Google's that is not known here."""
        ...

    def gauge(self, name: str, value: float) -> None:
        """Note how much of something there is now; `name` is one of GAUGES."""
        ...

    def close(self) -> None:
        """Hand over what still waits. Blocks for seconds at most."""
        ...


GAUGES = {
    "postroom.watches.overdue": "Watches whose renewal is six hours late",
    "postroom.syncs.overdue": "Shards with a sync due for more than five minutes",
    "postroom.events.overdue": "Shards with an event due for more than five minutes",
    "postroom.events.dead": "Events given up after every attempt, up to 100",
    "postroom.sends.unknown": "Sends whose outcome cannot be known, up to 100",
}
"""What is looked up rather than counted, with its meaning; see `shared/edge/triggers/gauges.py`."""


class Troubles(Documents[TroubleBoard], Protocol):
    """The one board, by BOARD."""


class Observations(Documents[Observed], Protocol):
    """One document a shard, by its number."""
