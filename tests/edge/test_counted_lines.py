"""Each counter of the alerts and the dashboard counts the lines that the code writes for it."""

import ast
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC
from io import StringIO
from types import TracebackType
from typing import Any

import pytest

from infra.archives import ROOT
from shared.edge.web import logs
from shared.edge.web.logs import JsonLines, log, log_failure, request_context, use_context
from shared.errors import ConfigurationError, StoreUnavailableError
from shared.usecases.connect.tokens.access_tokens import NOT_REFRESHED
from tests.harness.cloud_logging import Entry, entry_of

PROJECT = "acme-mail"
TRACE = "0af7651916cd43dd8448eb211c80319c"
MONITORING = ROOT / "infra" / "terraform" / "modules" / "monitoring" / "main.tf"
COUNTER = re.compile(r'^    (\w+) += "(.*)"$', re.MULTILINE)
SHARED = logging.getLogger("shared.usecases")
Write = Callable[[], None]


def filters() -> dict[str, str]:
    """Return each counter's query, as Terraform gives it to Cloud Logging."""
    text = MONITORING.read_text()
    counted = text[text.index("counted = {") : text.index("channels =")]
    return {
        name: f'resource.type="cloud_run_revision" AND {query}'.replace('\\"', '"')
        for name, query in COUNTER.findall(counted)
    }


def raised(error: Exception) -> Exception:
    """Return the error with the frames of having been raised."""
    return error.with_traceback(traceback_of(error))


def traceback_of(error: Exception) -> TracebackType | None:
    """Raise it once, for its traceback."""
    with suppress(type(error)):
        raise error
    return error.__traceback__


def failed(error: Exception, status: int) -> Write:
    return lambda: log_failure("request failed", raised(error), status=status)


LINES: dict[str, tuple[Write, Write]] = {
    "watch_failures": (
        lambda: log("job", task="renew-watches", count=3, outcome="2 failed"),
        lambda: log("job", task="renew-watches", count=5, outcome="0 failed"),
    ),
    "reconcile_runs": (
        lambda: log("job", task="reconcile", count=0, outcome="0 sends, 0 events"),
        lambda: log("job", task="wake-models", count=1),
    ),
    "silent_watches": (
        lambda: SHARED.warning("watch silent", extra={"connection": "c-1"}),
        lambda: SHARED.warning("watch refused", extra={"connection": "c-1"}),
    ),
    "lost_watches": (
        lambda: SHARED.warning("watch stays silent", extra={"connection": "c-1"}),
        lambda: SHARED.warning("watch refused", extra={"connection": "c-1"}),
    ),
    "surprises": (
        lambda: SHARED.warning("google surprise", extra={"code": "refusal", "reason": "409.x"}),
        lambda: SHARED.warning("watch refused", extra={"connection": "c-1"}),
    ),
    "refused": (
        lambda: SHARED.error("deployment trouble", extra={"code": "topic_forbidden"}),
        lambda: SHARED.warning("deployment trouble is over", extra={"code": "topic_forbidden"}),
    ),
    "refresh_failures": (
        lambda: SHARED.warning(NOT_REFRESHED, extra={"connection": "c-1", "error": "E"}),
        lambda: SHARED.warning("token refused", extra={"connection": "c-1", "error": "E"}),
    ),
    "events_given_up": (
        lambda: log("event given up", level=logging.WARNING, event="evt_1"),
        lambda: log("task", task="deliver", outcome="Delivered"),
    ),
    "dropped": (
        lambda: log_failure("task dropped", raised(ConfigurationError("")), task="sync"),
        lambda: log("task", task="sync", outcome="Synced"),
    ),
    "endpoints_lost": (
        lambda: SHARED.error("endpoint disabled", extra={"code": "failing"}),
        lambda: SHARED.error("endpoint failing", extra={"code": "failing"}),
    ),
    "unexpected": (failed(ValueError(), 500), failed(StoreUnavailableError(), 503)),
}
"""Of each counter a line that it counts, and one much like it that it does not."""


@pytest.fixture
def written() -> Iterator[Callable[[Write], Entry]]:
    """Write a line within a request as a function in a Google Cloud project does."""
    out = StringIO()
    lines = logging.StreamHandler(out)
    lines.setFormatter(JsonLines(PROJECT))
    use_context(request_context({"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}, function="api"))

    def write(one: Write) -> Entry:
        out.truncate(out.seek(0))
        one()
        (line,) = out.getvalue().splitlines()
        return entry_of(line)

    loggers = [(one, one.level) for one in (logs.LOG, logs.SHARED)]
    for one, _ in loggers:
        one.addHandler(lines)
        one.setLevel(logging.INFO)
    yield write
    for one, level in loggers:
        one.removeHandler(lines)
        one.setLevel(level)


def test_every_counter_has_its_lines() -> None:
    assert filters().keys() == LINES.keys()


@pytest.mark.parametrize("name", LINES)
def test_a_counter_counts_its_line_and_not_the_one_like_it(
    written: Callable[[Write], Entry], name: str
) -> None:
    counted, other = (written(one) for one in LINES[name])
    assert counted.meets(filters()[name])
    assert not other.meets(filters()[name])
    also = [one for one, query in filters().items() if one != name and counted.meets(query)]
    assert also == []


@pytest.mark.parametrize("name", LINES)
def test_a_line_is_parsed_field_by_field(written: Callable[[Write], Entry], name: str) -> None:
    """By Cloud Logging, by Cloud Trace, and by Error Reporting where it has an error."""
    entry = written(LINES[name][0])
    assert entry.timestamp.tzinfo == UTC
    assert entry.trace == f"projects/{PROJECT}/traces/{TRACE}"
    assert re.fullmatch(r"[0-9a-f]{16}", entry.span_id or "")
    assert entry.trace_sampled is True
    assert entry.payload["function"] == "api"
    if "frames" in entry.payload:
        assert entry.severity == "ERROR"
        assert entry.payload["@type"] == logs.ERROR_EVENT
        first, *frames, last = entry.payload["stack_trace"].splitlines()
        assert first == "Traceback (most recent call last):"
        assert all(re.fullmatch(r'  File "[^"]+", line \d+, in \w+', one) for one in frames)
        assert (len(frames) > 0, last) == (True, entry.payload["error"])


@pytest.mark.parametrize("name", LINES)
def test_the_code_gives_its_line_every_field_that_is_counted_by(name: str) -> None:
    """Read from the calls that write the line: a field that is renamed would count nothing."""
    messages = [*re.findall(r'jsonPayload\.message=\(?((?:"[^"]+"(?: OR )?)+)', filters()[name])]
    fields = {*re.findall(r"jsonPayload\.(\w+)=", filters()[name])} - {"message"}
    for message in re.findall(r'"([^"]+)"', " ".join(messages)):
        given = [fields_of(call) for call in calls_with(message)]
        assert given, message
        assert any(fields <= one for one in given), (message, fields, given)


def calls_with(message: str) -> Iterator[ast.Call]:
    for path in (ROOT / "shared").rglob("*.py"):
        source = path.read_text()
        if f'"{message}"' in source:
            constants = dict(
                re.findall(r'^([A-Z_]+)(?:: Final)? = "([^"]+)"$', source, re.MULTILINE)
            )
            calls = (one for one in ast.walk(ast.parse(source)) if isinstance(one, ast.Call))
            yield from (one for one in calls if _text(one.args[:1], constants) == message)


def _text(first: Sequence[ast.expr], constants: Mapping[str, str]) -> Any:
    (node,) = first or (None,)
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    return node.value if isinstance(node, ast.Constant) else None


def fields_of(call: ast.Call) -> set[str]:
    """Return the fields that a call writes: by name, in `extra`, and those of a failure."""
    given = {one.arg for one in call.keywords if one.arg}
    for one in call.keywords:
        if one.arg == "extra" and isinstance(one.value, ast.Dict):
            given |= {str(key.value) for key in one.value.keys if isinstance(key, ast.Constant)}
    return given | ({"error"} if "failure" in ast.unparse(call.func) else set())


def test_a_laptop_s_line_has_nothing_of_google_s() -> None:
    record = logging.LogRecord("postroom", 20, "", 0, "request", None, None)
    entry = entry_of(JsonLines(None).format(record))
    assert (entry.trace, entry.span_id, entry.trace_sampled) == (None, None, False)
