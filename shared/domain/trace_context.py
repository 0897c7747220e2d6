"""W3C trace context: which trace the work under way belongs to, and which span of it this is.

The request's context is ambient, as its log lines' is: what calls on (a task, a webhook) names
the span that asked, without every signature between passing it on.
"""

import re
from contextvars import ContextVar
from dataclasses import dataclass
from secrets import token_hex

TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
TRACE_ID = re.compile(r"[0-9a-f]{32}")
INVALID_VERSION = "ff"
SAMPLED = 1


@dataclass(frozen=True, slots=True)
class TraceContext:
    """One span of one trace: 32 and 16 hexadecimal digits, neither all zeros."""

    trace_id: str
    span_id: str
    sampled: bool = True
    """Whether this trace is recorded, as far as we were told."""

    @property
    def traceparent(self) -> str:
        """The header that makes what it is sent with a child of this span."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.sampled):02x}"

    def child(self) -> "TraceContext":
        """Return a new span of the same trace."""
        return TraceContext(self.trace_id, new_span_id(), self.sampled)


_CURRENT: ContextVar[TraceContext | None] = ContextVar("postroom_trace", default=None)


def enter(context: TraceContext) -> None:
    """Make `context` that of the work this task does from here on."""
    _CURRENT.set(context)


def current() -> TraceContext | None:
    """Return the context of the work under way, if any."""
    return _CURRENT.get()


def parse_traceparent(traceparent: str) -> TraceContext | None:
    """Read a header; None where it is none or malformed, as the recommendation says."""
    found = TRACEPARENT.fullmatch(traceparent.strip())
    if found is None or found[1] == INVALID_VERSION or (found[1] == "00" and found[5]):
        return None
    if not (found[2].strip("0") and found[3].strip("0")):
        return None
    return TraceContext(found[2], found[3], bool(int(found[4], 16) & SAMPLED))


def traceparent_for(trace_id: str | None) -> str | None:
    """Return the header for work of that trace: a child of the span under way if it is of it."""
    if trace_id is None or not TRACE_ID.fullmatch(trace_id):
        return None
    here = current()
    if here is not None and here.trace_id == trace_id:
        return here.traceparent
    return TraceContext(trace_id, new_span_id()).traceparent


def new_trace() -> TraceContext:
    """Return the first span of a new trace."""
    return TraceContext(token_hex(16), new_span_id())


def new_span_id() -> str:
    """Return an id for a span."""
    return token_hex(8)
