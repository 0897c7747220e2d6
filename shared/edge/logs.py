"""Logs as JSON lines, one object a line, with only the fields named here.

A log line never holds a token, an address, a subject or a body: callers pass codes, ids and
counts; an unexpected exception is logged as its type and where it happened, never its message,
because other people's messages quote addresses and values.
"""

import logging
import re
import sys
import time
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

import orjson

FIELDS = frozenset({
    "function", "connection", "operation", "request_id", "pubsub_message_id", "method", "route",
    "status", "duration_ms", "code", "error", "frames", "outcome", "count", "event", "task",
    "attempt", "history_id", "reason",
})  # fmt: skip
"""What a line may carry besides message, severity, time and trace."""

LOG = logging.getLogger("postroom")
SHARED = logging.getLogger("shared")
"""Parent of the loggers that use cases and adapters have by their module's name."""
TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
CLOUD_TRACE = re.compile(r"([0-9a-fA-F]{32})(?:/.*)?")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
FRAMES = 8


@dataclass(frozen=True, slots=True)
class Trail:
    """What connects the lines of one request, and a notification to its webhook."""

    trace_id: str
    request_id: str
    fields: Mapping[str, Any]


_TRAIL: ContextVar[Trail | None] = ContextVar("postroom_trail", default=None)


def trail_of(headers: Mapping[str, str], *, function: str) -> Trail:
    """Answer the trail of a request; an id that is malformed or absent is made up."""
    asked = headers.get("x-request-id", "")
    request_id = asked if REQUEST_ID.fullmatch(asked) else token_hex(12)
    return Trail(_trace_id(headers), request_id, {"function": function})


def _trace_id(headers: Mapping[str, str]) -> str:
    if found := TRACEPARENT.fullmatch(headers.get("traceparent", "").strip()):
        return found[1]
    if found := CLOUD_TRACE.fullmatch(headers.get("x-cloud-trace-context", "").strip()):
        return found[1].lower()
    return token_hex(16)


def follow(trail: Trail) -> None:
    """Make `trail` the one that this task's log lines carry from here on."""
    _TRAIL.set(trail)


def note(**fields: Any) -> None:
    """Add fields, such as the connection, to every later line of this request."""
    trail = _TRAIL.get()
    if trail is not None:
        follow(Trail(trail.trace_id, trail.request_id, {**trail.fields, **fields}))


def trace_id() -> str | None:
    """Answer the trace id of the request under way, if any."""
    trail = _TRAIL.get()
    return trail.trace_id if trail else None


def log(message: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Write one line. Fields outside FIELDS raise, so that nothing slips in."""
    unknown = fields.keys() - FIELDS
    if unknown:
        raise TypeError(f"not a log field: {sorted(unknown)}")
    LOG.log(level, message, extra={"fields": fields})


def log_failure(message: str, error: BaseException, **fields: Any) -> None:
    """Write an unexpected error as its type and frames."""
    frames = [
        f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)[-FRAMES:]
    ]
    log(message, level=logging.ERROR, error=type(error).__name__, frames=frames, **fields)


class JsonLines(logging.Formatter):
    """One JSON object a line, in the field names Cloud Logging reads."""

    def format(self, record: logging.LogRecord) -> str:
        """Answer the line for `record`."""
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "severity": record.levelname,
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "message": record.getMessage(),
        }
        if trail := _TRAIL.get():
            line |= {"trace": trail.trace_id, "request_id": trail.request_id, **trail.fields}
        line |= {name: value for name, value in vars(record).items() if name in FIELDS}
        line |= getattr(record, "fields", {})
        return orjson.dumps(line, default=str).decode()


def to_standard_output() -> None:
    """Send our lines to standard output, once, and nowhere else."""
    if LOG.handlers:
        return
    lines = logging.StreamHandler(sys.stdout)
    lines.setFormatter(JsonLines())
    for logger in (LOG, SHARED):
        logger.addHandler(lines)
        logger.setLevel(logging.INFO)
        logger.propagate = False


def milliseconds_since(started: float) -> float:
    """Answer the time since `started`, a `time.perf_counter()` reading."""
    return round((time.perf_counter() - started) * 1000, 1)
