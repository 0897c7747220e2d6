"""Logs as JSON lines, one object a line, with only the fields named here.

A log line never holds a token, an address, a subject or a body: callers pass codes, ids and
counts; an unexpected exception is logged as its type and where it happened, never its message,
because other people's messages quote addresses and values.
"""

import logging
import re
import sys
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

import orjson

from shared.domain.trace_context import (
    TraceContext,
    enter,
    new_span_id,
    new_trace,
    parse_traceparent,
)

FIELDS = frozenset({
    "function", "connection", "operation", "request_id", "pubsub_message_id", "method", "route",
    "status", "duration_ms", "code", "error", "frames", "outcome", "count", "event", "task",
    "attempt", "history_id", "reason", "probe",
})  # fmt: skip
"""What a line may carry besides message, severity, time and trace."""

LOG = logging.getLogger("postroom")
SHARED = logging.getLogger("shared")
"""Parent of the loggers that use cases and adapters have by their module's name."""
CLOUD_TRACE = re.compile(r"([0-9a-fA-F]{32})(?:/(\d{1,20}))?(?:;o=(\d))?.*")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
FRAMES = 8
ERROR_EVENT = "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent"


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What connects the lines of one request, and a notification to its webhook."""

    context: TraceContext
    """Of the request itself: what it calls on names this span as its parent."""
    request_id: str
    fields: Mapping[str, Any]

    @property
    def trace_id(self) -> str:
        """The trace that the request is part of."""
        return self.context.trace_id


_CONTEXT: ContextVar[RequestContext | None] = ContextVar("postroom_context", default=None)


def request_context(
    headers: Mapping[str, str], *, function: str, context: TraceContext | None = None
) -> RequestContext:
    """Return the context of a request; an id that is malformed or absent is made up.

    `context` is the request's own span, where telemetry opened one.
    """
    asked = headers.get("x-request-id", "")
    request_id = asked if REQUEST_ID.fullmatch(asked) else token_hex(12)
    caller = None if context else caller_of(headers)
    own = context or (caller.child() if caller else new_trace())
    return RequestContext(own, request_id, {"function": function})


def caller_of(headers: Mapping[str, str]) -> TraceContext | None:
    """Return the span that called: W3C's header, or the one Google had before it."""
    if found := parse_traceparent(headers.get("traceparent", "")):
        return found
    if older := CLOUD_TRACE.fullmatch(headers.get("x-cloud-trace-context", "").strip()):
        span = f"{int(older[2]):016x}" if older[2] and int(older[2]) else new_span_id()
        return TraceContext(older[1].lower(), span[-16:], older[3] != "0")
    return None


def use_context(context: RequestContext) -> None:
    """Make `context` the one that this task's log lines carry from here on."""
    _CONTEXT.set(context)
    enter(context.context)


def note(**fields: Any) -> None:
    """Add fields, such as the connection, to every later line of this request."""
    context = _CONTEXT.get()
    if context is not None:
        _CONTEXT.set(replace(context, fields={**context.fields, **fields}))


def noted_text(name: str) -> str | None:
    """Return a text that `note` added to this request, None where it has none."""
    context = _CONTEXT.get()
    found = context.fields.get(name) if context else None
    return found if isinstance(found, str) else None


def trace_id() -> str | None:
    """Return the trace id of the request under way, if any."""
    context = _CONTEXT.get()
    return context.trace_id if context else None


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
    """One JSON object a line, in the field names Cloud Logging reads.

    In a Google Cloud project each line also names its trace as Cloud Trace does, so that both show
    each other.
    """

    def __init__(self, project: str | None = None) -> None:
        super().__init__()
        self.project = project

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for `record`."""
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "severity": record.levelname,
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "message": record.getMessage(),
        }
        if context := _CONTEXT.get():
            line |= {"trace": context.trace_id, "request_id": context.request_id, **context.fields}
            line |= _google_fields(context.context, self.project) if self.project else {}
        line |= {name: value for name, value in vars(record).items() if name in FIELDS}
        line |= getattr(record, "fields", {})
        if self.project and "frames" in line:
            line |= _error_fields(line)
        return orjson.dumps(line, default=str).decode()


def _google_fields(context: TraceContext, project: str) -> dict[str, Any]:
    """Return the special fields of structured logging, which Cloud Logging takes out of a line."""
    return {
        "logging.googleapis.com/trace": f"projects/{project}/traces/{context.trace_id}",
        "logging.googleapis.com/spanId": context.span_id,
        "logging.googleapis.com/trace_sampled": context.sampled,
    }


def _error_fields(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Error Reporting groups a line by: the stack, without the exception's words."""
    stack = [f"  File {_python_frame(frame)}" for frame in line["frames"]]
    return {
        "@type": ERROR_EVENT,
        "stack_trace": "\n".join(["Traceback (most recent call last):", *stack, line["error"]]),
    }


def _python_frame(frame: str) -> str:
    """Return `path:line name` as Python writes a frame."""
    place, _, name = frame.partition(" ")
    path, _, number = place.rpartition(":")
    return f'"{path}", line {number}, in {name}'


def _enable_ours() -> None:
    for name, logger in logging.root.manager.loggerDict.items():
        if name.partition(".")[0] in {LOG.name, SHARED.name} and isinstance(logger, logging.Logger):
            logger.disabled = False


def to_standard_output(project: str | None = None) -> None:
    """Send our lines to standard output, once, and nowhere else.

    Call it after the import of main.py: with the platform's `LOG_EXECUTION_ID` the framework then
    disables every logger that exists, and these are heard again (FACTS 18.1).
    """
    _enable_ours()
    if LOG.handlers:
        return
    lines = logging.StreamHandler(sys.stdout)
    lines.setFormatter(JsonLines(project))
    for logger in (LOG, SHARED):
        logger.addHandler(lines)
        logger.setLevel(logging.INFO)
        logger.propagate = False
